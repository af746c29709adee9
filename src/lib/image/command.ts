import { fields, text } from "../text/json.js"
import { readToml, valueAt } from "../text/toml.js"

/** Sources for the start command of a service. */
export interface StartSources {
  /** `image.command` in slipway.yaml. */
  chosen?: readonly string[]
  procfile?: string
  /** Commands that the project installs, with the arguments that start them. */
  scripts: Readonly<Record<string, string[]>>
  /** Packages that `python -m` can run. */
  modules: readonly string[]
}

/** Returns the command of a service's image, or the reason why none could be determined. */
export function entryCommand({
  chosen,
  procfile,
  scripts,
  modules,
}: StartSources): string[] | { missing: string } {
  if (chosen !== undefined) return [...chosen]
  const web = /^web:[ \t]*(\S.*)$/m.exec(procfile ?? "")?.[1]
  if (web !== undefined) return shellCommand(web.trim())
  const names = Object.keys(scripts)
  const [name = "", ...others] = names
  if (name !== "" && others.length === 0) return scripts[name] ?? [name]
  const [module, ...more] = modules
  if (names.length === 0 && module !== undefined && more.length === 0) return ["python", "-m", module]
  const found = [
    procfile === undefined ? "no Procfile" : "a Procfile without a `web` line",
    names.length === 0 ? "no script" : `${names.length} scripts (${names.join(", ")})`,
    modules.length === 0 ? "no package with a __main__.py" : `${modules.join(", ")} with a __main__.py`,
  ]
  return { missing: found.join(", ") }
}

/** Characters that need a shell. */
const SHELL = /[^\w@%+=:,./ -]|^\w+=/

/**
 * Splits a command line into arguments.
 *
 * If it needs a shell, the last command replaces the shell by `exec`: otherwise it would not receive the signal to
 * stop.
 *
 * @example shellCommand("gunicorn app:app --bind :$PORT") // ["sh", "-c", "exec gunicorn app:app --bind :$PORT"]
 */
export function shellCommand(line: string): string[] {
  if (!SHELL.test(line)) return line.split(/ +/)
  const parts = /^(.*(?:&&|;)\s*)?([^;&\s][^;&]*)$/.exec(line)
  const [, before = "", last = ""] = parts ?? []
  const complex = parts === null || /[|(){}`<>]|^exec /.test(line) || (before !== "" && /["'\\]/.test(line))
  if (complex) return ["sh", "-c", line]
  return ["sh", "-c", `${before}exec ${/^\w+=/.test(last) ? "env " : ""}${last}`]
}

/** Returns the scripts of a project as commands that don't require its installation. */
export function projectScripts(pyproject: string): Record<string, string[]> {
  const { data } = readToml(pyproject)
  const scripts = fields(valueAt(data, "project", "scripts") ?? valueAt(data, "tool", "poetry", "scripts"))
  return Object.fromEntries(
    Object.entries(scripts).flatMap(([name, target]) => {
      const [, module, attribute] = /^([\w.]+):([\w.]+)$/.exec(text(target)) ?? []
      if (module === undefined || attribute === undefined) return []
      const [imported = ""] = attribute.split(".")
      const code = `import sys; from ${module} import ${imported}; sys.exit(${attribute}())`
      return [[name, ["python", "-c", code]]]
    }),
  )
}

/** Server commands by the package that provides them, the most likely first. */
const SERVERS: readonly [name: string, command: (app: string, port: number) => string][] = [
  ["gunicorn", (app, port) => `[gunicorn, "${app}", --bind, "0.0.0.0:${port}"]`],
  ["uvicorn", (app, port) => `[uvicorn, "${app}", --host, 0.0.0.0, --port, "${port}"]`],
  ["hypercorn", (app, port) => `[hypercorn, "${app}", --bind, "0.0.0.0:${port}"]`],
  ["waitress", (app, port) => `[waitress-serve, "--listen=*:${port}", "${app}"]`],
  ["flask", (app, port) => `[flask, --app, "${app}", run, --host, 0.0.0.0, --port, "${port}"]`],
]

/** Modules that commonly hold a web application, the most likely first. */
const MODULES = ["asgi", "wsgi", "main", "app", "server", "api"]

/** Suggests an `image.command` for a service, from its files and required packages. */
export function exampleCommand(
  files: readonly string[],
  packages: ReadonlySet<string>,
  port: number,
): string {
  const known = MODULES.flatMap((name) =>
    files.filter((file) => /^(?:src\/)?(?:\w+\/)?(\w+)\.py$/.exec(file)?.[1] === name),
  )
  const module = (known[0] ?? "main.py")
    .replace(/^src\//, "")
    .replace(/\.py$/, "")
    .replaceAll("/", ".")
  const server = SERVERS.find(([name]) => packages.has(name))?.[1]
  return server?.(`${module}:app`, port) ?? `[python, -m, ${module}]`
}
