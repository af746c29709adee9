/** Variables with user and password of an index by its name, as uv and Poetry define them. */
const BY_INDEX = /^(?:UV_INDEX|POETRY_HTTP_BASIC)_[A-Z0-9_]+_(?:USERNAME|PASSWORD)$/

/** The variable with a netrc: the path that pip and uv take it for, or the text itself, as a CI host's secret. */
export const NETRC = "NETRC"

/** True for a variable with credentials of package indexes. */
export const isIndexSecret = (name: string): boolean => name === NETRC || BY_INDEX.test(name)

/** Variables of an environment with user or password of an index, without empty ones. */
export const indexVariables = (env: Readonly<Record<string, string | undefined>>): string[] =>
  Object.keys(env)
    .filter((name) => BY_INDEX.test(name) && env[name])
    .sort()

/** True for the text of a netrc, rather than a path to one. */
export const isNetrcText = (value: string): boolean => /(?:^|\s)(?:machine|default)\s/.test(value)

/** The passwords in a netrc, as written and without quotes. */
export function netrcPasswords(text: string): string[] {
  const found = text.matchAll(/(?:^|\s)(?:password|account)\s+("(?:[^"\\]|\\.)*"|\S+)/g)
  const words = [...found].map(([, word = ""]) => word)
  return [...new Set(words.flatMap((word) => [word, word.replace(/^"(.*)"$/s, "$1")]))]
}

/** What to do about an index that refuses access. */
export const INDEX_REMEDY =
  "pass a user and password that may read it: --netrc FILE, or NETRC, or UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD in the environment (a fork's run gets none)"

/** An index that refused access. */
export interface RefusedIndex {
  /** Its address as the tool gave it, without user and password. */
  address: string
  status: number
}

const STATUS =
  /\((401|403) [A-Z]|\b(401|403) (?:Client )?Error|HTTP error (401|403)|Client Error\((401|403)\)|status(?: code)?:? (401|403)\b|Authorization error accessing/i

/** Finds the index that refused access in the message of uv, pip, Poetry, PDM or Pipenv. */
export function refusedIndex(message: string): RefusedIndex | undefined {
  const match = STATUS.exec(message)
  if (match === null) return undefined
  // uv names the address on the line before, and again behind the status; its hint only before.
  const behind = addresses(message.slice(match.index).split("\n", 1)[0] ?? "")[0]
  const address = behind ?? addresses(message.slice(0, match.index)).at(-1)
  const status = Number(match.slice(1).find((group) => group !== undefined) ?? 401)
  return address === undefined ? undefined : { address, status }
}

const addresses = (text: string): string[] =>
  [...text.matchAll(/https?:\/\/[^\s`'"<>()]+/g)].flatMap(([address]) => {
    const written = address.replace(/(?<![,.;:])[,.;:]+$/, "")
    if (!URL.canParse(written)) return []
    const { origin, pathname } = new URL(written)
    return [`${origin}${pathname}`]
  })
