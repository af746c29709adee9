import { code, markdown } from "../text/escape.js"
import { count } from "../text/words.js"
import type { StageReport } from "../run/verdict.js"
import type { StaleObject } from "./cluster.js"
import type { PlannedManifest, RegistryPlan } from "./decide.js"

/** Result of deletions. */
export interface DeletionResult {
  /** Digests, or the names of objects. */
  deleted: readonly string[]
  left: readonly { what: string; why: string }[]
}

/** Report on the registry. */
export interface RegistryReport extends Pick<RegistryPlan, "kept" | "going"> {
  repository: string
  /** Undefined for a plan. */
  done?: DeletionResult
}

/** Report on the clusters. */
export interface ClusterReport {
  environments: readonly string[]
  going: readonly StaleObject[]
  done?: DeletionResult
}

/** The content of `cleanup/plan.json`, as far as known. */
export interface CleanupReport {
  schema: 1
  run: string
  /** False for a plan. */
  applied: boolean
  registry?: RegistryReport
  cluster?: ClusterReport
}

/** Outcome of a cleanup stage, without name and time. */
export type CleanupOutcome = Pick<
  StageReport,
  "status" | "reason" | "findings" | "exitCode" | "log" | "sections" | "facts"
>

/** Limit on rows; the file has all of them. */
const ROWS = 50
const DIGITS = 19

const ROOTS: readonly PlannedManifest["kind"][] = ["release", "build", "untagged"]

/** The releases, builds and untagged images to delete, without their parts. */
export const rootsOf = (going: readonly PlannedManifest[]): PlannedManifest[] =>
  going.filter(({ kind }) => ROOTS.includes(kind))

/** One line on the registry. */
export function registryText({ kept, going, done }: RegistryReport): string {
  const images = count(rootsOf(going).length, "image")
  const stays = `${count(kept.length, "image")} kept`
  if (going.length === 0) return `nothing to delete, ${stays}`
  const manifests = (number: number) => count(number, "manifest")
  if (done === undefined) return `${images} to delete (${manifests(going.length)}), ${stays}`
  const left = done.left.length === 0 ? "" : `, ${manifests(done.left.length)} not deleted`
  return `${manifests(done.deleted.length)} of ${images} deleted${left}, ${stays}`
}

/** One line on the clusters. */
export function clusterText({ environments, going, done }: ClusterReport): string {
  const where = environments.join(" and ")
  if (going.length === 0) return `nothing to delete in ${where}`
  const kinds = ["Job", "ReplicaSet", "Namespace"] as const
  const numbers = kinds.flatMap((kind) => {
    const number = going.filter((each) => each.kind === kind).length
    return number === 0 ? [] : [count(number, kind)]
  })
  const what = `${numbers.join(", ")} in ${where}`
  if (done === undefined) return `${what} to delete`
  return done.left.length === 0
    ? `${what} deleted`
    : `${done.deleted.length} of ${what} deleted, ${done.left.length} not deleted`
}

/** Formats the report on the registry as Markdown. */
export function registryMarkdown(report: RegistryReport): string {
  const { repository, kept, going, done } = report
  const rows = [
    ...rootsOf(going).map((root): [string, PlannedManifest | RegistryPlan["kept"][number], string] => [
      actionOf(root.digest, done),
      root,
      withIt(root, going),
    ]),
    ...kept.map((each): [string, typeof each, string] => ["keep", each, each.why]),
  ]
  return [
    `### Cleanup of ${code(repository)}`,
    "",
    markdown(registryText(report)),
    "",
    ...table(
      ["action", "image", "tags", "reason"],
      rows.map(([fate, { digest, tags }, why]) => [
        fate,
        code(digest.slice(0, DIGITS)),
        tags.map(code).join(" "),
        markdown(why),
      ]),
    ),
    ...leftLines(done),
  ].join("\n")
}

function withIt(root: PlannedManifest, going: readonly PlannedManifest[]): string {
  const others = going.filter((each) => each.with === root.digest && each.digest !== root.digest)
  const of = (kind: PlannedManifest["kind"]) => others.filter((each) => each.kind === kind).length
  const parts = [count(of("image"), "image"), count(of("referrer"), "referrer")]
  return others.length === 0 ? "" : `with ${parts.join(" and ")}`
}

const actionOf = (what: string, done: DeletionResult | undefined): string =>
  done === undefined ? "delete" : done.deleted.includes(what) ? "deleted" : "not deleted"

/** Formats the report on the clusters as Markdown. */
export const clusterMarkdown = (report: ClusterReport): string =>
  [
    `### Cleanup of ${markdown(report.environments.join(" and "))}`,
    "",
    markdown(clusterText(report)),
    "",
    ...table(
      ["action", "object", "reason"],
      report.going.map((each) => [
        actionOf(objectName(each), report.done),
        code(objectName(each)),
        markdown(each.why),
      ]),
    ),
    ...leftLines(report.done),
  ].join("\n")

/** Name of an object: `Job staging/slipway-migrate-0a1b2c3d`. */
export const objectName = ({ kind, namespace, name }: StaleObject): string =>
  `${kind} ${namespace === "" ? name : `${namespace}/${name}`}`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
  const more = rows.length > ROWS ? [`\n${rows.length - ROWS} more are in cleanup/plan.json`] : []
  return [line(head), line(head.map(() => "---")), ...rows.slice(0, ROWS).map(line), ...more, ""]
}

const leftLines = (done: DeletionResult | undefined): string[] =>
  (done?.left ?? [])
    .slice(0, ROWS)
    .map(({ what, why }) => `- ${code(what)} could not be deleted: ${markdown(why)}`)
    .concat("")
