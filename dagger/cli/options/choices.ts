import type { Argument, Option } from "commander"
import { fail } from "../../../src/lib/errors/catalogue.js"

/** Restricts an argument or option to known values; others fail with the given error of the catalogue. */
export function oneOf<T extends Argument | Option>(
  of: T,
  known: readonly string[],
  code: `UNKNOWN_${"STAGE" | "EVENT" | "SHELL" | "HOST" | "JOB"}`,
): T {
  of.choices(known).argParser((value) => {
    if (!known.includes(value)) throw fail(code, [value, known])
    return value
  })
  return of
}
