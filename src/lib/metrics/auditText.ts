import { code, markdown, visible } from "../text/escape.js"
import { count } from "../text/words.js"
import type { Audit, AuditedDeployment } from "./audit.js"

/** An audit for a terminal: what is wrong comes first. */
export function auditText({ ledger, deployments, environment, at }: Audit): string {
  return [
    ledgerSummary(ledger),
    ...ledger.faults.map(({ message }) => `✗ ${visible(message)}`),
    "",
    `${environment}, ${count(deployments.length, "deployment")} up to ${minute(at)}, the newest first:`,
    ...deployments.toReversed().flatMap(rowLines),
    "",
  ].join("\n")
}

/** Whether a ledger is whole, on a line. */
export function ledgerSummary({ entries, head, noted, intact, faults }: Audit["ledger"]): string {
  const notes = noted === null ? "no git notes to compare with" : `${noted} of them in git notes too`
  const sum = `${count(entries, "entry").replace("entrys", "entries")}, ${notes}`
  if (intact && entries === 0) return "- the ledger is empty"
  return intact
    ? `✓ the ledger is whole: ${sum}${head === "" ? "" : `; it ends with ${head.slice(0, 12)}`}`
    : `✗ the ledger is not whole (${count(faults.length, "fault")}): ${sum}`
}

/** To the minute, with its zone. */
export const minute = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`

/** What was done, by the kind of an entry. */
export const ENTRY_VERBS = {
  deploy: "deployed",
  rollback: "rolled back to",
  manual: "put there by hand",
  apply: "applied",
} as const

function rowLines(row: AuditedDeployment): string[] {
  const { kind, version, status, run, actor, commit, digest, approval, release, hash } = row
  const what = ENTRY_VERBS[kind]
  const facts = [
    `${SYMBOLS[approval.state]} ${approvalText(row)}`,
    `${SYMBOLS[release.state]} ${releaseText(release)}`,
    `  commit ${commit.slice(0, 12) || "unknown"}, image ${digest.slice(0, 19) || "unknown"}, entry ${hash.slice(0, 12)}`,
    ...[
      row.reason,
      row.takesBack && `takes back ${row.takesBack}`,
      row.takenBack && `taken back: ${row.takenBack}`,
    ]
      .filter(Boolean)
      .map((line) => `  ${line}`),
  ]
  return [
    visible(
      `${minute(row.finishedAt)}  ${what} ${version || "?"}: ${status}, run ${run}${actor && ` by ${actor}`}`,
    ),
    ...facts.map((line) => `    ${visible(line)}`),
  ]
}

const SYMBOLS = {
  approved: "✓",
  missing: "✗",
  verified: "✓",
  refused: "✗",
  unknown: "?",
  "not asked": "-",
} as const

/** Who has seen the change, or why nobody is known to have. */
function approvalText({ approval: { state, by, source, reason } }: AuditedDeployment): string {
  if (state === "approved") return `approved by ${by.join(", ")} (${source})`
  return `${state === "missing" ? "not approved" : "approval unknown"}: ${reason}`
}

function releaseText({ state, reason, gates }: AuditedDeployment["release"]): string {
  const passed = gates?.filter(({ status }) => status === "passed").length ?? 0
  const gatesText = gates === null ? "" : `, ${passed} of ${count(gates.length, "gate")} passed`
  const words = {
    verified: "signatures verified",
    refused: "signatures refused",
    unknown: "signatures unknown",
  }
  return state === "not asked"
    ? "signatures and gates: not asked for"
    : `${words[state]}${gatesText}${state === "verified" ? "" : `: ${reason}`}`
}

/** An audit for reviewers. */
export function auditMarkdown(audit: Audit): string {
  const { ledger, deployments, environment, at } = audit
  return [
    `## Audit of ${code(environment)}, ${minute(at)}`,
    "",
    markdown(ledgerSummary(ledger)),
    ...(ledger.faults.length === 0
      ? []
      : ["", ...ledger.faults.map(({ message }) => `- ${markdown(message)}`)]),
    "",
    "| when | what | commit | image | approval | signature and gates | who | rollback |",
    "| ---- | ---- | ------ | ----- | -------- | ------------------- | --- | -------- |",
    ...deployments.toReversed().map(tableRow),
    "",
  ].join("\n")
}

function tableRow(row: AuditedDeployment): string {
  const { finishedAt, kind, version, status, commit, digest, actor, run, release } = row
  const back = [row.takesBack && `takes back ${row.takesBack}`, row.takenBack].filter(Boolean).join("; ")
  const cells = [
    minute(finishedAt),
    `${kind} ${code(version)} ${status}`,
    code(commit.slice(0, 12)),
    code(digest.slice(0, 19)),
    markdown(approvalText(row)),
    markdown(releaseText(release)),
    [markdown(actor), `run ${code(run)}`].filter(Boolean).join(", "),
    markdown(back),
  ]
  return `| ${cells.join(" | ")} |`
}
