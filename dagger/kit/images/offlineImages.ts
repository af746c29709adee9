import { readFileSync } from "node:fs"
import { join } from "node:path"
import { contentKey } from "../../lib/store.js"
import { buildImage } from "./build.js"
import { buildDatabase, DATABASE, DATABASE_HOURS, databaseKey } from "./database.js"
import { javaKey } from "./java.js"
import { programKey } from "./programs.js"
import { buildPython } from "./pythonImage.js"
import { type PythonImage, PYTHONS } from "./pythons.js"
import { type ImageName, RECIPES, type Recipe } from "./recipes.js"

/** An image or artifact that the mirror builds when it is first requested. */
export interface OfflineImage extends ImageName {
  /** Content key: changes with everything that the image is built from. */
  key: () => string
  /** Hours after which it is built again; never by default. */
  hours?: number
  /** Builds it in a scratch folder and pushes it to the registry. */
  build: (engineRoot: string, folder: string) => Promise<void>
}

/** The code that decides what an image built from a recipe looks like. */
const SOURCES = ["build.ts", "../debian/rootfs.ts", "layout.ts"].map(read)

/** Every image and artifact that the mirror can build. */
export const OFFLINE_IMAGES: readonly OfflineImage[] = [
  ...RECIPES.map(fromRecipe),
  ...PYTHONS.map(fromPython),
  { ...DATABASE, hours: DATABASE_HOURS, key: databaseKey, build: buildDatabase },
]

function fromRecipe(recipe: Recipe): OfflineImage {
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
  return { name, tags, key, build: (engineRoot, folder) => buildImage(engineRoot, recipe, folder) }
}

/** The same for what an image of Python looks like. */
const PYTHON_SOURCES = ["pythonImage.ts", "layout.ts"].map(read)

function fromPython(image: PythonImage): OfflineImage {
  const { name, tags, source, files = {} } = image
  const key = () =>
    contentKey({
      texts: [
        JSON.stringify(image),
        ...PYTHON_SOURCES,
        ...Object.values(files).map(read),
        ...(source === "debian" ? [] : [javaKey(source.java)]),
      ],
    })
  return { name, tags, key, build: (engineRoot, folder) => buildPython(engineRoot, image, folder) }
}

const programKeys = ({ programs = {}, platforms }: Recipe): string[] =>
  Object.values(programs).flatMap((program) => platforms.map((platform) => programKey(program, platform)))

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, name), "utf8")
}
