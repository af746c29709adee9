import { fail } from "../errors/catalogue.js"

const MAX_DAYS = 366

/** Parses a window such as `30d` into days. Fails with UNKNOWN_WINDOW. */
export function parseWindow(window: string): number {
  const days = /^([1-9][0-9]{0,2})d$/.exec(window)?.[1]
  if (days === undefined || Number(days) > MAX_DAYS) throw fail("UNKNOWN_WINDOW", [window])
  return Number(days)
}
