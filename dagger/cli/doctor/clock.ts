import { type DoctorFinding, failure, ok, warning } from "./finding.js"

/** A signer's tokens and certificates are valid for ten minutes by the clock of the server that issued them. */
const FATAL_SECONDS = 300
const ODD_SECONDS = 30

/** Compares this machine's clock with the Date header of a server's response. */
export function clockFinding(server: string, date: string, now = Date.now()): DoctorFinding {
  const then = Date.parse(date)
  if (Number.isNaN(then))
    return warning("clock", `${server} doesn't say the time`, "compare it by hand: date -u")
  const seconds = Math.round((now - then) / 1000)
  const away = Math.abs(seconds)
  const value = `${away} s ${seconds < 0 ? "behind" : "ahead of"} ${server}`
  const remedy = "set it by NTP: tokens, signatures and certificates would not hold"
  if (away >= FATAL_SECONDS) return failure("clock", value, remedy)
  return away >= ODD_SECONDS ? warning("clock", value, remedy) : ok("clock", `as that of ${server}`)
}
