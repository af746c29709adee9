import { posix } from "node:path"
import { parseDocument } from "yaml"
import { fields, text } from "../text/json.js"
import { parseDockerfile } from "./dockerfile.js"
import { copiedPaths, copiesContext } from "./plan.js"

/** Files that may be a service's Dockerfile, and those of Compose that name it. */
export const DOCKERFILES = ["**/*[Dd]ockerfile*", "**/Containerfile*"]
export const COMPOSE_FILES = ["*compose*.y*ml"]

/** The places of the usual Dockerfile: nothing else is considered beside one of them. */
const USUAL = ["Dockerfile", "Containerfile"]

/** Words in paths of Dockerfiles that build no service, or not the one that is released. */
const OTHERS =
  /(?:^|[^a-z])(?:dev|develop|development|devcontainer|local|debug|tests?|testing|e2e|ci|docs?|lint|bench|benchmarks?|examples?|samples?|fixtures?|templates?|vendor|node_modules|base|builder|github|circleci|gitlab)(?=$|[^a-z])/i

const PRODUCTION = /(?:^|[^a-z])(?:prod|production|release)(?=$|[^a-z])/i

/** Programs and images by which a Dockerfile builds something of Python's. */
const PYTHON = /\b(?:python[\d.]*|pip[\d.]*|uv|poetry|pipenv|pdm|gunicorn|uvicorn)\b/i

/** True for the text of a Dockerfile that builds something of Python's. */
export const buildsPython = (dockerfile: string): boolean => PYTHON.test(dockerfile)

/** Suffixes of names that are no Dockerfile's own. */
const BESIDE =
  /\.(?:dockerignore|md|rst|txt|ya?ml|json|py|sh|j2|jinja2?|tmpl|tpl|template|in|orig|bak|lock)$/i

/** The Dockerfile that a service without a setting has. */
export interface FoundDockerfile {
  /** The one to build; undefined if there is none, or no telling which. */
  file?: string
  /** Those that may be meant, if there is no telling. */
  candidates: readonly string[]
}

/**
 * Finds the Dockerfile of a service: the usual one, else the only one that builds Python for production from the root.
 *
 * @param files The texts of files that match DOCKERFILES and COMPOSE_FILES, by path.
 * @param fits True for a Dockerfile whose files are found from the root, which is the build context.
 */
export function findDockerfile(
  files: Readonly<Record<string, string>>,
  fits: (path: string) => boolean,
): FoundDockerfile {
  const paths = Object.keys(files).sort()
  const usual = USUAL.find((path) => paths.includes(path))
  if (usual !== undefined) return { file: usual, candidates: [] }
  const candidates = paths.filter(
    (path) => isDockerfile(path) && buildsPython(files[path] ?? "") && !OTHERS.test(path),
  )
  const contexts = composeContexts(files)
  const fitting = candidates.filter((path) => fits(path) && (contexts.get(path) ?? ".") === ".")
  const composed = fitting.filter((path) => contexts.has(path))
  const production = fitting.filter((path) => PRODUCTION.test(path))
  const [file] = [fitting, composed, production].find(({ length }) => length === 1) ?? []
  return file === undefined ? { candidates } : { file, candidates: [] }
}

/** True for a name such as `Dockerfile.prod`, `app.Dockerfile` and `Containerfile`. */
const isDockerfile = (path: string): boolean =>
  !BESIDE.test(path) &&
  posix
    .basename(path)
    .toLowerCase()
    .split(/[._-]/)
    .some((word) => word === "dockerfile" || word === "containerfile")

const isCompose = (path: string): boolean =>
  !path.includes("/") && path.includes("compose") && /\.ya?ml$/.test(path)

/** The build contexts of the Dockerfiles that Compose files in the root name; the root itself is `.`. */
function composeContexts(files: Readonly<Record<string, string>>): Map<string, string> {
  const builds = Object.entries(files)
    .filter(([path]) => isCompose(path))
    .flatMap(([, content]) => Object.values(fields(fields(composeOf(content))["services"])))
    .map((service) => fields(service)["build"])
    .map((build) => (typeof build === "string" ? { context: build } : fields(build)))
  return new Map(
    builds.map(({ context, dockerfile }) => {
      const folder = posix.normalize(text(context) || ".").replace(/\/$/, "")
      return [posix.join(folder, text(dockerfile) || "Dockerfile"), folder]
    }),
  )
}

function composeOf(content: string): unknown {
  try {
    return parseDocument(content, { logLevel: "silent", merge: true }).toJS() as unknown
  } catch {
    return undefined
  }
}

/** Files of the build context that a Dockerfile copies by their names: no pattern, variable or address. */
export function copiedFiles(dockerfile: string): string[] {
  const instructions = parseDockerfile(dockerfile).stages.flatMap((stage) => stage.instructions)
  return instructions.flatMap((instruction) => {
    if (!copiesContext(instruction) || instruction.heredocs.length > 0) return []
    return copiedPaths(instruction).filter((path) => !/[*?[$"'\\]|:\/\/|^git@/.test(path))
  })
}

/** Files beside a Dockerfile by which its folder, not the root, is likely its build context. */
const PROJECT = ["pyproject.toml", "requirements.txt", "setup.py", "Pipfile"]

/**
 * Files that a source has, and lacks, if the build context of this Dockerfile is the source's root: it has all that is
 * copied by name, and if everything is copied, no project lies beside the Dockerfile.
 */
export function contextFiles(path: string, dockerfile: string): { has: string[]; lacks: string[] } {
  const has = copiedFiles(dockerfile)
  const folder = posix.dirname(path)
  const named = has.some((name) => !["./", "."].includes(posix.normalize(name)))
  return { has, lacks: named || folder === "." ? [] : PROJECT.map((name) => posix.join(folder, name)) }
}

/** Warning that an image was made without any of these Dockerfiles. */
export const unusedWarning = ([first = "", ...others]: readonly string[]): string =>
  `${[first, ...others].join(", ")} may build the service, and Slipway made an image of its own: write ` +
  `image: { dockerfile: ${first} } in slipway.yaml to build ${others.length > 0 ? "one of them" : "it"}, with the root as context`
