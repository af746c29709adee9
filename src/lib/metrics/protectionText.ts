import { code, markdown, visible } from "../text/escape.js"
import type { MergedBack } from "./hotfix.js"
import type { Protection } from "./protection.js"

/** The content of `protection.json`. */
export interface ProtectionReport {
  /** Version of this format. */
  schema: 1
  verdict: "passed" | "failed" | "unknown"
  branches: readonly Protection[]
  /** Each hotfix that the history tells of; null where nothing can be said. */
  hotfixes: readonly MergedBack[] | null
  /** What isn't as it must be, a line each. */
  lacks: string[]
  /** What nobody knows, a line each. */
  unknown: string[]
}

/** Puts together how branches are protected, and whether hotfixes have come back; the latter may be why not. */
export function protectionReport(
  branches: readonly Protection[],
  hotfixes: readonly MergedBack[] | string | undefined,
): ProtectionReport {
  const of = (status: Protection["status"]) =>
    branches.filter((each) => each.status === status).map(requirementLine)
  const known = Array.isArray(hotfixes) ? (hotfixes as readonly MergedBack[]) : null
  const lacks = [...of("failed"), ...(known ?? []).flatMap(missingMerges)]
  const unknown = [
    ...of("unknown"),
    ...(typeof hotfixes === "string" ? [`whether hotfixes were merged back: ${hotfixes}`] : []),
  ]
  const verdict = lacks.length > 0 ? "failed" : unknown.length > 0 ? "unknown" : "passed"
  return { schema: 1, verdict, branches, hotfixes: known, lacks, unknown }
}

const requirementLine = ({ branch, demand, reason }: Protection): string => `${branch}, ${demand}: ${reason}`

const missingMerges = ({ branch, commit, targets }: MergedBack): string[] =>
  Object.entries(targets).flatMap(([target, state]) =>
    state === "missing" ? [`${branch} (${commit.slice(0, 12)}) was not merged back to ${target}`] : [],
  )

/** For a terminal. */
export function protectionText({ branches, hotfixes, lacks, unknown }: ProtectionReport): string {
  const good = branches.filter(({ status }) => status === "passed").map(requirementLine)
  const back = (hotfixes ?? []).filter((hotfix) => missingMerges(hotfix).length === 0)
  return [
    ...lacks.map((line) => `✗ ${line}`),
    ...unknown.map((line) => `? ${line}`),
    ...[...good, ...back.map(mergedText)].map((line) => `✓ ${line}`),
    ...(hotfixes === null && unknown.length === 0 ? ["- hotfixes: no history was given"] : []),
    "",
  ]
    .map(visible)
    .join("\n")
}

const mergedText = ({ branch, targets }: MergedBack): string =>
  `${branch}: ${Object.entries(targets)
    .map(([target, state]) => `${state === "picked" ? "taken over commit by commit" : state} to ${target}`)
    .join(", ")}`

/** For reviewers. */
export function protectionMarkdown({ branches, hotfixes, unknown }: ProtectionReport): string {
  return [
    "## Branches",
    "",
    "| branch | demand | status | by what, or why not |",
    "| ------ | ------ | ------ | ------------------- |",
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
