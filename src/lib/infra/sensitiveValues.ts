/** Placeholder for a sensitive value. */
export const SENSITIVE = "(sensitive)"

/** Length below which a secret is ignored: it would match by chance all over a plan. */
const SHORTEST = 4

/** Length from which a secret is also searched for inside longer texts. */
const WINDOW = 8

/** Length up to which a longer secret is compared; a match hides the rest of the text. */
const LONGEST = 256

/** Number of secrets with a common beginning beyond which any text with that beginning is hidden. */
const MAX_SAME_START = 64

/** Digits below which a number is ignored, as for ports and sizes. */
const SHORTEST_NUMBER = 6

/** Common words that are never secret. */
const COMMON: readonly string[] = ["true", "false", "null"]

const BASE = 0x01000193

/** Weight of a window's first unit in its hash. */
const FIRST = Array.from({ length: WINDOW - 1 }).reduce<number>((power) => Math.imul(power, BASE), 1)
const FILTER_BITS = 22

/**
 * The sensitive values of one plan.
 *
 * A plan marks values as sensitive at single places; providers copy them to others without a mark (the `output` of
 * `terraform_data`, for one), so they are searched for everywhere, in base64 as well.
 */
export class SensitiveValues {
  readonly #exact = new Set<string>()
  /** Patterns by their first characters. */
  readonly #patterns = new Map<string, Set<string>>()
  /** Hashes of those first characters, which rule out nearly all of a text. */
  readonly #filter = new Uint8Array(1 << FILTER_BITS)

  /** Adds every text in a value as a secret. */
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

  /** Returns the text with every secret replaced by `(sensitive)`. */
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

  /** Hides secret keys in an address; names in the configuration never are secret. */
  hideInAddress(address: string): string {
    // Without a closing quote it matches up to the end, as further tries would take quadratic time.
    return address.replace(
      /"((?:[^"\\]|\\[^])*)("|\\?$)/g,
      (_, quoted: string, end: string) => `"${this.hide(quoted)}${end}`,
    )
  }

  /** Ranges of secrets, ordered by their start. */
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

  /** End of the longest secret that starts here. */
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

/** Hash of the next window; meaningless past the text's end. */
const rolled = (hash: number, first: number, next: number): number =>
  (Math.imul(hash - Math.imul(first, FIRST), BASE) + next) | 0

function windowHash(text: string): number {
  let hash = 0
  for (let at = 0; at < WINDOW; at += 1) hash = (Math.imul(hash, BASE) + text.charCodeAt(at)) | 0
  return hash
}

const wholeForms = (secret: string): string[] => {
  const base64 = Buffer.from(secret).toString("base64")
  return [base64, base64.replaceAll("=", ""), encodeURIComponent(wellFormed(secret))]
}

/** Forms in which a secret may appear in a longer text. */
function forms(secret: string): Set<string> {
  const start = secret.slice(0, LONGEST)
  const json = JSON.stringify(start).slice(1, -1)
  const spelled = [start, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(wellFormed(start))]
  const encoded = base64Forms(Buffer.from(start))
  const urlSafe = encoded.map((each) => each.replaceAll("+", "-").replaceAll("/", "_"))
  return new Set([...spelled, ...encoded, ...urlSafe].map((form) => form.slice(0, LONGEST)))
}

const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, "\uFFFD")

/** Base64 digits that depend on the bytes alone, for each alignment in a longer text. */
const base64Forms = (bytes: Buffer): string[] =>
  [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6)),
  )
