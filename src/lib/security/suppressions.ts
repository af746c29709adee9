import type { Finding } from "../run/finding.js"
import { Suppressed, type ScanPlace, type Suppression } from "../run/suppressed.js"
import { glob } from "./glob.js"

/** File in the service's source that lists suppressions. */
export const SUPPRESSIONS_FILE = ".slipway/suppressions.yaml"

/** Findings split by suppressions, and the entries in use. */
interface Suppressing {
  kept: Finding[]
  suppressed: Suppressed[]
  /** Entries that match a finding, including invalid ones, which suppress nothing. */
  used: Set<Suppression>
}

/** Use of entries by a run. */
interface Usage {
  used: ReadonlySet<Suppression>
  /** Tools whose findings are all known: only their entries can be unused. */
  tools: ReadonlySet<string>
}

/** Rule of an unused entry. */
const UNUSED = "unused"

const DAY = 86_400_000

/** Longest validity of an entry: nobody remembers a reason for longer. */
const MOST_DAYS = 365

/** Entries that apply to the source or to the image. */
export const entriesFor = (place: ScanPlace, entries: readonly Suppression[]): Suppression[] =>
  entries.filter((entry) => entry.in === undefined || entry.in === place)

/** Splits findings into those that a valid entry suppresses and the rest. */
export function applySuppressions(
  findings: readonly Finding[],
  suppressions: readonly Suppression[],
  now: Date,
): Suppressing {
  const byRule = new Map<string, { entry: Suppression; holds: (finding: Finding) => boolean }[]>()
  for (const entry of suppressions) {
    const key = ruleKey(entry)
    byRule.set(key, [...(byRule.get(key) ?? []), { entry, holds: holdsFor(entry) }])
  }
  const inOrder = new Set(suppressions.filter((each) => fault(each, now) === undefined))
  const result: Suppressing = { kept: [], suppressed: [], used: new Set() }
  for (const finding of findings) {
    const rules = [finding.rule, ...(finding.within === undefined ? [] : [finding.within])]
    const entries = rules
      .flatMap((rule) => byRule.get(ruleKey({ tool: finding.tool, rule })) ?? [])
      .filter(({ holds }) => holds(finding))
    const first = entries.find(({ entry }) => inOrder.has(entry))
    if (first === undefined) result.kept.push(finding)
    else result.suppressed.push({ finding, suppression: first.entry })
    for (const { entry } of entries) result.used.add(entry)
  }
  return result
}

const ruleKey = ({ tool, rule }: Pick<Finding, "tool" | "rule">): string => JSON.stringify([tool, rule])

function holdsFor({ path }: Suppression): (finding: Finding) => boolean {
  if (path === undefined) return () => true
  const matches = glob(path)
  return ({ file }) => file !== undefined && matches(file)
}

/** Returns a finding for each unused entry that is for the image alone. */
export const unusedInImage = (entries: readonly Suppression[], used: ReadonlySet<Suppression>): Finding[] =>
  entries
    .filter((entry) => entry.in === "image" && !used.has(entry))
    .map((entry) => complaint(entry, UNUSED, "suppresses nothing in the image: remove it"))

/** Returns a finding for each invalid entry, and for each that is unused in the source. */
export function suppressionFindings(
  entries: readonly Suppression[],
  { used, tools }: Usage,
  now: Date,
): Finding[] {
  return entries.flatMap((entry) => {
    const needless = entry.in !== "image" && tools.has(entry.tool) && !used.has(entry)
    const found = fault(entry, now) ?? (needless ? ([UNUSED, needlessText(entry)] as const) : undefined)
    return found === undefined ? [] : [complaint(entry, ...found)]
  })
}

const needlessText = ({ tool }: Suppression): string =>
  tool === "trivy"
    ? "suppresses nothing in the source: remove it, or give it `in: image`"
    : "suppresses nothing: remove it"

const complaint = (entry: Suppression, rule: string, message: string): Finding => ({
  tool: "slipway",
  rule,
  level: "error",
  file: SUPPRESSIONS_FILE,
  line: entry.line,
  message: `${named(entry)} ${message}`,
})

type Fault = readonly [rule: string, message: string]

/** Returns why an entry is invalid, if so. */
function fault({ reason, owner, expires }: Suppression, now: Date): Fault | undefined {
  if (reason === "") return ["no-reason", "gives no reason: say why it may be ignored"]
  if (owner === "") return ["no-owner", "has no owner: name who is responsible"]
  if (expires === "") return ["no-expiry", "never expires: give its last day"]
  const left = daysLeft(expires, now)
  if (left < 0) return ["expired", `expired on ${expires}: fix the finding, or renew the entry`]
  if (left > MOST_DAYS)
    return ["too-long", `expires on ${expires}, and may last at most ${MOST_DAYS} days from now`]
  return undefined
}

/** Days until an entry's last day, by UTC; 0 is today. */
const daysLeft = (expires: string, now: Date): number =>
  Math.floor(Date.parse(`${expires}T00:00:00Z`) / DAY) - Math.floor(now.getTime() / DAY)

const named = ({ tool, rule, path }: Suppression): string =>
  `the suppression of ${tool} ${rule}${path === undefined ? "" : ` in ${path}`}`
