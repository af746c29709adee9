import { posix } from "node:path"
import type { Container, Directory } from "@dagger.io/dagger"
import type { ToolRun } from "../lib/run/finding.js"
import type { PlaceFields } from "./service.js"

/** Where a service stands in containers: alone, or in what it sees of its repository. */
const ALONE = "/src"
const REPOSITORY_FOLDER = "/repository"

/** A service's files with their place in its repository. */
export interface PlacedSource extends PlaceFields {
  source: Directory
}

/** Files as containers have them. */
export interface SourceTree {
  files: Directory
  /** Where they are in containers: `/src` for a service alone, `/repository` for one with what is above and beside it. */
  root: string
  /** The folder in them in which commands run; empty for their root. */
  path: string
}

/** A service as containers have it. */
export const sourceTree = ({ source, path, around }: PlacedSource): SourceTree =>
  around === undefined
    ? { files: source, root: ALONE, path: "" }
    : { files: around.withDirectory(path, source), root: REPOSITORY_FOLDER, path }

/** True for a service of which nothing but its own folder is known. */
export const isAlone = ({ root }: SourceTree): boolean => root === ALONE

/** The folder in containers in which commands run. */
export const workFolder = ({ root, path }: SourceTree): string => posix.join(root, path)

/** The files of the folder in which commands run. */
export const ownFiles = ({ path }: SourceTree, files: Directory): Directory =>
  path === "" ? files : files.directory(path)

/** Mounts files, and lets commands run in their folder. */
export const withTree = (container: Container, tree: SourceTree): Container =>
  container.withMountedDirectory(tree.root, tree.files).withWorkdir(workFolder(tree))

/** The output of a run in a repository as that of a run of the service alone. */
export const runAsAlone = <R extends ToolRun>(run: R, place: PlaceFields): R => ({
  ...run,
  stdout: asAlone(run.stdout, place),
  stderr: asAlone(run.stderr, place),
})

/** Names a service's files in a text as for a service alone: readers of output then know no other place. */
export const asAlone = (text: string, { path, around }: PlaceFields): string =>
  around === undefined ? text : text.replaceAll(`${REPOSITORY_FOLDER}/${path}/`, `${ALONE}/`)
