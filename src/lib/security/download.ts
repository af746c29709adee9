import { stripVTControlCharacters } from "node:util"
import { clip } from "../text/escape.js"
import { oneLine } from "../text/words.js"

/** Messages of Trivy, its Go libraries and registries, the most specific first, and their meaning. */
const CAUSES: readonly [said: RegExp, meaning: string][] = [
  [/no space left on device|disk quota exceeded/, "no space is left on the disk"],
  [/x509: |tls: failed|tls: handshake failure/, "the registry's certificate is not trusted"],
  [/TOOMANYREQUESTS|status code 429/, "the registry allows no more requests for now"],
  [/UNAUTHORIZED|DENIED|status code 40[13]/, "the registry refuses access"],
  [/MANIFEST_UNKNOWN|NAME_UNKNOWN|NOT_FOUND|status code 404/, "the registry does not have it"],
  [/status code 5\d\d/, "the registry has an internal error"],
  [/no such host|server misbehaving|in name resolution/, "the registry's name can't be resolved"],
  [/proxyconnect/, "the proxy can't be reached"],
  [/connection refused/, "nothing answers at the registry's address"],
  [/[Tt]imeout|deadline exceeded|unreachable|no route to host|reset by peer|EOF/, "the network failed"],
  [/gzip: invalid|unacceptable media type|a single layer/, "the registry's artifact is not a database"],
]

const DETAIL_LENGTH = 160

/**
 * Explains in one line why Trivy's database could not be downloaded; undefined for any other failure.
 */
export function downloadFailure(stderr: string): string | undefined {
  const message = fatal(stderr)
  if (message === undefined || !message.includes("failed to download vulnerability DB")) return undefined
  const [, from = "any source", said = message] = /download artifact from (\S+): ([^]*)/.exec(message) ?? []
  const detail = lastMessage(said)
  const [, meaning] = CAUSES.find(([pattern]) => pattern.test(detail)) ?? []
  const cause = meaning === undefined ? detail : `${meaning} (${detail})`
  return oneLine(`Trivy's database could not be downloaded from ${clip(from, 100)}: ${cause}`)
}

/** Returns the message of Trivy's FATAL log line. */
export function fatal(stderr: string): string | undefined {
  const [, message] = /\tFATAL\t(?:Fatal error\t)?([^]+)/.exec(stripVTControlCharacters(stderr)) ?? []
  return message?.replace(/\/\/[^/?#\s@]*@/g, "//***@").trim()
}

/** Returns the last item of a list of errors, or the whole text, without the requested address. */
function lastMessage(said: string): string {
  const point = said.split(/^[ \t]*\* /m).at(-1) ?? ""
  return clip(point.trim().replace(/^G(?:et|ET) "?https?:\/\/\S+?"?: /, ""), DETAIL_LENGTH)
}
