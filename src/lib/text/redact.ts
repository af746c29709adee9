const MASK = "***"

/** Places from which a secret is read by name; the name is no secret. */
const REFERENCE = "(?!(?:env|file|cmd|op|vault|libsecret):\\/\\/|\\$|\\*\\*\\*)"

/** What looks like a secret by itself: the groups before and behind it are kept. */
const SHAPES: readonly RegExp[] = [
  /(-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----)[^-]{1,200000}/g,
  /()\bAGE-SECRET-KEY-1[0-9A-Z]{10,}/g,
  /()(?<![\w-])(?:gh[pousr]_|github_pat_|glpat-|glc_|glsa_|xox[abprs]-|npm_|pypi-|dop_v1_|sk_live_)[\w-]{16,}/g,
  /()(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g,
  // Whoever knows the address of a webhook can write to it.
  /(https:\/\/(?:hooks\.slack\.com\/|discord(?:app)?\.com\/api\/webhooks\/|outlook\.office\.com\/webhook|[\w-]{1,63}\.webhook\.office\.com\/))[^\s"'<>]+/g,
  /([?&;](?:[\w-]{0,30}(?:password|passwd|token|secret|signature|api_?key)|pwd|sig)=)[^&;#\s"'<>]+/gi,
  new RegExp(
    `(\\b(?:password|passwd|pwd|accountkey|sharedaccesskey|client_secret)=)${REFERENCE}(?:'[^'\\n]{1,1000}'|"[^"\\n]{1,1000}"|[^\\s;&,"']+)`,
    "gi",
  ),
]

/**
 * Removes what looks like a secret from a text that quotes foreign input: passwords in addresses, tokens, keys.
 *
 * For messages about values that can't be used, and hence about secrets that nobody knows as such.
 */
export const redact = (text: string): string =>
  SHAPES.reduce((shown, shape) => shown.replace(shape, `$1${MASK}`), withoutPasswords(text))

/** Length from which a user without a password is a token, as in `https://TOKEN@host`. */
const TOKEN_LENGTH = 20

/** Removes passwords from addresses, also from those with a password that should have been encoded. */
function withoutPasswords(text: string): string {
  const parts: string[] = []
  let done = 0
  for (let at = text.indexOf("//"); at >= 0; at = text.indexOf("//", done)) {
    const start = at + 2
    const length = /[\s"'<>`]/.exec(text.slice(start, start + LONGEST))?.index ?? LONGEST
    const address = text.slice(start, start + length)
    parts.push(text.slice(done, start), withoutPassword(address))
    done = start + address.length
  }
  return parts.join("") + text.slice(done)
}

/** Length up to which an address is read. */
const LONGEST = 4096

function withoutPassword(address: string): string {
  const authority = /^[^/?#]*/.exec(address)?.[0] ?? ""
  const end = authority.lastIndexOf("@")
  const colon = address.indexOf(":")
  if (end < 0) {
    const last = address.lastIndexOf("@")
    const isPort = /^:\d*(?:[/?#,]|$)/.test(address.slice(colon, colon + 7))
    return colon < 0 || colon > last || isPort || colon > authority.length
      ? address
      : `${address.slice(0, colon + 1)}${MASK}${address.slice(last)}`
  }
  if (colon >= 0 && colon < end) return `${address.slice(0, colon + 1)}${MASK}${address.slice(end)}`
  return end >= TOKEN_LENGTH ? `${MASK}${address.slice(end)}` : address
}
