import { readFileSync } from "node:fs"
import { join } from "node:path"
import { contentKey } from "../../lib/store.js"
import { buildImage } from "./build.js"
import { buildDatabase, DATABASE, DATABASE_HOURS, databaseKey } from "./database.js"
import { javaKey } from "./java.js"
import { programKey } from "./programs.js"
import { type Named, RECIPES, type Recipe } from "./recipes.js"

/** What the mirror makes when it is first asked for it. */
export interface StandIn extends Named {
  /** Names what it is made of: another key, another content. */
  key: () => string
  /** After how many hours it is made anew. */
  hours?: number
  /** Makes it, in a folder of its own, and pushes it to the registry. */
  make: (engineRoot: string, folder: string) => Promise<void>
}

const SOURCES = ["build.ts", "../debian/rootfs.ts", "layout.ts"].map(read)

export const STAND_INS: readonly StandIn[] = [
  ...RECIPES.map(image),
  { ...DATABASE, hours: DATABASE_HOURS, key: databaseKey, make: buildDatabase },
]

function image(recipe: Recipe): StandIn {
  const { name, tags, files = {}, java = {} } = recipe
  const key = () =>
    contentKey({
      texts: [
        JSON.stringify(recipe),
        ...SOURCES,
        ...Object.values(files).map(read),
        ...programKeys(recipe),
        ...Object.values(java).map(javaKey),
      ],
    })
  return { name, tags, key, make: (engineRoot, folder) => buildImage(engineRoot, recipe, folder) }
}

const programKeys = ({ programs = {}, platforms }: Recipe): string[] =>
  Object.values(programs).flatMap((program) => platforms.map((platform) => programKey(program, platform)))

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, name), "utf8")
}
