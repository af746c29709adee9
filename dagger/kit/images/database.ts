import { readFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "../../lib/shell.js"
import { contentKey } from "../../lib/store.js"
import { HOST } from "../debian/rootfs.js"
import { push } from "./layout.js"
import { builtProgram, type Program, programKey } from "./programs.js"
import type { Named } from "./recipes.js"

const ADVISORIES = join(import.meta.dirname, "advisories.yaml")

/** Trivy's vulnerability database, as the artifact that Trivy downloads. The tag is the version of its schema. */
export const DATABASE: Named = { name: "aquasecurity/trivy-db", tags: ["2"] }

/** Trivy takes one that is older than a day for outdated, and asks for another. */
export const DATABASE_HOURS = 24

/** What makes it. */
const DATABASE_PROGRAM: Program = {
  module: "trivy",
  package: "./database",
  flags: ["-ldflags", "-s -w"],
  experiment: "jsonv2",
}

export const databaseKey = (): string =>
  contentKey({ texts: [readFileSync(ADVISORIES, "utf8"), programKey(DATABASE_PROGRAM, HOST)] })

/** Makes it of the list beside this file, dated now, and pushes it. Needs the registry. */
export async function buildDatabase(engineRoot: string, folder: string): Promise<void> {
  const layout = join(folder, "layout")
  await run`${await builtProgram(DATABASE_PROGRAM, HOST)} ${ADVISORIES} ${layout}`
  await push(engineRoot, layout, "2", DATABASE)
}
