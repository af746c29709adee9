import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { type ConnectionAnswer, connection } from "../../../src/lib/http/connection.js"
import { fields, parseJson, text } from "../../../src/lib/text/json.js"
import { clockFinding } from "./clock.js"
import { failure, type DoctorFinding, ok, warning } from "./finding.js"

/** The registry and repository of a service, with credentials. */
export interface Publication {
  host: string
  repository: string
  username: string
  /** Undefined if none is set. */
  password: string | undefined
  plainHttp: boolean
  /** True if the run publishes. If not, and without a user, push access isn't checked. */
  publishes: boolean
  /** Certificate authority of the registry (PEM), in addition to Node's own. */
  authority?: string
}

const TIMEOUT = 15_000

/** Names of Docker Hub, whose API is at another host. */
const HUB = /^(?:docker\.io|index\.docker\.io)$/

/**
 * Checks that the registry answers and that the user may push.
 *
 * Starts an upload and cancels it: the only check that every registry answers reliably.
 */
export async function registryFindings(publication: Publication): Promise<DoctorFinding[]> {
  const { host, repository, username, password, publishes } = publication
  const ask = asker(publication)
  const first = await ask("GET", "/v2/")
  if (typeof first === "string")
    return [
      failure(
        "registry",
        `${host} can't be reached: ${first}`,
        "see whether its name is right, and what is between it and here",
      ),
    ]
  const found = [
    ok("registry", `${host} answers (${first.status})`),
    clockFinding(host, header(first, "date")),
  ]
  if (![200, 401].includes(first.status))
    return [
      ...found,
      failure(
        "push",
        `${host} answers ${first.status}, as no registry does`,
        "see whether release.registry names one",
      ),
    ]
  if (password === undefined && !publishes) return found
  if (password === undefined && first.status === 401)
    return [...found, failure("push", `${host} wants a user`, CREDENTIALS, ExitCode.badInput)]
  const authorization = await authorize(publication, first)
  if (authorization.problem !== undefined)
    return [
      ...found,
      failure("push", `${username}: ${authorization.problem}`, CREDENTIALS, ExitCode.badInput),
    ]
  const begun = await ask("POST", `/v2/${repository}/blobs/uploads/`, authorization.header)
  if (typeof begun === "string") return [...found, failure("push", begun, "try it again")]
  return [
    ...found,
    await pushFinding(publication, begun, (path) => ask("DELETE", path, authorization.header)),
  ]
}

const CREDENTIALS =
  "set REGISTRY_USERNAME and REGISTRY_PASSWORD, or those of Azure that `slipway ci --help` lists"

async function pushFinding(
  { host, repository, username }: Publication,
  begun: ConnectionAnswer,
  cancel: (path: string) => Promise<unknown>,
): Promise<DoctorFinding> {
  const who = username === "" ? "anybody" : username
  if (begun.status === 202) {
    const place = header(begun, "location")
    if (place !== "") await cancel(pathOf(place, host))
    return ok("push", `${who} may push to ${repository}`)
  }
  if ([401, 403].includes(begun.status))
    return failure(
      "push",
      `${who} may not push to ${host}/${repository} (${begun.status})`,
      "give that user the right to push there (in Azure: AcrPush)",
      ExitCode.badInput,
    )
  if (begun.status === 404)
    return failure(
      "push",
      `${host} has no repository ${repository}`,
      "make it, where the registry makes none by itself (as ECR does not)",
      ExitCode.badInput,
    )
  return warning(
    "push",
    `${host} answers ${begun.status} to the beginning of an upload`,
    "it may be busy; try it again",
  )
}

/** The path at which an upload continues, from an absolute or a relative location. */
function pathOf(location: string, host: string): string {
  const url = new URL(location, `https://${host}`)
  return `${url.pathname}${url.search}`
}

/** The Authorization header for the registry's challenge, or the problem with getting one. */
async function authorize(
  { username, password, repository, plainHttp }: Publication,
  challenged: ConnectionAnswer,
): Promise<{ header?: string; problem?: string }> {
  const basic =
    password === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`
  const challenge = header(challenged, "www-authenticate")
  if (!/^bearer /i.test(challenge)) return basic === undefined ? {} : { header: basic }
  const { realm = "", service = "" } = parameters(challenge)
  const url = URL.canParse(realm) ? new URL(realm) : undefined
  // Never send a password over plain HTTP, unless the registry itself is configured for it.
  if (url === undefined || !["https:", ...(plainHttp ? ["http:"] : [])].includes(url.protocol))
    return { problem: "the registry doesn't say where its tokens are safely had" }
  url.searchParams.set("service", service)
  url.searchParams.set("scope", `repository:${repository}:pull,push`)
  const answer = await exchange(url.origin, "GET", `${url.pathname}${url.search}`, basic)
  if (typeof answer === "string")
    return { problem: `${url.host}, which hands out tokens, can't be reached: ${answer}` }
  if (answer.status !== 200) return { problem: `${url.host} refuses user and password (${answer.status})` }
  const { token, access_token: other } = fields(parseJson(answer.text))
  return { header: `Bearer ${text(token) || text(other)}` }
}

/** Parses the parameters of `Bearer realm="…",service="…"`. */
const parameters = (challenge: string): Record<string, string> =>
  Object.fromEntries(
    Array.from(challenge.matchAll(/(?<!\w)(\w+)="([^"]*)"/g), ([, name = "", value = ""]) => [name, value]),
  )

const header = ({ headers }: ConnectionAnswer, name: string): string =>
  [headers[name] ?? ""].flat().join(", ")

function asker({ host, plainHttp, authority }: Publication) {
  const server = `${plainHttp ? "http" : "https"}://${HUB.test(host) ? "registry-1.docker.io" : host}`
  return (method: string, path: string, authorization?: string) =>
    exchange(server, method, path, authorization, authority)
}

/** Sends one request. Returns the reason if there is no answer. */
async function exchange(
  server: string,
  method: string,
  path: string,
  authorization?: string,
  authority?: string,
): Promise<ConnectionAnswer | string> {
  const opened = connection({ server, insecure: false, authority })
  try {
    const headers = { ...(authorization !== undefined && { authorization }) }
    const answer = await opened.send({ method, path, headers, timeout: TIMEOUT })
    return answer.kind === "answer" ? answer : answer.reason
  } finally {
    opened.close()
  }
}
