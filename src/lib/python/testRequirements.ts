import { fields, text } from "../text/json.js"
import { type Ini, readIni } from "../text/ini.js"
import { readToml, textsIn, valueAt } from "../text/toml.js"
import type { ProjectFiles } from "./project.js"

/** What tox or hatch install for tests. */
export interface TestRequirements {
  lines: string[]
  extras: string[]
  files: string[]
}

/** Names of environments that run tests. */
const TEST_ENVIRONMENT = /^(?:default|hatch-test|env_run_base|py|py3\d*|tests?|unit|pytest)$/

/** Finds the packages that tox's and hatch's environments install for tests, for a service that lists them nowhere else. */
export function testRequirements(files: ProjectFiles): TestRequirements {
  const { tool } = readToml(files["pyproject.toml"] ?? "").data
  const legacy = text(valueAt(tool, "tox", "legacy_tox_ini"))
  const found = [
    ...(["tox.ini", "setup.cfg"] as const).map((name) => ({ name: name, ini: readIni(files[name] ?? "") })),
    { name: "pyproject.toml", ini: readIni(legacy) },
  ].map(({ name, ini }) => fromTox(name, ini))
  const all = [...found, fromTables(tool)].filter(({ lines, extras }) => lines.length + extras.length > 0)
  return {
    lines: [...new Set(all.flatMap(({ lines }) => lines))],
    extras: [...new Set(all.flatMap(({ extras }) => extras))],
    files: [...new Set(all.flatMap((each) => each.files))],
  }
}

function fromTox(name: string, ini: Ini): TestRequirements {
  const sections = [...ini].filter(
    ([section]) => section === "testenv" || TEST_ENVIRONMENT.test(section.replace(/^testenv:/, "")),
  )
  const of = (key: string) => sections.flatMap(([, keys]) => (keys.get(key) ?? "").split("\n"))
  const extras = of("extras")
    .flatMap((line) => line.split(/[\s,]+/))
    .filter(Boolean)
  return {
    ...split(of("deps").map(plain)),
    extras: [...extras, ...split(of("deps").map(plain)).extras],
    files: [name],
  }
}

/** A dependency without its condition on an environment, such as `py312: numpy`; empty for another environment's. */
function plain(line: string): string {
  const [, factors, rest = ""] = /^(!?[\w,{}-]+): (.*)$/s.exec(line.trim()) ?? []
  if (factors === undefined) return line.trim()
  return /^(?:py3?|tests?)(?:,|$)/.test(factors) ? rest.trim() : ""
}

/** Separates the service itself, such as `.[test]`, from its requirements. Substitutions are left out. */
function split(dependencies: readonly string[]): Omit<TestRequirements, "files"> {
  const given = dependencies.filter((line) => line !== "" && !/^[#{]|\{env|\{posargs/.test(line))
  const own = (line: string) => /^(?:-e *)?(?:\.|\{toxinidir\})(?:\[([^\]]*)\])?$/.exec(line)
  return {
    lines: given
      .filter((line) => own(line) === null)
      .map((line) => line.replace(/\{tox_?ini_?dir\}\/?/g, "")),
    extras: given.flatMap(
      (line) =>
        own(line)?.[1]
          ?.split(",")
          .map((extra) => extra.trim()) ?? [],
    ),
  }
}

/** Reads tox's and hatch's tables of pyproject.toml. */
function fromTables(tool: unknown): TestRequirements {
  const tox = fields(valueAt(tool, "tox"))
  const environments = Object.entries({
    ...fields(valueAt(tool, "hatch", "envs")),
    ...fields(tox.env),
    ...(tox.env_run_base !== undefined && { env_run_base: tox.env_run_base }),
  }).filter(([name]) => TEST_ENVIRONMENT.test(name))
  const of = (...keys: string[]) =>
    environments.flatMap(([, table]) => keys.flatMap((key) => textsIn(fields(table)[key])))
  const { lines, extras } = split(of("dependencies", "extra-dependencies", "deps"))
  return { lines, extras: [...extras, ...of("features", "extras")], files: ["pyproject.toml"] }
}
