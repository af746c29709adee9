import type { Argument, Option } from "commander"
import { fail } from "../../../src/lib/errors/catalogue.js"

/** Of an argument or option that takes one of these: others are refused with the catalogue's error for it. */
export function oneOf<T extends Argument | Option>(
  of: T,
  known: readonly string[],
  code: "UNKNOWN_STAGE" | "UNKNOWN_EVENT" | "UNKNOWN_ENVIRONMENT" | "UNKNOWN_SHELL" | "UNKNOWN_HOST",
): T {
  of.choices(known).argParser((value) => {
    if (!known.includes(value)) throw fail(code, [value, known])
    return value
  })
  return of
}
