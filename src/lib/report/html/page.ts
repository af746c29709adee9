import { createHash } from "node:crypto"
import type { StageReport, StageStatus, Verdict } from "../../run/verdict.js"
import { clip } from "../../text/escape.js"
import { changesSection } from "./changes.js"
import { coverageSection } from "./coverage.js"
import { failuresSection } from "./failures.js"
import { findingsSection } from "./findings.js"
import { gatesSection } from "./gates.js"
import { knownSection } from "./known.js"
import { loadTestSection } from "./load.js"
import { Markup, markup, inlineText } from "./markup.js"
import type { Section } from "./parts.js"
import { stagesSection } from "./stages.js"
import { STYLE } from "./style.js"
import { suppressedSection } from "./suppressed.js"
import { testsSection } from "./tests.js"
import { toolsSection } from "./tools.js"
import { header, problem, STATUS_TITLES } from "./verdict.js"

/** Size limit of the page: each section has its own limit and says what it leaves out. */
export const PAGE_BYTES = 2_000_000

/** Status icons that differ in shape, 16 by 16. */
const ICONS: Record<StageStatus, string> = {
  passed: '<circle cx="8" cy="8" r="7"/><path d="M5 8.3l2.1 2.1L11 6"/>',
  failed: '<path d="M5 1.2h6L14.8 5v6L11 14.8H5L1.2 11V5z"/><path d="M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6"/>',
  error: '<path d="M8 1.5L15 14H1z"/><path d="M8 6v3.6M8 11.7v.1"/>',
  skipped: '<circle cx="8" cy="8" r="7" stroke-dasharray="2.5 3"/><path d="M5 8h6"/>',
}

/** Colours of the tab icon, visible on light and dark. */
const TAB_COLOURS: Record<StageStatus, string> = {
  passed: "#2da44e",
  failed: "#e5484d",
  error: "#d97706",
  skipped: "#808a96",
}

/**
 * Renders the report of a run as a self-contained HTML page without scripts and untrusted markup.
 */
export function html(verdict: Verdict, reports: readonly StageReport[]): string {
  const sections = [
    ...problem(verdict),
    ...gatesSection(verdict),
    ...failuresSection(reports),
    ...changesSection(verdict),
    ...stagesSection(verdict, reports),
    ...loadTestSection(reports),
    ...testsSection(reports),
    ...coverageSection(reports),
    ...findingsSection(reports),
    ...knownSection(reports),
    ...suppressedSection(verdict.run, reports),
    ...toolsSection(reports),
  ]
  return markup`<!DOCTYPE html>
<html lang="en" dir="ltr">
${head(verdict)}<body>
${symbols()}${header(verdict)}${contents(sections)}<main>
${sections.map(sectionOf)}</main>
<footer>
<p>Also in this folder: <a href="verdict.json">verdict.json</a>, <a href="summary.md">summary.md</a>.</p>
</footer>
</body>
</html>
`.text
}

function head({ status, run }: Verdict): Markup {
  const title = [STATUS_TITLES[status], run.ref, run.sha.slice(0, 12)]
    .map((part) => clip(part, 60))
    .join(" · ")
  return markup`<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy())}"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta name="referrer" content="no-referrer"/>
<meta name="format-detection" content="telephone=no"/>
<title>${inlineText(title)} · Slipway</title>
<link rel="icon" href="${tabIcon(status)}"/>
<style>${new Markup(STYLE)}</style>
</head>
`
}

/** Content security policy: nothing is loaded or run, even if untrusted markup got in. */
function policy(): string {
  const digest = createHash("sha256").update(STYLE).digest("base64")
  return `default-src 'none'; style-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`
}

/** Inline icon; a browser would else request one from the page's host. */
function tabIcon(status: StageStatus): Markup {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="${TAB_COLOURS[status]}" stroke-width="2">${ICONS[status]}</svg>`
  return new Markup(`data:image/svg+xml,${encodeURIComponent(svg).replaceAll("'", "%27")}`)
}

/** SVG definitions that the icons and charts refer to. */
function symbols(): Markup {
  const symbols = Object.entries(ICONS).map(
    ([name, shape]) => markup`<symbol id="${name}" viewBox="0 0 16 16">${new Markup(shape)}</symbol>\n`,
  )
  return markup`<svg class="defs" aria-hidden="true">
${symbols}<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5"/></pattern>
</svg>
`
}

/** Navigation with a number for each section. */
function contents(sections: readonly Section[]): Markup {
  const links = sections
    .filter(({ summary }) => summary !== undefined)
    .map(({ id, title, summary }) => markup`<li><a href="#${id}">${title} <b>${summary}</b></a></li>\n`)
  return links.length === 0
    ? markup``
    : markup`<nav aria-label="Sections">
<ul>
${links}</ul>
</nav>
`
}

const sectionOf = ({ id, title, body }: Section): Markup =>
  markup`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}</section>
`
