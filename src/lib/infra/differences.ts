import { isDeepStrictEqual } from "node:util"
import { isFields } from "../text/json.js"
import { below } from "./attributePath.js"
import { maskValue, hides, maskAt, marksAny } from "./masks.js"
import type { ChangeJson } from "./planJson.js"
import { SENSITIVE, type SensitiveValues } from "./sensitiveValues.js"

/** Placeholder for a value that is not known yet. */
export const UNKNOWN = "(known after apply)"

/** One attribute's change. A side is the value as JSON, or `(sensitive)` or `(known after apply)` without quotes. */
export interface Difference {
  /** For example `tags.env`; empty for the whole value, as of an output. */
  path: string
  /** Absent for an added value. */
  before?: string
  /** Absent for a removed value. */
  after?: string
  /** Set if the sensitivity changes rather than the value. */
  note?: "becomes sensitive" | "is no longer sensitive"
  /** Set if it forces the resource's replacement. */
  forces?: true
}

interface Sides {
  before: unknown
  after: unknown
  unknown: unknown
  beforeMask: unknown
  afterMask: unknown
}

/** Returns all differences in nested values; paths in `forcing` are those that force a replacement. */
export function differencesOf(
  change: ChangeJson,
  secrets: SensitiveValues,
  forcing: ReadonlySet<string> = new Set(),
): Difference[] {
  const comparison = new Comparison(secrets, forcing, absent(change.before) || absent(change.after))
  const { before, after, afterUnknown, beforeSensitive, afterSensitive } = change
  comparison.compare("", {
    before,
    after,
    unknown: afterUnknown,
    beforeMask: beforeSensitive,
    afterMask: afterSensitive,
  })
  return comparison.found
}

class Comparison {
  readonly found: Difference[] = []

  constructor(
    private readonly secrets: SensitiveValues,
    private readonly forcing: ReadonlySet<string>,
    /** True for a new or a removed resource, whose empty maps and lists are not reported. */
    private readonly whole: boolean,
  ) {}

  compare(path: string, sides: Sides, forced = false): void {
    const forces = forced || this.forcing.has(path)
    const { before, after, unknown, beforeMask, afterMask } = sides
    if (hides(beforeMask, before) || hides(afterMask, after)) this.#hidden(path, sides, forces)
    else if (unknown === true) this.#add(path, this.#text(before, [beforeMask]), UNKNOWN, forces)
    else if (areBoth(Array.isArray, before, after)) this.#lists(path, sides, forces)
    else if (areBoth(isFields, before, after)) this.#maps(path, sides, forces)
    else if (!absent(before) || !absent(after)) this.#leaves(path, sides, forces)
  }

  #leaves(path: string, { before, after, beforeMask, afterMask }: Sides, forces: boolean): void {
    if (before === after) return
    this.#add(path, this.#text(before, [beforeMask]), this.#text(after, [afterMask]), forces)
  }

  #hidden(path: string, sides: Sides, forces: boolean): void {
    const { before, after, unknown } = sides
    const was = marksAny(sides.beforeMask)
    const is = marksAny(sides.afterMask)
    const side = (value: unknown) => (absent(value) ? undefined : SENSITIVE)
    if (marksAny(unknown)) this.#add(path, side(before), UNKNOWN, forces)
    else if (!isDeepStrictEqual(before ?? null, after ?? null))
      this.#add(path, side(before), side(after), forces)
    else if (was !== is && !absent(before))
      this.#add(path, SENSITIVE, SENSITIVE, forces, is ? "becomes sensitive" : "is no longer sensitive")
  }

  #maps(path: string, sides: Sides, forces: boolean): void {
    const parts = [sides.before, sides.after, unknownMap(sides.unknown)].map((part) =>
      isFields(part) ? part : {},
    )
    const keys = new Set(parts.flatMap((part) => Object.keys(part)))
    if (keys.size === 0 && !this.whole && absent(sides.before) !== absent(sides.after))
      this.#leaves(path, sides, forces)
    for (const key of keys) {
      const name = below(path, this.secrets.hide(key))
      this.compare(name, sidesAt(sides, key, key), forces)
    }
  }

  /** Matches the common beginning and end of lists, so that an entry in the middle is one difference. */
  #lists(path: string, sides: Sides, forces: boolean): void {
    const [before, after] = [sides.before, sides.after].map((side) =>
      Array.isArray(side) ? (side as unknown[]) : [],
    )
    const [most, least] = [Math.max(length(before), length(after)), Math.min(length(before), length(after))]
    if (most === 0 && !this.whole && absent(sides.before) !== absent(sides.after))
      this.#leaves(path, sides, forces)
    if (most === least) {
      for (let index = 0; index < most; index += 1)
        this.compare(below(path, index), sidesAt(sides, index, index), forces)
      return
    }
    let start = 0
    while (start < least && this.#same(sidesAt(sides, start, start))) start += 1
    let end = 0
    const fromEnd = (back: number) => sidesAt(sides, length(before) - back, length(after) - back)
    while (end < least - start && this.#same(fromEnd(end + 1))) end += 1
    for (let index = start; index < length(before) - end; index += 1)
      this.compare(below(path, index), sidesAt(sides, index, undefined), forces)
    for (let index = start; index < length(after) - end; index += 1)
      this.compare(below(path, index), sidesAt(sides, undefined, index), forces)
  }

  #same(sides: Sides): boolean {
    const comparison = new Comparison(this.secrets, this.forcing, false)
    comparison.compare("", sides)
    return comparison.found.length === 0
  }

  #text(value: unknown, masks: readonly unknown[]): string | undefined {
    if (absent(value)) return undefined
    const shown = maskValue(value, masks, this.secrets)
    return shown === SENSITIVE ? SENSITIVE : JSON.stringify(shown)
  }

  #add(
    path: string,
    before: string | undefined,
    after: string | undefined,
    forces: boolean,
    note?: Difference["note"],
  ): void {
    this.found.push({
      path,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      ...(note === undefined ? {} : { note }),
      ...(forces ? { forces: true } : {}),
    })
  }
}

/** True for an absent value, which may be null in JSON. */
const absent = (value: unknown): boolean => value === null || value === undefined

/** True if both sides are of a kind, or the only one is. */
const areBoth = (is: (value: unknown) => boolean, before: unknown, after: unknown): boolean =>
  (is(before) && (is(after) || absent(after))) || (absent(before) && is(after))

const length = (list: unknown[] | undefined): number => list?.length ?? 0

/** Removes entries of `after_unknown` without anything unknown, which would look like keys. */
const unknownMap = (unknown: unknown): unknown =>
  isFields(unknown)
    ? Object.fromEntries(Object.entries(unknown).filter(([, each]) => marksAny(each)))
    : undefined

/** Returns the sides one level down; a side without the key has no value there. */
function sidesAt(
  sides: Sides,
  before: string | number | undefined,
  after: string | number | undefined,
): Sides {
  const at = (part: unknown, key: string | number | undefined): unknown =>
    key === undefined || typeof part !== "object" ? undefined : maskAt(part, key)
  const mask = (part: unknown, key: string | number | undefined): unknown =>
    key === undefined ? undefined : maskAt(part, key)
  return {
    before: at(sides.before, before),
    after: at(sides.after, after),
    unknown: mask(sides.unknown, after),
    beforeMask: mask(sides.beforeMask, before),
    afterMask: mask(sides.afterMask, after),
  }
}
