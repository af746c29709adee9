/** An escape in a text: the bytes that it stands for, and where it ends. */
interface Escape {
  bytes: number[]
  end: number
}

const [BACKSLASH, PERCENT, AMPERSAND, SEMICOLON, HASH] = [0x5c, 0x25, 0x26, 0x3b, 0x23]
const [BAR, ANGLE] = [0x7c, 0x3e]

/** True for a byte at which there may be an escape. */
export const beginsEscape = (byte: number): boolean =>
  byte === BACKSLASH || byte === PERCENT || byte === AMPERSAND

/** Parses an escape of JSON, shells, URLs or HTML; undefined where there is none. */
export function escapeAt(bytes: Uint8Array, at: number): Escape | undefined {
  switch (bytes[at]) {
    case BACKSLASH:
      return backslashes(bytes, at)
    case PERCENT:
      return percent(bytes, at)
    case AMPERSAND:
      return entity(bytes, at)
    default:
      return undefined
  }
}

/** True for white space, NUL, with which UTF-16 fills up, and what begins the lines of boxes and quotations. */
export const isFiller = (byte: number): boolean =>
  byte === 0x20 || (byte >= 9 && byte <= 13) || byte === 0 || byte === BAR || byte === ANGLE

/** True at the three bytes of a space of no width or of a box's bar. */
export const isUnseen = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === 0xe2 &&
  ((bytes[at + 1] === 0x80 && bytes[at + 2] === 0x8b) || (bytes[at + 1] === 0x94 && bytes[at + 2] === 0x82))

const SPACES: Partial<Record<string, number>> = { t: 9, n: 10, r: 13 }

/** Any number of backslashes with what follows: `\n`, `\u00e9`, `\xe9`, `\303`, or the character itself. */
function backslashes(bytes: Uint8Array, at: number): Escape {
  let end = at + 1
  while (bytes[end] === BACKSLASH) end += 1
  const kind = String.fromCharCode(bytes[end] ?? 0)
  const space = SPACES[kind]
  if (space !== undefined) return { bytes: [space], end: end + 1 }
  if (kind === "x") {
    const value = hexAt(bytes, end + 1, 2)
    if (value !== undefined) return { bytes: [value], end: end + 3 }
  }
  if (kind === "u") {
    const unit = hexAt(bytes, end + 1, 4)
    if (unit !== undefined) return codeUnit(bytes, unit, end + 5)
  }
  const octal = /^[0-3][0-7]{2}$/.exec(latin1(bytes, end, end + 3))
  if (octal !== null) return { bytes: [parseInt(octal[0], 8)], end: end + 3 }
  const next = bytes[end]
  // The backslashes are hidden along with what they escape; anything with a meaning of its own is parsed by itself.
  return next === undefined || isFiller(next) || next === PERCENT || next === AMPERSAND || next >= 0x80
    ? { bytes: [], end }
    : { bytes: [next], end: end + 1 }
}

/** A code unit of UTF-16, joined with the one that follows if they are a pair. */
function codeUnit(bytes: Uint8Array, unit: number, end: number): Escape {
  if (unit >= 0xd800 && unit < 0xdc00 && bytes[end] === BACKSLASH) {
    let next = end + 1
    while (bytes[next] === BACKSLASH) next += 1
    const low = bytes[next] === 0x75 ? hexAt(bytes, next + 1, 4) : undefined
    if (low !== undefined && low >= 0xdc00 && low < 0xe000)
      return { bytes: utf8(((unit - 0xd800) << 10) + (low - 0xdc00) + 0x10000), end: next + 5 }
  }
  return { bytes: utf8(unit), end }
}

/** `%41`, also escaped again: `%2541`. */
function percent(bytes: Uint8Array, at: number): Escape | undefined {
  let value = hexAt(bytes, at + 1, 2)
  if (value === undefined) return undefined
  let end = at + 3
  while (value === PERCENT) {
    const next = hexAt(bytes, end, 2)
    if (next === undefined) break
    value = next
    end += 2
  }
  return { bytes: [value], end }
}

const NAMED: Partial<Record<string, number>> = { amp: AMPERSAND, lt: 0x3c, gt: 0x3e, quot: 0x22, apos: 0x27 }
const LONGEST_NAME = 8

/** `&lt;` or `&#60;`, also escaped again: `&amp;lt;`. */
function entity(bytes: Uint8Array, at: number): Escape | undefined {
  let value: number | undefined
  let [start, end] = [at + 1, at]
  for (;;) {
    const semicolon = bytes.subarray(start, start + LONGEST_NAME + 1).indexOf(SEMICOLON)
    const found = semicolon < 1 ? undefined : entityValue(latin1(bytes, start, start + semicolon))
    if (found === undefined) break
    value = found
    end = start + semicolon + 1
    if (value !== AMPERSAND) break
    start = end
  }
  return value === undefined ? undefined : { bytes: utf8(value), end }
}

function entityValue(name: string): number | undefined {
  if (name.charCodeAt(0) !== HASH) return NAMED[name]
  const digits = /^#(?:[xX]([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name)
  const value =
    digits === null ? NaN : parseInt(digits[1] ?? digits[2] ?? "", digits[1] === undefined ? 10 : 16)
  return value <= 0x10ffff ? value : undefined
}

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  String.fromCharCode(...bytes.subarray(start, end))

function hexAt(bytes: Uint8Array, at: number, length: number): number | undefined {
  const text = latin1(bytes, at, at + length)
  return text.length === length && /^[0-9a-fA-F]+$/.test(text) ? parseInt(text, 16) : undefined
}

/** A code point in UTF-8; a lone surrogate becomes U+FFFD, as in all texts here. */
const utf8 = (point: number): number[] =>
  point < 0x80
    ? [point]
    : [...Buffer.from(point >= 0xd800 && point < 0xe000 ? "\uFFFD" : String.fromCodePoint(point))]
