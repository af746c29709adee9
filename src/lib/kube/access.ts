/** Address of a cluster and credentials for it, as in a kubeconfig. */
import { createPrivateKey, X509Certificate } from "node:crypto"
import { parseDocument } from "yaml"
import { fail } from "../errors/catalogue.js"
import { quote } from "../errors/entry.js"
import { isFields } from "../text/json.js"

export interface ClusterAccess {
  /** The API server's address, without a slash at its end. */
  server: string
  /** The name that its certificate must have, if not the address's. */
  serverName?: string
  /** Authorities for its certificate, PEM; undefined for those of Node. */
  authority?: string
  insecure: boolean
  /** The client's certificate, PEM. */
  certificate?: string
  /** Its key, PEM. */
  key?: string
  token?: string
  namespace: string
  context: string
}

type Fields = Readonly<Record<string, unknown>>

const bad = (reason: string, remedy?: string) => fail("KUBECONFIG", [reason, remedy])

/** Reads the current context of a kubeconfig, or a named one. Throws `KUBECONFIG` with the problem. */
export function readKubeconfig(text: string, context?: string): ClusterAccess {
  const config = parsed(text)
  const name = context ?? optional(config, "current-context", "the kubeconfig")
  if (name === undefined)
    throw bad(`it names no current-context (it has ${listed(config, "contexts")})`, "name one of them")
  const chosen = entry(config, "contexts", "context", name)
  const where = `the context ${quote(name)}`
  const cluster = entry(config, "clusters", "cluster", required(chosen, "cluster", where))
  const userName = optional(chosen, "user", where)
  const user = userName === undefined ? {} : entry(config, "users", "user", userName)
  return {
    ...clusterAccess(cluster, `the cluster ${quote(required(chosen, "cluster", where))}`),
    ...userAccess(user, `the user ${quote(userName ?? "")}`),
    namespace: optional(chosen, "namespace", where) ?? "default",
    context: name,
  }
}

function parsed(text: string): Fields {
  if (text.trim() === "") throw bad("it is empty")
  // The parser's pretty errors quote the line, which may contain a key.
  const document = parseDocument(text, { prettyErrors: false, logLevel: "silent" })
  const [error] = document.errors
  if (error !== undefined) {
    const line = text.slice(0, error.pos[0]).split("\n").length
    throw bad(`line ${line} is not YAML (${error.code})`)
  }
  const config = plain(document)
  if (!isFields(config)) throw bad("it is not a mapping with clusters, contexts and users")
  return config
}

function plain(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS() as unknown
  } catch {
    throw bad("its aliases can't be resolved")
  }
}

const entries = (config: Fields, list: string): Fields[] => {
  const found = config[list]
  return Array.isArray(found) ? found.filter(isFields) : []
}

const listed = (config: Fields, list: string): string =>
  entries(config, list)
    .flatMap(({ name }) => (typeof name === "string" ? [quote(name)] : []))
    .join(", ") || "none"

function entry(config: Fields, list: string, key: string, name: string): Fields {
  const found = entries(config, list).find((each) => each.name === name)
  if (found === undefined)
    throw bad(`it has no ${key} ${quote(name)} (it has ${listed(config, list)})`, `name one of its ${list}`)
  const fields = found[key] ?? {}
  if (!isFields(fields)) throw bad(`its ${key} ${quote(name)} is not a mapping`)
  return fields
}

function optional(fields: Fields, key: string, where: string): string | undefined {
  const value = fields[key]
  if (value === undefined || value === null || value === "") return undefined
  if (typeof value !== "string") throw bad(`${quote(key)} of ${where} is not text`)
  return value
}

function required(fields: Fields, key: string, where: string): string {
  const value = optional(fields, key, where)
  if (value === undefined) throw bad(`${where} has no ${quote(key)}`)
  return value
}

function clusterAccess(
  cluster: Fields,
  where: string,
): Pick<ClusterAccess, "server" | "serverName" | "authority" | "insecure"> {
  refuseFile(cluster, "certificate-authority", where)
  const proxy = optional(cluster, "proxy-url", where)
  if (proxy !== undefined)
    throw bad(
      `${where} is reached through a proxy (proxy-url), which isn't supported`,
      "pass a direct address",
    )
  const insecure = cluster["insecure-skip-tls-verify"] === true
  const authority = certificate(cluster, "certificate-authority-data", where)
  if (insecure && authority !== undefined)
    throw bad(`${where} has both an authority and insecure-skip-tls-verify`, "take one of them out")
  const serverName = optional(cluster, "tls-server-name", where)
  return {
    server: serverAddress(required(cluster, "server", where), where),
    ...(serverName === undefined ? {} : { serverName }),
    ...(authority === undefined ? {} : { authority }),
    insecure,
  }
}

function serverAddress(server: string, where: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (url === undefined || !["http:", "https:"].includes(url.protocol))
    throw bad(
      `the server ${quote(server)} of ${where} is not an address`,
      "give one such as https://10.0.0.1:6443",
    )
  if (url.username !== "" || url.password !== "")
    throw bad(`the server of ${where} has a user or a password in its address`, "pass a token instead")
  return `${url.origin}${url.pathname}`.replace(/(?<!\/)\/+$/, "")
}

function userAccess(user: Fields, where: string): Pick<ClusterAccess, "certificate" | "key" | "token"> {
  refuseOthers(user, where)
  for (const key of ["client-certificate", "client-key", "tokenFile"]) refuseFile(user, key, where)
  const own = certificate(user, "client-certificate-data", where)
  const key = decoded(user, "client-key-data", where)
  if ((own === undefined) !== (key === undefined))
    throw bad(`${where} has only one of client-certificate-data and client-key-data`)
  if (own !== undefined && key !== undefined) matchKey(own, key, where)
  const token = optional(user, "token", where)?.trim()
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw bad(`the token of ${where} has characters that no token has`, "pass it on one line")
  return {
    ...(own === undefined ? {} : { certificate: own, key }),
    ...(token === undefined ? {} : { token }),
  }
}

const INSTEAD =
  "pass one with a token (`kubectl create token NAME`) or a client certificate; for AKS, a service principal's credentials"

/** Refuses credentials that need a program, a dialogue or impersonation. */
function refuseOthers(user: Fields, where: string): void {
  const { exec } = user
  if (isFields(exec)) {
    const command = typeof exec.command === "string" ? quote(exec.command) : "a program"
    throw bad(`${where} gets its credentials by running ${command} (exec), which isn't there`, INSTEAD)
  }
  for (const key of ["auth-provider", "username", "password", "as", "as-uid", "as-groups"])
    if (user[key] !== undefined && user[key] !== null)
      throw bad(`${where} uses ${quote(key)}, which isn't supported`, INSTEAD)
}

function refuseFile(fields: Fields, key: string, where: string): void {
  const path = optional(fields, key, where)
  // As in kubectl, inline data takes precedence over a file.
  if (path !== undefined && optional(fields, `${key}-data`, where) === undefined)
    throw bad(`${where} names a file of the host, ${quote(path)} (${key}), which isn't there`)
}

function decoded(fields: Fields, key: string, where: string): string | undefined {
  const text = optional(fields, key, where)?.replace(/\s/g, "")
  if (text === undefined) return undefined
  const pem = /^[A-Za-z0-9+/]+=*$/.test(text) ? Buffer.from(text, "base64").toString() : ""
  if (!pem.includes("-----BEGIN ")) throw bad(`${quote(key)} of ${where} is no base64 of a PEM`)
  return pem
}

function certificate(fields: Fields, key: string, where: string): string | undefined {
  const pem = decoded(fields, key, where)
  if (pem === undefined) return undefined
  try {
    new X509Certificate(pem)
    return pem
  } catch {
    throw bad(`${quote(key)} of ${where} holds no certificate that can be read`)
  }
}

function matchKey(own: string, key: string, where: string): void {
  let matches: boolean
  try {
    matches = new X509Certificate(own).checkPrivateKey(createPrivateKey(key))
  } catch {
    throw bad(`"client-key-data" of ${where} holds no key that can be read without a password`)
  }
  if (!matches) throw bad(`certificate and key of ${where} don't belong together`)
}
