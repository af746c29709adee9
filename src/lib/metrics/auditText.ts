import { code, markdown, visible } from "../text/escape.js"
import { count } from "../text/words.js"
import type { Audit, AuditedDeployment } from "./audit.js"

/** Formats an audit for a terminal, problems first. */
export function auditText({ ledger, deployments, environment, at }: Audit): string {
  return [
    ledgerSummary(ledger),
    ...ledger.faults.map(({ message }) => `✗ ${visible(message)}`),
    "",
    `${environment}, ${count(deployments.length, "deployment")} up to ${minute(at)}, newest first:`,
    ...deployments.toReversed().flatMap(rowLines),
    "",
  ].join("\n")
}

/** One line on the integrity of a ledger. */
export function ledgerSummary({ entries, head, noted, intact, faults }: Audit["ledger"]): string {
  const notes = noted === null ? "no git notes to compare with" : `${noted} of them also in git notes`
  const sum = `${count(entries, "entry").replace("entrys", "entries")}, ${notes}`
  if (intact && entries === 0) return "- the ledger is empty"
  return intact
    ? `✓ the ledger is intact: ${sum}${head === "" ? "" : `; head ${head.slice(0, 12)}`}`
    : `✗ the ledger is not intact (${count(faults.length, "fault")}): ${sum}`
}

/** Formats a time to the minute, in UTC. */
export const minute = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`

/** Past-tense verb for each kind of ledger entry. */
export const ENTRY_VERBS = {
  deploy: "deployed",
  rollback: "rolled back to",
  manual: "changed manually to",
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
      row.takesBack && `reverts ${row.takesBack}`,
      row.takenBack && `reverted: ${row.takenBack}`,
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

/** Formats an approval, or why it is missing. */
function approvalText({ approval: { state, by, source, reason } }: AuditedDeployment): string {
  if (state === "approved") return `approved by ${by.join(", ")} (${source})`
  return `${state === "missing" ? "not approved" : "approval unknown"}: ${reason}`
}

function releaseText({ state, reason, gates }: AuditedDeployment["release"]): string {
  const passed = gates?.filter(({ status }) => status === "passed").length ?? 0
  const gatesText = gates === null ? "" : `, ${passed} of ${count(gates.length, "gate")} passed`
  const verdicts = {
    verified: "signatures verified",
    refused: "signatures refused",
    unknown: "signatures unknown",
  }
  return state === "not asked"
    ? "signatures and gates not checked"
    : `${verdicts[state]}${gatesText}${state === "verified" ? "" : `: ${reason}`}`
}

/** Formats an audit as Markdown. */
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
    "| time | change | commit | image | approval | signatures and gates | triggered by | rollback |",
    "| ---- | ------ | ------ | ----- | -------- | -------------------- | ------------ | -------- |",
    ...deployments.toReversed().map(tableRow),
    "",
  ].join("\n")
}

function tableRow(row: AuditedDeployment): string {
  const { finishedAt, kind, version, status, commit, digest, actor, run, release } = row
  const back = [row.takesBack && `reverts ${row.takesBack}`, row.takenBack].filter(Boolean).join("; ")
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
