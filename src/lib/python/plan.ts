import { fields } from "../text/json.js"
import { hasTable, readToml, valueAt } from "../text/toml.js"
import { pipfileRequirements } from "./pipfile.js"
import type { Pins } from "./pins.js"
import { DEVELOPMENT, findRequirements, type ProjectFiles } from "./project.js"
import { testRequirements } from "./testRequirements.js"
import { usesGit } from "./requirementFile.js"

/** How the service's own packages are resolved and installed. */
export interface PackagePlan {
  /** The tool that knows what the service needs. */
  installer: "uv" | "poetry" | "pdm" | "pipenv" | "pip"
  /** True if a lock says every version. */
  locked: boolean
  /** Arguments: groups and extras, and for pip the requirement files. */
  options: string[]
  /** Further requirements, one a line. */
  lines: string[]
  /** Exact versions that other files give. */
  pins: Pins
  /** Files that declare packages, for messages. */
  files: string[]
  /** True if the resolver needs more than the manifests. */
  needsSource: boolean
  /** True if packages are fetched by git. */
  needsGit: boolean
  /** File that can't be parsed, and why: nothing can be installed then. */
  problem?: string
}

/**
 * Plans the installation of a service's packages, with those for its development.
 *
 * A lock is installed by the tool that wrote it. `chosen` are the requirement files that `slipway.yaml` names.
 */
export function packagePlan(manifests: ProjectFiles, chosen?: readonly string[]): PackagePlan {
  const found = findRequirements(manifests, chosen)
  const { data } = readToml(manifests["pyproject.toml"] ?? "")
  const installer = chosen === undefined ? installerOf(manifests, data) : "pip"
  const needsGit = Object.entries(manifests).some(
    ([name, content]) => !/\.(?:yaml|ini)$|Dockerfile/.test(name) && usesGit(content),
  )
  const plan = {
    installer,
    locked: installer !== "pip",
    options: [],
    lines: [],
    pins: found.pins,
    needsSource: true,
    needsGit,
    ...(found.problem !== undefined && { problem: found.problem }),
  }
  const lock = LOCKS[installer]
  const isLocked = lock !== "" && manifests[lock] !== undefined
  const files = ["pyproject.toml", ...(isLocked ? [lock] : [])]
  if (installer === "uv") return { ...plan, files, locked: isLocked, options: uvOptions(data) }
  if (installer === "poetry") return { ...plan, files, locked: isLocked, options: poetryOptions(data) }
  if (installer === "pdm") return { ...plan, files }
  if (installer === "pipenv") return { ...plan, files: ["Pipfile.lock"] }
  return { ...plan, ...pipPlan(manifests, found) }
}

const LOCKS = { uv: "uv.lock", poetry: "poetry.lock", pdm: "pdm.lock", pipenv: "Pipfile.lock", pip: "" }

function installerOf(manifests: ProjectFiles, data: unknown): PackagePlan["installer"] {
  const project = valueAt(data, "project") !== undefined
  const poetry = ["dependencies", "group", "dev-dependencies"].some(
    (table) => valueAt(data, "tool", "poetry", table) !== undefined,
  )
  if (manifests["uv.lock"] !== undefined && project) return "uv"
  if (poetry || (manifests["poetry.lock"] !== undefined && project)) return "poetry"
  if (manifests["pdm.lock"] !== undefined && project) return "pdm"
  if (manifests["Pipfile.lock"] !== undefined && !project) return "pipenv"
  return project && hasTable(manifests["pyproject.toml"] ?? "", "tool", "uv") ? "uv" : "pip"
}

/** The groups and extras for development, besides uv's default groups; none where some exclude each other. */
function uvOptions(data: unknown): string[] {
  if (valueAt(data, "tool", "uv", "conflicts") !== undefined) return []
  const named = (table: unknown, option: string) =>
    DEVELOPMENT.filter((name) => fields(table)[name] !== undefined).map((name) => `${option}=${name}`)
  return [
    ...named(valueAt(data, "project", "optional-dependencies"), "--extra"),
    ...named(valueAt(data, "dependency-groups"), "--group"),
  ]
}

/** All groups but optional ones that aren't for development, and extras for development. */
function poetryOptions(data: unknown): string[] {
  const poetry = fields(valueAt(data, "tool", "poetry"))
  const optional = (name: string) => valueAt(poetry, "group", name, "optional") === true
  const groups = [
    ...(poetry["dev-dependencies"] === undefined ? [] : ["dev"]),
    ...Object.keys(fields(poetry.group)),
    ...Object.keys(fields(valueAt(data, "dependency-groups"))),
  ].filter((name) => !optional(name) || DEVELOPMENT.includes(name))
  const extras = DEVELOPMENT.filter(
    (name) =>
      valueAt(poetry, "extras", name) !== undefined ||
      valueAt(data, "project", "optional-dependencies", name) !== undefined,
  )
  return [
    ...[...new Set(groups)].map((name) => `--with=${name}`),
    ...extras.map((name) => `--extras=${name}`),
  ]
}

/** Requirement files and metadata; what tests need is taken from tox or hatch if nothing else says it. */
function pipPlan(manifests: ProjectFiles, found: ReturnType<typeof findRequirements>) {
  const { inputs, locked, files, needsSource } = found
  const pipfile = files.length === 0 ? pipfileRequirements(manifests.Pipfile ?? "") : []
  const says = inputs.some(forDevelopment) || locked.length + pipfile.length > 0
  const tests = says ? { lines: [], extras: [], files: [] } : testRequirements(manifests)
  const hasMetadata = inputs.some((input) => METADATA_FILES.includes(input))
  const lines = [...locked, ...pipfile, ...tests.lines]
  return {
    options: [...inputs, ...(hasMetadata ? tests.extras.flatMap((extra) => ["--extra", extra]) : [])],
    lines,
    files: [...new Set([...files, ...(pipfile.length > 0 ? ["Pipfile"] : []), ...tests.files])],
    needsSource: needsSource || lines.some((line) => /^-|^\./.test(line)),
  }
}

const METADATA_FILES = ["pyproject.toml", "setup.py", "setup.cfg"]

const forDevelopment = (input: string): boolean =>
  input.split(/[^a-z]+/).some((word) => DEVELOPMENT.includes(word))
