import { parse } from "yaml"
import { objects, text, fields } from "../text/json.js"
import { textsIn } from "../text/toml.js"
import { normaliseName, type Pins, readPins } from "./pins.js"
import type { ProjectFiles } from "./project.js"

/** A tool's version in `.pre-commit-config.yaml`, with the packages that are installed beside it. */
export interface PinnedTool {
  version: string
  additional: string[]
}

/** Repositories whose tags are the versions of a tool. */
const MIRROR = /\/(?:mirrors-)?(black|black-pre-commit-mirror|isort|flake8|mypy|bandit)(?:\.git)?\/?$/

/** Reads the versions of tools in `.pre-commit-config.yaml`, by package. Nothing in an invalid file. */
export function preCommitTools(config: string): Map<string, PinnedTool> {
  const tools = new Map<string, PinnedTool>()
  for (const repository of objects(fields(parsed(config)).repos)) {
    const name = MIRROR.exec(text(repository.repo))?.[1]?.replace("-pre-commit-mirror", "")
    const version = /^v?(\d[\w.]*)$/.exec(text(repository.rev))?.[1]
    if (name === undefined || version === undefined) continue
    const additional = objects(repository.hooks).flatMap((hook) => textsIn(hook.additional_dependencies))
    tools.set(normaliseName(name), {
      version,
      additional: additional.filter((each) => /^[A-Za-z0-9]/.test(each)),
    })
  }
  return tools
}

/** The version of a tool that the service pins outside its own packages. */
export function pinnedTool(name: string, manifests: ProjectFiles): PinnedTool | undefined {
  const hook = preCommitTools(manifests[".pre-commit-config.yaml"] ?? "").get(name)
  if (hook !== undefined) return hook
  const files = Object.entries(manifests).filter(([file]) => /\.(?:txt|lock)$/.test(file))
  const version = readPins(files.map(([file, text]) => ({ name: file, text }))).get(name)
  return version === undefined ? undefined : { version, additional: [] }
}

/** The version in which a tool runs: that of the service's own packages, else the one that it pins besides. */
export const usedVersion = (name: string, packages: Pins, manifests: ProjectFiles): string | undefined =>
  packages.get(name) ?? pinnedTool(name, manifests)?.version

function parsed(config: string): unknown {
  try {
    return parse(config) as unknown
  } catch {
    return undefined
  }
}
