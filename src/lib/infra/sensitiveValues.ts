/** Placeholder for a sensitive value. */
export const SENSITIVE = "(sensitive)"

/** A shorter secret hides nothing, and would be found by chance all over a plan. */
const SHORTEST = 4

/** From this length on a secret is looked for inside of longer texts too. */
const WINDOW = 8

/** Of a longer secret this much is compared, and what follows is hidden to the text's end. */
const LONGEST = 256

/** Where more secrets begin alike, what begins so is hidden. */
const MAX_SAME_START = 64

/** Numbers of fewer digits are ports and sizes. */
const SHORTEST_NUMBER = 6

/** Words that everything is full of. */
const COMMON: readonly string[] = ["true", "false", "null"]

const BASE = 0x01000193

/** What the first of a window's units counts in its hash. */
const FIRST = Array.from({ length: WINDOW - 1 }).reduce<number>((power) => Math.imul(power, BASE), 1)
const FILTER_BITS = 22

/**
 * The sensitive values of one plan. A mark says of one place that it is sensitive; providers copy the value to others
 * (the `output` of `terraform_data`, for one) without a mark, so it is looked for everywhere, in base64 as well.
 */
export class SensitiveValues {
  readonly #exact = new Set<string>()
  /** Patterns by their first characters. */
  readonly #patterns = new Map<string, Set<string>>()
  /** The hashes of those first characters: nearly all of a text is passed over with this alone. */
  readonly #filter = new Uint8Array(1 << FILTER_BITS)

  /** Takes every text in a value as secret. */
  add(value: unknown): void {
    if (typeof value === "string") this.#addText(value)
    else if (typeof value === "number" && String(value).length >= SHORTEST_NUMBER)
      this.#addText(String(value))
    else if (typeof value === "object" && value !== null)
      Object.values(value).forEach((each) => this.add(each))
  }

  #addText(secret: string): void {
    if (secret.trim().length < SHORTEST || COMMON.includes(secret) || this.#exact.has(secret)) return
    this.#exact.add(secret)
    if (secret.length < WINDOW) for (const form of wholeForms(secret)) this.#exact.add(form)
    else for (const form of forms(secret)) this.#addPattern(form)
  }

  #addPattern(form: string): void {
    if (form.length < WINDOW) return
    const start = form.slice(0, WINDOW)
    const known = this.#patterns.get(start)
    if (known === undefined) {
      this.#patterns.set(start, new Set([form]))
      this.#filter[windowHash(start) >>> (32 - FILTER_BITS)] = 1
    } else if (known.size <= MAX_SAME_START) known.add(form)
  }

  /** Returns the text with `(sensitive)` for every secret in it. */
  hide(text: string): string {
    if (this.#exact.has(text)) return SENSITIVE
    if (text.length < WINDOW || this.#patterns.size === 0) return text
    const shown: string[] = []
    let end = 0
    for (const [from, to] of this.#found(text)) {
      if (from >= end && (from > end || shown.length === 0)) shown.push(text.slice(end, from), SENSITIVE)
      end = Math.max(end, to)
    }
    return shown.length === 0 ? text : shown.join("") + text.slice(end)
  }

  /** Returns an address with its keys hidden where they are secret; names in the configuration never are. */
  hideInAddress(address: string): string {
    return address.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => {
      const hidden = this.hide(quoted.slice(1, -1))
      return `"${hidden}"`
    })
  }

  /** The places where secrets stand, in the order in which they begin. */
  #found(text: string): [from: number, to: number][] {
    const filter = this.#filter
    const found: [from: number, to: number][] = []
    const last = text.length - WINDOW
    let hash = windowHash(text)
    for (let at = 0; at <= last; at += 1) {
      if (filter[hash >>> (32 - FILTER_BITS)] === 1) {
        const to = this.#endAt(text, at)
        if (to > at) found.push([at, to])
      }
      hash = rolled(hash, text.charCodeAt(at), text.charCodeAt(at + WINDOW))
    }
    return found
  }

  /** Where the longest secret ends that begins here. */
  #endAt(text: string, at: number): number {
    const patterns = this.#patterns.get(text.slice(at, at + WINDOW))
    if (patterns === undefined) return at
    if (patterns.size > MAX_SAME_START) return text.length
    let end = at
    for (const pattern of patterns)
      if (at + pattern.length > end && text.startsWith(pattern, at))
        end = pattern.length === LONGEST ? text.length : at + pattern.length
    return end
  }
}

/** The hash of the next window; past the text's end it is of no use. */
const rolled = (hash: number, first: number, next: number): number =>
  (Math.imul(hash - Math.imul(first, FIRST), BASE) + next) | 0

function windowHash(text: string): number {
  let hash = 0
  for (let at = 0; at < WINDOW; at += 1) hash = (Math.imul(hash, BASE) + text.charCodeAt(at)) | 0
  return hash
}

const wholeForms = (secret: string): string[] => {
  const base64 = Buffer.from(secret).toString("base64")
  return [base64, base64.replace(/=+$/, ""), encodeURIComponent(wellFormed(secret))]
}

/** The spellings in which a secret may stand in a longer text. */
function forms(secret: string): Set<string> {
  const start = secret.slice(0, LONGEST)
  const json = JSON.stringify(start).slice(1, -1)
  const spelled = [start, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(wellFormed(start))]
  const encoded = base64Forms(Buffer.from(start))
  const urlSafe = encoded.map((each) => each.replaceAll("+", "-").replaceAll("/", "_"))
  return new Set([...spelled, ...encoded, ...urlSafe].map((form) => form.slice(0, LONGEST)))
}

const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, "\uFFFD")

/** What base64 makes of the bytes wherever they begin in a longer text: the digits that depend on them alone. */
const base64Forms = (bytes: Buffer): string[] =>
  [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6)),
  )
