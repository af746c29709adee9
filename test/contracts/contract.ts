/** Facts of a program that Slipway relies on, each with its source and, where possible, a check that anyone can run. */
import { isDeepStrictEqual } from "node:util"

export interface Fact<Ran = unknown, Settings = unknown> {
  /** Unique in the contract. */
  id: string
  /** The fact in a sentence. */
  fact: string
  /** Pages, issues with their number, or files of a version, that say so. */
  sources: readonly string[]
  /** Which source's words were read for this fact, in which version or when it was stored; not given where none could be had. */
  read?: string
  /** The first version that it holds for; all that Slipway supports by default. */
  since?: string
  /** The first version that it doesn't hold for any more. */
  until?: string
  /** A run, and what must come of it. Without one the fact rests on its sources. */
  check?: Check<Ran, Settings>
  /** What shows it by hand where no check can: it needs an engine, a network, or what an imitation doesn't have. */
  byHand?: string
}

export interface Check<Ran, Settings> {
  run: Settings
  /** What is looked at. */
  found: (ran: Ran) => unknown
  /** What it must be. */
  equals: unknown
}

/** A check's result: undefined if the fact holds, else what was found. */
export type Result = string | undefined

/** Runs a fact's check. */
export async function tried<Ran, Settings>(
  { run, found, equals }: Check<Ran, Settings>,
  execute: (settings: Settings) => Promise<Ran>,
): Promise<Result> {
  const got = found(await execute(run))
  return isDeepStrictEqual(got, equals)
    ? undefined
    : `found ${JSON.stringify(got)}, wanted ${JSON.stringify(equals)}`
}

const numbers = (version: string): number[] => version.split(".").map(Number)

function before(version: string, other: string): boolean {
  const [a, b] = [numbers(version), numbers(other)]
  const at = a.findIndex((part, index) => part !== b[index])
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0)
}

/** True for a fact of this version of the program. */
export const concerns = ({ since, until }: Pick<Fact, "since" | "until">, version: string): boolean =>
  !(since !== undefined && before(version, since)) && !(until !== undefined && !before(version, until))
