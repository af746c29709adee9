/** Requests of an OpenAPI document that change nothing. https://spec.openapis.org/oas/v3.1.0 */
import { parseDocument } from "yaml"
import { fields, objects, text } from "../text/json.js"

/** A request that a user can repeat. */
export interface Ask {
  /** Name of its metrics: the method, and the path as in the document. */
  name: string
  /** The path with its query. */
  path: string
  headers: Record<string, string>
  /** True if it needs authorization. */
  secured: boolean
}

export interface Asks {
  asks: Ask[]
  /** Skipped operations, with the reasons. */
  skipped: string[]
}

const MOST = 50
const MOST_CHARACTERS = 10_000_000

type Fields = Record<string, unknown>

/** Reads the GET operations of an OpenAPI document, JSON or YAML. Returns the reason as a text if it isn't one. */
export function readOpenApi(document: string): Asks | string {
  if (document.length > MOST_CHARACTERS) return "it is larger than 10 MB"
  const root = parsed(document)
  if (root === undefined) return "it is neither JSON nor YAML"
  if (text(root["openapi"]) === "" && text(root["swagger"]) === "") return 'it has no "openapi" in it'
  const base = basePath(root)
  const asks: Ask[] = []
  const skipped: string[] = []
  for (const [path, item] of Object.entries(fields(root["paths"]))) {
    const { get } = resolved(root, item)
    if (!path.startsWith("/") || typeof get !== "object" || get === null) continue
    const operation = fields(get)
    const made = askOf(root, base, path, item, operation)
    if (typeof made === "string") skipped.push(`GET ${path}: ${made}`)
    else if (asks.length < MOST) asks.push(made)
    else skipped.push(`GET ${path}: it is the ${MOST + 1}th or later`)
  }
  return { asks, skipped }
}

function parsed(document: string): Fields | undefined {
  const yaml = parseDocument(document, { prettyErrors: false, logLevel: "silent" })
  if (yaml.errors.length > 0) return undefined
  try {
    const root: unknown = yaml.toJS({ maxAliasCount: 100 })
    return typeof root === "object" && root !== null ? fields(root) : undefined
  } catch {
    return undefined
  }
}

/** Base path of all operations: that of the first server, or of Swagger 2. */
function basePath(root: Fields): string {
  const server = objects(root["servers"])[0]
  if (server === undefined) return text(root["basePath"]).replace(/(?<!\/)\/+$/, "")
  const url = text(server["url"]).replace(/\{([^{}]*)\}/g, (_, name: string) =>
    text(fields(fields(server["variables"])[name])["default"]),
  )
  return URL.canParse(url, "http://service")
    ? new URL(url, "http://service").pathname.replace(/(?<!\/)\/+$/, "")
    : ""
}

/** Follows references within the document, up to a limit. */
function resolved(root: Fields, value: unknown): Fields {
  let found = fields(value)
  for (let times = 0; times < 10 && typeof found["$ref"] === "string"; times++) {
    const steps = found["$ref"].startsWith("#/") ? found["$ref"].slice(2).split("/") : ["nowhere"]
    const keys = steps.map((step) => step.replace(/~1/g, "/").replace(/~0/g, "~"))
    found = keys.reduce<Fields>((at, key) => (Object.hasOwn(at, key) ? fields(at[key]) : {}), root)
  }
  return found
}

function askOf(root: Fields, base: string, path: string, item: unknown, operation: Fields): Ask | string {
  if (operation["deprecated"] === true) return "it is deprecated"
  const parameters = new Map(
    [...objects(resolved(root, item)["parameters"]), ...objects(operation["parameters"])]
      .map((parameter) => resolved(root, parameter))
      .map((parameter) => [`${text(parameter["in"])} ${text(parameter["name"])}`, parameter]),
  )
  const query = new URLSearchParams()
  const headers: Record<string, string> = {}
  let filled = path
  for (const parameter of parameters.values()) {
    const name = text(parameter["name"])
    const place = text(parameter["in"])
    const example = exampleOf(root, parameter)
    const required = parameter["required"] === true || place === "path"
    if (example === undefined && required) return `the document has no example of "${name}" (${place})`
    if (example === undefined) continue
    if (place === "path") filled = filled.replaceAll(`{${name}}`, encodeURIComponent(example))
    if (place === "query") query.append(name, example)
    if (place === "header" && isHeader(name, example)) headers[name] = example
    if (place === "cookie" && required) return `it needs the cookie "${name}"`
  }
  if (/[{}]/.test(filled)) return "the document doesn't tell all that stands in its path"
  const search = query.size > 0 ? `?${String(query)}` : ""
  return {
    name: `GET ${path}`,
    path: `${base}${filled}${search}`,
    headers,
    secured: isSecured(root, operation),
  }
}

/** True for a header that may be sent. Credentials come from a secret, never from a document. */
const isHeader = (name: string, value: string): boolean =>
  /^[A-Za-z0-9-]{1,100}$/.test(name) &&
  !/^(authorization|cookie|host|accept|content-type)$/i.test(name) &&
  /^[\x20-\x7e]*$/.test(value)

/** Example value of a parameter in the document, encoded for a URL. */
function exampleOf(root: Fields, parameter: Fields): string | undefined {
  const schema = resolved(root, parameter["schema"])
  const [named] = Object.values(fields(parameter["examples"])).map((one) => resolved(root, one)["value"])
  const [listed] = Array.isArray(schema["examples"]) ? (schema["examples"] as unknown[]) : []
  const [choice] = Array.isArray(schema["enum"]) ? (schema["enum"] as unknown[]) : []
  const found = [parameter["example"], named, schema["example"], listed, schema["default"], choice]
  for (const value of found)
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      return String(value)
  return undefined
}

/** True if an operation needs authorization. An empty alternative allows anonymous requests. */
function isSecured(root: Fields, operation: Fields): boolean {
  const demanded = operation["security"] ?? root["security"]
  const alternatives = objects(demanded)
  return alternatives.length > 0 && alternatives.every((one) => Object.keys(one).length > 0)
}
