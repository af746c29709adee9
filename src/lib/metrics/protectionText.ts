import { code, markdown, visible } from "../text/escape.js"
import type { MergedBack } from "./hotfix.js"
import type { Protection } from "./protection.js"

/** The content of `protection.json`. */
export interface ProtectionReport {
  /** Version of this format. */
  schema: 1
  verdict: "passed" | "failed" | "unknown"
  branches: readonly Protection[]
  /** Each hotfix in the history; null if unknown. */
  hotfixes: readonly MergedBack[] | null
  /** Failed requirements, a line each. */
  lacks: string[]
  /** Requirements that could not be checked, a line each. */
  unknown: string[]
}

/** Combines the protections of branches with the merge state of hotfixes, or the reason why that is unknown. */
export function protectionReport(
  branches: readonly Protection[],
  hotfixes: readonly MergedBack[] | string | undefined,
): ProtectionReport {
  const of = (status: Protection["status"]) =>
    branches.filter((each) => each.status === status).map(requirementLine)
  const known = Array.isArray(hotfixes) ? (hotfixes as readonly MergedBack[]) : null
  const lacks = [...of("failed"), ...(known ?? []).flatMap(missingMerges)]
  const unknown = [...of("unknown"), ...(typeof hotfixes === "string" ? [`hotfixes: ${hotfixes}`] : [])]
  const verdict = lacks.length > 0 ? "failed" : unknown.length > 0 ? "unknown" : "passed"
  return { schema: 1, verdict, branches, hotfixes: known, lacks, unknown }
}

const requirementLine = ({ branch, demand, reason }: Protection): string => `${branch}, ${demand}: ${reason}`

const missingMerges = ({ branch, commit, targets }: MergedBack): string[] =>
  Object.entries(targets).flatMap(([target, state]) =>
    state === "missing" ? [`${branch} (${commit.slice(0, 12)}) was not merged back to ${target}`] : [],
  )

/** Formats the report for a terminal. */
export function protectionText({ branches, hotfixes, lacks, unknown }: ProtectionReport): string {
  const good = branches.filter(({ status }) => status === "passed").map(requirementLine)
  const back = (hotfixes ?? []).filter((hotfix) => missingMerges(hotfix).length === 0)
  return [
    ...lacks.map((line) => `✗ ${line}`),
    ...unknown.map((line) => `? ${line}`),
    ...[...good, ...back.map(mergedText)].map((line) => `✓ ${line}`),
    ...(hotfixes === null && unknown.length === 0 ? ["- hotfixes: not checked without a history"] : []),
    "",
  ]
    .map(visible)
    .join("\n")
}

const mergedText = ({ branch, targets }: MergedBack): string =>
  `${branch}: ${Object.entries(targets)
    .map(([target, state]) => `${state === "picked" ? "picked commit by commit" : state} to ${target}`)
    .join(", ")}`

/** Formats the report as Markdown. */
export function protectionMarkdown({ branches, hotfixes, unknown }: ProtectionReport): string {
  return [
    "## Branches",
    "",
    "| branch | requirement | status | details |",
    "| ------ | ----------- | ------ | ------- |",
    ...branches.map(
      ({ branch, demand, status, reason }) =>
        `| ${code(branch)} | ${demand} | ${status} | ${markdown(reason)} |`,
    ),
    ...(hotfixes ?? []).flatMap(({ branch, targets }) =>
      Object.entries(targets).map(
        ([target, state]) =>
          `| ${code(branch)} | merged back to ${code(target)} | ${state === "missing" ? "failed" : "passed"} | ${state} |`,
      ),
    ),
    "",
    ...unknown.map((line) => `- ${markdown(line)}`),
    "",
  ].join("\n")
}
