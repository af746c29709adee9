import { isMap, isScalar, isSeq, parseDocument, type ParsedNode } from "yaml"
import { fail } from "../errors/catalogue.js"
import { Checker } from "./check.js"
import { type Config, DEFAULTS, spec } from "./config.js"
import { environmentRule, environmentsOf, withEnvironments } from "./environments.js"
import { harmless, type Problem, Problems } from "./problem.js"
import { applyRenamed } from "./renamed.js"
import { checkSource } from "./source.js"
import { deepFreeze, type SectionSpec, type Value } from "./spec.js"

/** The number of problems to list; the rest is counted. */
const MOST_LISTED = 50

/**
 * Reads the text of a `slipway.yaml`.
 *
 * Undefined gives the defaults. Fails with `CONFIG_INVALID`, with every problem on a line of its own.
 *
 * @example parseConfig("parallel: 4\n").parallel // 4
 */
export function parseConfig(text: string | undefined, file = "slipway.yaml"): Config {
  if (text === undefined) return DEFAULTS
  const { config, problems } = checkConfig(text)
  if (config) return config
  const lines = problems.slice(0, MOST_LISTED).map((problem) => formatProblem(problem, file))
  const more = problems.length - lines.length
  throw fail("CONFIG_INVALID", [file, more > 0 ? [...lines, `… and ${more} more`] : lines, problems.length])
}

/**
 * Lists the old names of keys and values in a `slipway.yaml`, one line each with the name to write.
 *
 * Empty for a file that can't be read, of which `parseConfig` says why.
 *
 * @example configWarnings("deploy: {slow: 1s}\n") // ['slipway.yaml:1:10: deploy.slow: renamed; write "latencyP95"']
 */
export function configWarnings(text: string | undefined, file = "slipway.yaml"): string[] {
  if (text === undefined) return []
  return checkConfig(text).warnings.map((warning) => formatProblem(warning, file))
}

/** The result of reading a `slipway.yaml`: a configuration if there is no problem. */
export interface Checked {
  config?: Config
  problems: Problem[]
  /** Old names that still work; empty if there are problems. */
  warnings: Problem[]
}

/** Reads the text of a `slipway.yaml` and lists every problem. */
export function checkConfig(text: string): Checked {
  const body = text.replace(/^\uFEFF/, "")
  const [problems, warnings] = [new Problems(body), new Problems(body)]
  const config = checkSource(body, problems)
    ? read(body, spec, problems, (contents) => {
        applyRenamed(contents, problems, warnings)
        return withEnvironments(spec, environmentsOf({ environments: namedEnvironments(contents) }))
      })
    : undefined
  if (problems.any) return { problems: problems.all, warnings: [] }
  return { config: deepFreeze(config as Config), problems: [], warnings: warnings.all }
}

/** Reads the text of another YAML file by its spec, and lists every problem; a value only without one. */
export function readYaml<S extends SectionSpec>(
  text: string,
  own: S,
): { value?: Value<S>; problems: Problem[] } {
  const body = text.replace(/^\uFEFF/, "")
  const problems = new Problems(body)
  const value = checkSource(body, problems) ? read(body, own, problems) : undefined
  return problems.any ? { problems: problems.all } : { value: deepFreeze(value as Value<S>), problems: [] }
}

/** Formats a problem: `slipway.yaml:3:5: parallel: expected …` */
export function formatProblem({ line, column, path, message }: Problem, file = "slipway.yaml"): string {
  return [`${file}:${line}:${column}`, ...(path ? [path] : []), message].join(": ")
}

function read(
  text: string,
  own: SectionSpec,
  problems: Problems,
  prepare: (contents: ParsedNode | null) => SectionSpec = () => own,
): unknown {
  try {
    // The checker finds duplicate keys: the parser compares each with each, which takes too long.
    const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: "error" })
    // An unknown tag is already reported by its token.
    const errors = document.errors.filter(({ code }) => code !== "TAG_RESOLVE_FAILED")
    for (const { code, pos, message } of errors)
      problems.add(
        pos[0],
        "",
        code === "MULTIPLE_DOCS" ? "expected one document, received several" : syntax(message),
      )
    // The rest of a broken file would only lead to false problems.
    if (errors.length > 0) return undefined
    const prepared = prepare(document.contents)
    return new Checker(prepared, problems).read(prepared, document.contents, "")
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    problems.add(0, "", "nested too deeply to be read")
    return undefined
  }
}

/** The valid names in `deploy.environments`, of which the rest of the file makes use; the checker reports all others. */
function namedEnvironments(contents: ParsedNode | null): string[] {
  const deploy = isMap(contents) ? contents.get("deploy") : undefined
  const list = isMap(deploy) ? deploy.get("environments") : undefined
  const items = isSeq(list) ? list.items : []
  const names = items.flatMap((item) =>
    isScalar(item) && typeof item.value === "string" ? [item.value] : [],
  )
  return [...new Set(names.filter((name) => environmentRule.pattern.test(name)))]
}

const syntax = (message: string): string => `not valid YAML: ${harmless(message.slice(0, 200))}`
