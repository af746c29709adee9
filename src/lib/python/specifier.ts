/** Parts of a version of Python, for example `3.12.4`; an asterisk or a missing part is left out. */
type Parts = readonly number[]

/**
 * True if some release of a minor version satisfies a requirement, as PEP 440 or Poetry write them.
 *
 * What can't be read is taken to allow every version: the installer will say more.
 *
 * @example allowsMinor(">=3.9,<3.13", 12) // true
 * @example allowsMinor("^3.11", 14) // true
 */
export const allowsMinor = (requirement: string, minor: number): boolean =>
  requirement
    .split(/\|\|?/)
    .some((alternative) => clauses(alternative).every(([operator, parts]) => allows(operator, parts, minor)))

function clauses(alternative: string): [operator: string, parts: Parts, text: string][] {
  const found = alternative
    .replace(/(?<=[<>=~!^])\s+/g, "")
    .matchAll(/(===?|~=|!=|<=?|>=?|\^|~)?v?(\d+(?:\.(?:\d+|\*))*)/g)
  return [...found].map(([, operator = "==", version = ""]) => [
    operator === "!=" && !version.endsWith("*") ? "skip" : operator,
    version
      .split(".")
      .filter((part) => part !== "*")
      .map(Number),
    version,
  ])
}

function allows(operator: string, [major = 3, wanted, patch]: Parts, minor: number): boolean {
  if (operator === "skip") return true // a single release is excluded
  const order = major === 3 ? Math.sign(minor - (wanted ?? 0)) : Math.sign(3 - major)
  if (operator.startsWith(">")) return order >= 0
  if (operator === "<=") return order <= 0
  if (operator === "<") return order < 0 || (order === 0 && major === 3 && (patch ?? 0) > 0)
  if (major !== 3) return operator === "!="
  if (operator === "!=") return wanted !== undefined && wanted !== minor
  // ^3.11 and ~=3.11 allow later minor versions; ~3.11 and ~=3.11.2 don't.
  const rising = operator === "^" || (operator === "~=" && patch === undefined)
  return wanted === undefined || (rising ? minor >= wanted : minor === wanted)
}
