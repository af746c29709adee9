import { readFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "../../lib/shell.js"
import { contentKey } from "../../lib/store.js"
import { HOST_PLATFORM } from "../debian/rootfs.js"
import { pushLayout } from "./layout.js"
import { builtProgram, type Program, programKey } from "./programs.js"
import type { ImageName } from "./recipes.js"

const ADVISORIES = join(import.meta.dirname, "advisories.yaml")

/** Trivy's vulnerability database, as the artifact that Trivy downloads. The tag is the version of its schema. */
export const DATABASE: ImageName = { name: "aquasecurity/trivy-db", tags: ["2"] }

/** Maximum age: Trivy treats a database older than a day as outdated and asks for another. */
export const DATABASE_HOURS = 24

/** The program that builds the database. */
const DATABASE_PROGRAM: Program = {
  module: "trivy",
  package: "./database",
  flags: ["-ldflags", "-s -w"],
  experiment: "jsonv2",
}

export const databaseKey = (): string =>
  contentKey({ texts: [readFileSync(ADVISORIES, "utf8"), programKey(DATABASE_PROGRAM, HOST_PLATFORM)] })

/** Builds the database from `advisories.yaml`, dated now, and pushes it. Needs the registry. */
export async function buildDatabase(engineRoot: string, folder: string): Promise<void> {
  const layout = join(folder, "layout")
  await run`${await builtProgram(DATABASE_PROGRAM, HOST_PLATFORM)} ${ADVISORIES} ${layout}`
  await pushLayout(engineRoot, layout, "2", DATABASE)
}
