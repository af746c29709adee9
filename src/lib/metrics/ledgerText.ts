import type { LedgerEntry } from "../run/ledger.js"
import { visible } from "../text/escape.js"
import { ledgerSummary, minute, ENTRY_VERBS } from "./auditText.js"
import type { Chain } from "./chain.js"
import { durationText } from "./numbers.js"

/** Formats a ledger for a terminal: faults, then entries, newest first. */
export function ledgerText({ entries, faults, head, noted }: Chain): string {
  const sum = { entries: entries.length, head, noted, intact: faults.length === 0, faults }
  return [
    ledgerSummary(sum),
    ...faults.map(({ message }) => `✗ ${visible(message)}`),
    "",
    ...entries.toReversed().flatMap(entryLines),
    "",
  ].join("\n")
}

function entryLines({ kind, status, startedAt, finishedAt, run, sha, hash, facts }: LedgerEntry): string[] {
  const { version = "?", actor = "", previous = "", reason = "", instead = "" } = facts
  const { review = "", promotion = "", offMain = "", withoutHotfix = "" } = facts
  const took = durationText((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000)
  const before = kind === "manual" ? instead : previous
  return [
    `${minute(new Date(finishedAt).toISOString())}  ${ENTRY_VERBS[kind]} ${version}: ${status}${kind === "manual" ? "" : ` after ${took}`}`,
    `    run ${run}${actor && ` by ${actor}`}, commit ${sha.slice(0, 12) || "unknown"}, entry ${hash.slice(0, 12)}${before && `; before: ${before}`}`,
    ...(review === "" ? [] : [`    ${review}`]),
    ...(promotion === "" ? [] : [`    ${promotion.split("\n")[0] ?? ""}`]),
    ...(offMain === "" ? [] : [`    not on main: ${offMain.split("\n")[0] ?? ""}`]),
    ...(withoutHotfix === "" ? [] : [`    without a hotfix: ${withoutHotfix.split("\n")[0] ?? ""}`]),
    ...(reason === "" ? [] : [`    ${reason.split("\n")[0] ?? ""}`]),
  ].map(visible)
}
