import type { Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import {
  COMPOSE_FILES,
  contextFiles,
  DOCKERFILES,
  findDockerfile,
  type FoundDockerfile,
} from "../lib/image/find.js"
import { texts } from "../stage/texts.js"

/** The Dockerfile of the settings, else the one that is found in the source. */
export async function chosenDockerfile(source: Directory, { image }: Config): Promise<FoundDockerfile> {
  if (image.dockerfile !== undefined) return { file: image.dockerfile, candidates: [] }
  if (await source.exists("Dockerfile")) return { file: "Dockerfile", candidates: [] }
  const files = await texts(source, [...DOCKERFILES, ...COMPOSE_FILES])
  const paths = Object.keys(files)
  const fitting = await Promise.all(paths.map((path) => fits(source, path, files[path] ?? "")))
  return findDockerfile(files, (path) => fitting[paths.indexOf(path)] === true)
}

/** True if a Dockerfile's build context can be the source's root. */
async function fits(source: Directory, path: string, dockerfile: string): Promise<boolean> {
  const { has, lacks } = contextFiles(path, dockerfile)
  const exist = (names: readonly string[]) => Promise.all(names.map((name) => source.exists(name)))
  const [present, foreign] = await Promise.all([exist(has), exist(lacks)])
  return !present.includes(false) && !foreign.includes(true)
}
