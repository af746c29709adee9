import type { StageReport, StageStatus } from "../../run/verdict.js"
import { clip, wellFormed } from "../../text/escape.js"
import { formatDuration } from "../place.js"
import { type Content, type Markup, markup } from "./markup.js"

const NAME_LENGTH = 100

/** A section of the page with its summary for the navigation. */
export interface Section {
  id: string
  title: string
  summary: Content
  body: Content
}

/** Status icon, to be used next to the word. */
export const statusIcon = (status: StageStatus): Markup =>
  markup`<svg class="sign ${status}" aria-hidden="true"><use href="#${status}"/></svg>`

/** Status as icon, word and colour. */
export const statusBadge = (status: StageStatus): Markup =>
  markup`<span class="status ${status}">${statusIcon(status)}${status}</span>`

/** Formats a duration; `unknown` for an invalid one. */
export const time = (milliseconds: number): string =>
  Number.isFinite(milliseconds) && milliseconds >= 0 ? formatDuration(milliseconds) : "unknown"

export const logLink = (stage: Named): Markup => link("logs", stage, "log")

export const sarifLink = (stage: Named): Markup => link("sarif", stage, "sarif")

type Named = Pick<StageReport, "name">

/** Link to a file in the artifacts folder. */
const link = (folder: string, stage: Named, ending: string): Markup =>
  markup`<a href="${address(folder, stage, ending)}">${`${folder}/${clip(stage.name, NAME_LENGTH)}.${ending}`}</a>`

const address = (folder: string, { name }: Named, ending: string): string =>
  `${folder}/${encodeURIComponent(wellFormed(clip(name, NAME_LENGTH)))}.${ending}`

/** Links to the logs of the first stages. */
export const logLinks = (reports: readonly Named[]): Content =>
  reports.slice(0, 4).map((report, index) => [index === 0 ? "" : ", ", logLink(report)])

/** Short links to log and SARIF for a table row. */
export const shortLinks = (stage: Named): Markup =>
  markup`<span class="pair"><a href="${address("logs", stage, "log")}" aria-label="${`log of ${clip(stage.name, NAME_LENGTH)}`}">log</a> <a href="${address("sarif", stage, "sarif")}" aria-label="${`SARIF of ${clip(stage.name, NAME_LENGTH)}`}">SARIF</a></span>`

export interface Column {
  title: string
  /** `number` for aligned digits, `wide` for a cell with its own line on a phone. */
  kind?: "number" | "wide"
}

/** Table whose rows become cards on a phone; roles keep it a table for screen readers. */
export function table(caption: Content, columns: readonly Column[], rows: readonly Markup[]): Markup {
  const heads = columns.map(
    ({ title, kind }) => markup`<th scope="col" role="columnheader"${classOf(kind)}>${title}</th>`,
  )
  return markup`<table role="table"><caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${heads}</tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>`
}

/** Table row with its first cell as header. */
export function row(columns: readonly Column[], [name, ...cells]: readonly Content[]): Markup {
  const rest = cells.map((cell, index) => {
    const column = columns[index + 1]
    return markup`<td role="cell" data-label="${column?.title}"${classOf(column?.kind)}>${cell}</td>`
  })
  return markup`<tr role="row"><th scope="row" role="rowheader">${name}</th>${rest}</tr>
`
}

const classOf = (kind: Column["kind"]): Content => (kind === undefined ? undefined : markup` class="${kind}"`)

/** Name and group of a stage, once if they are equal. */
export const stageName = ({ name, group }: Pick<StageReport, "name" | "group">): Markup =>
  group === name
    ? markup`<span class="name">${clip(name, NAME_LENGTH)}</span>`
    : markup`<span class="name">${clip(name, NAME_LENGTH)}</span> <span class="dim">${clip(group, NAME_LENGTH)}</span>`
