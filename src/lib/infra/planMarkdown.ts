import { clip, code, fencedLines, legible, markdown } from "../text/escape.js"
import { count } from "../text/words.js"
import {
  type ChangeAction,
  type Change,
  changesOf,
  countsOf,
  deferredOf,
  invocationsOf,
  outputChangesOf,
  type OutputChange,
  type PlanCounts,
} from "./changes.js"
import { differenceLines } from "./differenceLines.js"
import type { Difference } from "./differences.js"
import type { PlanJson } from "./planJson.js"
import { byteLength, COMMENT_BYTES, fill } from "./commentSize.js"

/** Origin of a plan, for its heading. */
export interface About {
  environment: string
  root: string
  /** The commit. */
  commit: string
  /** The tool with its version, such as `OpenTofu 1.12.6`. */
  tool: string
  /** Path of the artifact with the full plan. */
  artifact: string
  /** Web address of that artifact. */
  link?: string
}

/** Maximum space for the list of destructive changes. */
const LIST_BYTES = 24_000

/** Bytes reserved for the note on what was left out. */
const NOTE_BYTES = 600

/** Minimum space for a diff: of many, the first are shown rather than a little of each. */
const LEAST_BYTES = 2500
const OUTPUT_BYTES = 8000
const NAME_LENGTH = 300
const MOST_FORCING = 5
const DEFERRED = 20

/** Formats a plan as Markdown below `COMMENT_BYTES`; `complete` is true if nothing was left out or cut. */
export function planMarkdown(plan: PlanJson, about: About): { text: string; complete: boolean } {
  const changes = changesOf(plan)
  const outputs = outputChangesOf(plan)
  const deferred = deferredOf(plan)
  const head = heading("Plan", about)
  const warning = plan.errored ? "\n**Planning ended with an error: this is a part of the plan.**\n" : ""
  const invoked = invocationsOf(plan)
  if (changes.length + outputs.length + deferred.length + invoked.length === 0)
    return { text: `${head}\nNo changes. ${origin(about)}\n${warning}`, complete: true }
  const top = `${head}\n${countLine(countsOf(changes), outputs.length)}  \n${origin(about)}\n${warning}`
  const list = destructive(changes)
  const later =
    section("Actions that the apply carries out", invoked) + section("Deferred to a later plan", deferred)
  const blocks = blocksOf(changes, outputs)
  const plain = moved(changes)
  const room = COMMENT_BYTES - NOTE_BYTES - byteLength(top + list.text + later + plain.text)
  const diffs = detailed(blocks, room)
  const left = [
    ...(list.hidden === 0 ? [] : [`${list.hidden} more destroyed or replaced`]),
    ...(plain.hidden === 0 ? [] : [`${plain.hidden} more imported or moved`]),
    ...(diffs.hidden === 0 ? [] : [`the diffs of ${diffs.hidden} more`]),
    ...(diffs.cut === 0 ? [] : [`parts of ${count(diffs.cut, "diff")}`]),
    ...(invoked.length > DEFERRED ? [`${invoked.length - DEFERRED} more actions`] : []),
    ...(deferred.length > DEFERRED ? [`${deferred.length - DEFERRED} more deferred`] : []),
  ]
  return {
    text: top + list.text + later + diffs.text + plain.text + leftOut(left, about),
    complete: left.length === 0,
  }
}

/** The title of a comment. */
export const heading = (what: string, { environment, root }: About): string =>
  `### ${what}: ${named(environment)} ${named(root)}\n`

/** Line with commit and tool. */
export const origin = ({ commit, tool }: About): string =>
  [
    ...(commit === "" ? [] : [`Commit ${code(legible(commit.slice(0, 12)))}`]),
    markdown(clip(legible(tool), 100)),
  ].join(", ") + "."

const named = (name: string): string => code(clip(legible(name), NAME_LENGTH))

/** Note on what was left out, with the place of the full text. */
export function leftOut(what: readonly string[], about: About, whole = "plan"): string {
  const where = `${code(clip(legible(about.artifact), NAME_LENGTH))}${linked(about.link)}`
  return what.length === 0
    ? `\nThe whole ${whole} is in ${where}.\n`
    : `\nLeft out for lack of space: ${what.join(", ")}. The whole ${whole} is in ${where}.\n`
}

/** Link to an address, unless that could end its own brackets. */
const linked = (link: string | undefined): string =>
  link !== undefined && /^https?:\/\/[\w.~:/?#@!$&*+,;=%-]{1,1000}$/.test(link)
    ? ` ([download](<${link}>))`
    : ""

function countLine(counts: PlanCounts, outputs: number): string {
  const parts = [
    `${counts.add} to add`,
    `${counts.change} to change`,
    `${counts.replace} to replace`,
    `${counts.destroy} to destroy`,
  ]
  const rest = [
    [counts.import, "to import"],
    [counts.move, "to move"],
    [counts.forget, "to forget"],
    [counts.other, "to change in another way"],
  ] as const
  const more = rest.flatMap(([number, what]) => (number === 0 ? [] : [`${number} ${what}`]))
  const changed = outputs === 0 ? [] : [`${count(outputs, "output")} to change`]
  return `**${[...parts, ...more, ...changed].join(", ")}**`
}

const VERBS: Record<ChangeAction, string> = {
  delete: "destroy",
  replace: "replace",
  abandon: "replace and forget",
  forget: "forget",
  update: "change",
  create: "create",
  keep: "keep",
  other: "other",
}

const DESTRUCTIVE: readonly ChangeAction[] = ["delete", "replace", "abandon", "forget"]

/** List of destructive changes, which precedes everything else. */
function destructive(changes: readonly Change[]): { text: string; hidden: number } {
  const items = changes.filter(({ action }) => DESTRUCTIVE.includes(action))
  if (items.length === 0) return { text: "", hidden: 0 }
  const whole = fill(items, LIST_BYTES, destructiveItem)
  const { text, taken } = whole.taken === items.length ? whole : fill(items, LIST_BYTES, destructiveName)
  return { text: `\n#### ⚠️ Destroyed, replaced, forgotten\n\n${text}`, hidden: items.length - taken }
}

/** Short form without reasons, for a list that would have no room for all names. */
const destructiveName = (change: Change): string => `- **${VERBS[change.action]}** ${named(change.address)}\n`

function destructiveItem(change: Change): string {
  const { reason, forcedBy } = change
  const shown = forcedBy.slice(0, MOST_FORCING).map(named)
  const more = forcedBy.length > shown.length ? [`${forcedBy.length - shown.length} more`] : []
  const forced = shown.length === 0 ? "" : `, forced by ${[...shown, ...more].join(", ")}`
  const why = reason === "" ? "" : `: ${markdown(clip(legible(reason), NAME_LENGTH))}`
  return `- **${VERBS[change.action]}** ${subject(change)}${order(change)}${why}${forced}\n`
}

const order = ({ actions }: Change): string =>
  actions[0] === "create" && actions.length > 1 ? " (the new one first)" : ""

function subject({ address, deposed, previousAddress, importing }: Change): string {
  return [
    named(address),
    ...(deposed === undefined ? [] : [`(deposed object ${named(deposed)})`]),
    ...(previousAddress === undefined ? [] : [`(moved from ${named(previousAddress)})`]),
    ...(importing === undefined ? [] : [`(imported${importing === "" ? "" : ` from ${named(importing)}`})`]),
  ].join(" ")
}

/** Blocks with differences: destroyed resources last, since the list names them; unchanged ones are left out. */
function blocksOf(changes: readonly Change[], outputs: readonly OutputChange[]): Block[] {
  const block = (change: Change): Block => ({ title: summaryOf(change), of: change.differences })
  const destroyed = changes.filter(({ action }) => action === "delete")
  const others = changes.filter(({ action }) => !["delete", "keep", "forget"].includes(action))
  return [
    ...others.map(block),
    ...outputs.map(({ name, action, differences }) => ({
      title: `<b>${VERBS[action]}</b> output ${named(name)}`,
      of: differences,
      most: OUTPUT_BYTES,
    })),
    ...destroyed.map(block),
  ]
}

const summaryOf = (change: Change): string => `<b>${VERBS[change.action]}</b> ${subject(change)}`

/** Section of resources that are only moved or imported. */
function moved(changes: readonly Change[]): { text: string; hidden: number } {
  const items = changes.filter(({ action }) => action === "keep")
  const { text, taken } = fill(items, LEAST_BYTES, (change) => `- ${subject(change)}\n`)
  return {
    text: items.length === 0 ? "" : `\n#### Imported or moved, otherwise as it is\n\n${text}`,
    hidden: items.length - taken,
  }
}

function section(title: string, entries: readonly { address: string; reason: string }[]): string {
  if (entries.length === 0) return ""
  const lines = entries
    .slice(0, DEFERRED)
    .map(({ address, reason }) => [named(address), markdown(clip(legible(reason), NAME_LENGTH))])
    .map((parts) => `- ${parts.filter((part) => part !== "").join(": ")}\n`)
  return `\n#### ${title}: ${entries.length}\n\n${lines.join("")}`
}

interface Block {
  /** Markdown. */
  title: string
  of: readonly Difference[]
  /** Maximum bytes. */
  most?: number
}

/** Formats blocks that share the space; those without room for a line are counted. */
function detailed(blocks: readonly Block[], room: number): { text: string; hidden: number; cut: number } {
  const parts: string[] = []
  let left = room
  let cut = 0
  for (const [index, block] of blocks.entries()) {
    const mine = Math.min(left, block.most ?? left, Math.max(left / (blocks.length - index), LEAST_BYTES))
    const { text, complete } = details(block, mine)
    if (text === "") return { text: parts.join(""), hidden: blocks.length - index, cut }
    if (!complete) cut += 1
    left -= byteLength(text)
    parts.push(text)
  }
  return { text: parts.join(""), hidden: 0, cut }
}

/** Formats a block with as many differences as fit; empty if not even its start does. */
function details({ title, of }: Block, room: number): { text: string; complete: boolean } {
  const start = `\n<details><summary>${title}</summary>\n\n`
  const end = "\n</details>\n"
  // The opening and closing fence, and the note on the rest.
  let left = room - byteLength(start + end) - 200
  const lines: string[] = []
  let [taken, complete] = [0, true]
  for (const difference of of) {
    const next = differenceLines(difference)
    left -= byteLength(fencedLines(next.lines, ""))
    if (left < 0) break
    lines.push(...next.lines)
    taken += 1
    complete &&= next.complete
  }
  if (left < 0 && taken === 0) return { text: "", complete: false }
  const hidden = of.length - taken
  const rest = hidden === 0 ? [] : [`… and ${hidden} more`]
  const body = of.length === 0 ? "No attribute differs.\n" : fencedLines([...lines, ...rest], "diff")
  return { text: `${start}${body}${end}`, complete: complete && hidden === 0 }
}
