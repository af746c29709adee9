import { parse } from "yaml"
import { objects, text, fields } from "../text/json.js"
import { textsIn } from "../text/toml.js"
import { normaliseName, readPins } from "./pins.js"
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

/** Finds the version of a tool, by its package's name, that the service pins outside its own packages. */
export type PinnedTools = (name: string) => PinnedTool | undefined

/** Reads which versions of tools a service pins outside its own packages. */
export function pinnedTools(manifests: ProjectFiles): PinnedTools {
  const hooks = preCommitTools(manifests[".pre-commit-config.yaml"] ?? "")
  const files = Object.entries(manifests).filter(([file]) => /\.(?:txt|lock)$/.test(file))
  const pins = readPins(files.map(([file, text]) => ({ name: file, text })))
  return (name) => {
    const version = pins.get(name)
    return hooks.get(name) ?? (version === undefined ? undefined : { version, additional: [] })
  }
}

function parsed(config: string): unknown {
  try {
    return parse(config) as unknown
  } catch {
    return undefined
  }
}
