import { posix } from "node:path"
import { COMPOSE_FILES, DOCKERFILES } from "../image/find.js"
import { MANIFESTS } from "../python/project.js"
import { glob } from "../security/glob.js"
import { DEPENDENCY_FILES } from "../services/dependencies.js"
import { COVERAGE_CONFIG } from "../testing/measure.js"
import { TEST_FILES } from "../testing/runner.js"
import { PYTEST_SETTINGS } from "../testing/settings.js"

/** A repository, as far as its settings can be read from it. */
export interface InitSource {
  /** All files, from the root. */
  paths: readonly string[]
  /** The texts of those that match INIT_FILES. */
  texts: Readonly<Record<string, string>>
  /** The repository's web address; empty if unknown. */
  origin: string
  /** The repository's default branch; undefined if unknown. */
  defaultBranch?: string
}

/** Files of CI hosts that say how a service is tested, built and published. */
const CI_FILES = [".github/workflows/*.y*ml", ".gitlab-ci.y*ml", ".gitlab/**/*.y*ml"]

/** Patterns of Dockerfiles, without a class of characters, which `glob` doesn't know. */
export const DOCKERFILE_PATTERNS = DOCKERFILES.map((pattern) => pattern.replace("[Dd]", "?"))

/** Patterns of all files that say something about a service's settings. */
export const INIT_FILES: readonly string[] = [
  ...CI_FILES,
  ...DOCKERFILE_PATTERNS,
  ...[...COMPOSE_FILES, ...MANIFESTS, ...COVERAGE_CONFIG, ...PYTEST_SETTINGS, "Procfile", "Pipfile"].map(
    (name) => `**/${name}`,
  ),
  ...DEPENDENCY_FILES,
  ...TEST_FILES,
  "**/manage.py",
  "**/*.yaml",
  "**/*.yml",
  "**/.terraform.lock.hcl",
]

const CI_PATTERNS = CI_FILES.map(glob)

/** True for a file of a CI host. */
export const isCiFile = (path: string): boolean => CI_PATTERNS.some((matches) => matches(path))

/** Folders of what is no service, or not the repository's own. */
export const APART =
  /(?:^|\/)(?:tests?|testing|e2e|docs?|examples?|samples?|fixtures?|templates?|vendor|node_modules|site-packages|third_party|\.[^/]+)(?:\/|$)/i

/** The files of a folder, by their paths in it. */
export function sourceBelow(source: InitSource, folder: string): InitSource {
  if (folder === "") return source
  const prefix = `${folder}/`
  const inside = (path: string) => path.startsWith(prefix)
  return {
    ...source,
    paths: source.paths.filter(inside).map((path) => path.slice(prefix.length)),
    texts: Object.fromEntries(
      Object.entries(source.texts)
        .filter(([path]) => inside(path))
        .map(([path, content]) => [path.slice(prefix.length), content]),
    ),
  }
}

/** The folder of a path; empty for the root. */
export const folderOfFile = (path: string): string => {
  const folder = posix.dirname(path)
  return folder === "." ? "" : folder
}

/** A path in normal form; empty for the root. */
export const normalFolder = (path: string): string => {
  const normal = posix.normalize(path || ".").replace(/(?<!\/)\/+$/, "")
  return normal === "." ? "" : normal
}
