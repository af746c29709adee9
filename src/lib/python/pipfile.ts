import { fields, text } from "../text/json.js"
import { readToml, textsIn } from "../text/toml.js"

/** Requirements of a Pipfile, as pip writes them, for a service without Pipfile.lock. */
export function pipfileRequirements(pipfile: string): string[] {
  const { data } = readToml(pipfile)
  return ["packages", "dev-packages"].flatMap((section) =>
    Object.entries(fields(data[section])).map(([name, value]) => requirement(name, value)),
  )
}

function requirement(name: string, value: unknown): string {
  const entry = typeof value === "string" ? { version: value } : fields(value)
  const { version, git, ref, path, file, editable, extras, markers } = entry
  const extra = textsIn(extras).length > 0 ? `[${textsIn(extras).join(",")}]` : ""
  const marker = text(markers) === "" ? "" : ` ; ${text(markers)}`
  if (text(git) !== "") {
    const at = text(ref) === "" ? "" : `@${text(ref)}`
    return `${name}${extra} @ git+${text(git).replace(/^git\+/, "")}${at}${marker}`
  }
  if (text(path) !== "") return `${editable === true ? "-e " : ""}${relative(text(path))}${extra}`
  if (text(file) !== "") return `${name}${extra} @ ${text(file)}${marker}`
  const wanted = text(version) === "*" ? "" : text(version)
  return `${name}${extra}${/^\d/.test(wanted) ? `==${wanted}` : wanted}${marker}`
}

const relative = (path: string): string => (/^[./]/.test(path) ? path : `./${path}`)
