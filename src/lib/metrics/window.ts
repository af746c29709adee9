import { fail } from "../errors/catalogue.js"

const MOST_DAYS = 366

/** The days of a window such as `30d`. Fails with UNKNOWN_WINDOW. */
export function parseWindow(window: string): number {
  const days = /^([1-9][0-9]{0,2})d$/.exec(window)?.[1]
  if (days === undefined || Number(days) > MOST_DAYS) throw fail("UNKNOWN_WINDOW", [window])
  return Number(days)
}
