import { beginsEscape, escapeAt, isFiller, isUnseen } from "./escapes.js"

/** Bytes to search, with the place of each in the text that they come from. */
export interface View {
  bytes: Uint8Array
  /** Start and end of each byte's origin. */
  from: Int32Array
  to: Int32Array
}

/** Views bytes as they are. */
export function plainView(bytes: Uint8Array): View {
  const [from, to] = [new Int32Array(bytes.length), new Int32Array(bytes.length)]
  for (let at = 0; at < bytes.length; at += 1) to[at] = (from[at] = at) + 1
  return { bytes, from, to }
}

/** Separates parts of a view that don't belong together; UTF-8 has no such byte. */
const GAP = 0xff

/** Collects the bytes of a view that is made from another one. */
class Writer {
  private readonly bytes: Uint8Array
  private readonly from: Int32Array
  private readonly to: Int32Array
  private length = 0

  constructor(
    private readonly source: View,
    most: number,
  ) {
    this.bytes = new Uint8Array(most)
    this.from = new Int32Array(most)
    this.to = new Int32Array(most)
  }

  /** Adds a byte that is made from the source's bytes from `start` to before `end`. */
  add(byte: number, start: number, end: number): void {
    this.bytes[this.length] = byte
    this.from[this.length] = this.source.from[start] ?? 0
    this.to[this.length] = this.source.to[end - 1] ?? 0
    this.length += 1
  }

  done(): View {
    const { bytes, from, to, length } = this
    return { bytes: bytes.subarray(0, length), from: from.subarray(0, length), to: to.subarray(0, length) }
  }
}

/** Views text without white space, and without the bars and angle brackets that boxes and quotations have before lines. */
function unwrapped(source: View): View {
  const { bytes } = source
  const out = new Writer(source, bytes.length)
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (isUnseen(bytes, at)) at += 2
    else if (!isFiller(byte)) out.add(byte, at, at + 1)
  }
  return out.done()
}

/** Views text without escapes of JSON, shells, URLs and HTML, however often one of these was applied. */
function unescaped(source: View): View {
  const { bytes } = source
  if (!bytes.some(beginsEscape)) return source
  const out = new Writer(source, bytes.length)
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0
    const escape = beginsEscape(byte) ? escapeAt(bytes, at) : undefined
    const end = escape?.end ?? at + 1
    if (escape === undefined) out.add(byte, at, end)
    else for (const each of escape.bytes) if (!isFiller(each)) out.add(each, at, end)
    at = end
  }
  return out.done()
}

/** How often escapes may be within others of another kind, such as JSON in a URL. */
const MOST_PASSES = 6

/** Views what a text says without line breaks and escapes. */
export function bare(source: View): View {
  let view = unwrapped(source)
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const { length } = view.bytes
    view = unescaped(view)
    if (view.bytes.length === length) break
  }
  return view
}

/** Fewest digits that are decoded: those of the shortest secret that is searched for in decoded bytes. */
const LEAST_DIGITS = 6

/** Value of each base64 digit in either alphabet, else -1. */
const BASE64 = digits("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
BASE64["-".charCodeAt(0)] = 62
BASE64["_".charCodeAt(0)] = 63
const HEX = digits("0123456789abcdef")
for (const [value, digit] of [..."ABCDEF"].entries()) HEX[digit.charCodeAt(0)] = 10 + value

function digits(alphabet: string): Int8Array {
  const values = new Int8Array(256).fill(-1)
  for (const [value, digit] of [...alphabet].entries()) values[digit.charCodeAt(0)] = value
  return values
}

const [ZERO, X, BIG_X, COLON, DASH, COMMA] = [0x30, 0x78, 0x58, 0x3a, 0x2d, 0x2c]

/** Digits of an encoding as numbers, with the index of each; -1 between runs. */
interface Digits {
  values: Int8Array
  at: Int32Array
  length: number
}

function base64Digits({ bytes }: View): Digits {
  const out = { values: new Int8Array(bytes.length), at: new Int32Array(bytes.length), length: bytes.length }
  for (let at = 0; at < bytes.length; at += 1) {
    out.values[at] = BASE64[bytes[at] ?? 0] ?? -1
    out.at[at] = at
  }
  return out
}

/** Digits in hexadecimal, also in the forms `de:ad`, `de-ad` and `0xde, 0xad`. */
function hexDigits({ bytes }: View): Digits {
  const out = { values: new Int8Array(bytes.length), at: new Int32Array(bytes.length), length: 0 }
  for (let at = 0; at < bytes.length; at += 1) {
    const [byte, next] = [bytes[at] ?? 0, bytes[at + 1]]
    if (byte === COLON || byte === DASH || byte === COMMA) continue
    if (byte === ZERO && (next === X || next === BIG_X)) at += 1
    else {
      out.values[out.length] = HEX[byte] ?? -1
      out.at[out.length] = at
      out.length += 1
    }
  }
  return out
}

/** Decodes all runs of digits, beginning with the one at `phase` in each: nothing says where an encoding begins. */
function decoded(source: View, { values, at, length }: Digits, bits: number, phase: number): View {
  const out = new Writer(source, length + 1)
  for (let start = 0; start < length;) {
    let end = start
    while (end < length && (values[end] ?? -1) >= 0) end += 1
    if (end - start >= LEAST_DIGITS) {
      let [held, count] = [0, 0]
      for (let index = start + phase; index < end; index += 1) {
        held = ((held << bits) | (values[index] ?? 0)) & 0xffff
        count += bits
        if (count < 8) continue
        count -= 8
        // Two digits hold the bits of a byte, in either encoding.
        out.add((held >> count) & 0xff, at[index - 1] ?? 0, (at[index] ?? 0) + 1)
      }
      out.add(GAP, at[start] ?? 0, (at[start] ?? 0) + 1)
    }
    start = end + 1
  }
  return out.done()
}

/** Views all that is decoded from base64 or hexadecimal in a view. */
export function* decodings(source: View): Generator<View> {
  const base64 = base64Digits(source)
  for (const phase of [0, 1, 2, 3]) yield decoded(source, base64, 6, phase)
  const hex = hexDigits(source)
  for (const phase of [0, 1]) yield decoded(source, hex, 4, phase)
}
