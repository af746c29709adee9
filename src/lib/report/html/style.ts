import { LOAD_CHART_STYLE } from "./loadChart.js"

/** The page's style, inserted verbatim, since the page's policy contains its digest. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --raised: #f6f7f9; --line: #d9dee4; --ink: #1b2128; --dim: #57606b; --link: #0a52b0;
  --passed: #14682d; --passed-tint: #eaf6ed; --failed: #b01f14; --failed-tint: #fdefed;
  --error: #8a4500; --error-tint: #fdf3e4; --skipped: #57606b; --skipped-tint: #f1f3f5;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0f1318; --raised: #171c23; --line: #2c343e; --ink: #e4e8ed; --dim: #9ba6b3; --link: #82b7ff;
    --passed: #5bc77a; --passed-tint: #12231a; --failed: #ff8379; --failed-tint: #2a1716;
    --error: #f0a653; --error-tint: #291e10; --skipped: #9ba6b3; --skipped-tint: #1b2129;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 72rem; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 3rem;
  background: var(--page); color: var(--ink); font: 0.9375rem/1.5 var(--sans); font-variant-numeric: tabular-nums;
}
/* Names from the service may hold words of any length and direction. */
body { overflow-wrap: anywhere; }
code, b, dd, td, th, pre, .message, .name, .dim { unicode-bidi: isolate; }
h1, h2, h3, p, dl, dd, ul, pre, figure { margin: 0; padding: 0; font: inherit; }
ul { list-style: none; }
code, pre { font-family: var(--mono); font-size: 0.8125rem; }
b, .name { font-weight: 600; }
a { color: var(--link); text-underline-offset: 0.15em; text-decoration-thickness: 0.06em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }
.dim, .numbers, .note, .more, figcaption, caption, .facts { color: var(--dim); }
.defs { position: absolute; width: 0; height: 0; }
.sign { width: 1em; height: 1em; flex: none; fill: none; stroke: currentColor; stroke-width: 2; }
.sign { stroke-linecap: round; stroke-linejoin: round; }
.status .sign { align-self: center; }
.passed { color: var(--passed); --tint: var(--passed-tint); }
.failed { color: var(--failed); --tint: var(--failed-tint); }
.error { color: var(--error); --tint: var(--error-tint); }
.skipped { color: var(--skipped); --tint: var(--skipped-tint); }
.status { display: inline-flex; align-items: baseline; gap: 0.35em; font-weight: 600; white-space: nowrap; }
.tag { border: 1px solid var(--line); border-radius: 1em; padding: 0 0.6em; font-size: 0.75rem; color: var(--dim); }
.tag { white-space: nowrap; }
.tag.soon { border-color: currentColor; color: var(--error); font-weight: 600; }

.verdict { padding: 1.25rem clamp(1rem, 3vw, 1.75rem) 1.4rem; border-radius: 0.75rem; background: var(--tint); }
.verdict { border-left: 0.375rem solid currentColor; }
.verdict .product { color: var(--dim); font-size: 0.8125rem; font-weight: 600; letter-spacing: 0.02em; }
h1 { display: flex; align-items: center; gap: 0.3em; font-size: clamp(2.25rem, 7vw, 3rem); line-height: 1.2; }
h1 { font-weight: 700; letter-spacing: -0.02em; }
h1 .sign { width: 0.85em; height: 0.85em; }
.verdict .lead { color: var(--ink); font-size: 1.0625rem; margin-top: 0.25rem; }
.verdict dl { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.6rem 1.5rem; }
.verdict dl { margin-top: 1rem; color: var(--ink); }
.verdict .wide { grid-column: 1 / -1; }
.verdict dt, .label { color: var(--dim); font-size: 0.75rem; font-weight: 600; }
.verdict .rest { display: none; }

nav { margin: 1rem 0 0; }
nav ul { display: grid; grid-template-columns: repeat(auto-fit, minmax(6rem, 1fr)); gap: 0.5rem; }
nav a {
  display: block; height: 100%; padding: 0.45rem 0.75rem; border: 1px solid var(--line); border-radius: 0.5rem;
  text-decoration: none; color: var(--dim); font-size: 0.8125rem;
}
nav a:hover { border-color: var(--link); color: var(--link); }
nav b { display: block; color: var(--ink); font-size: 1.0625rem; line-height: 1.35; }

section { margin-top: 2.25rem; }
h2 { font-size: 1.375rem; font-weight: 650; letter-spacing: -0.01em; margin-bottom: 0.75rem; }
h3 { font-size: 1.0625rem; font-weight: 600; margin: 1.25rem 0 0.4rem; }
.card { border: 1px solid var(--line); border-radius: 0.625rem; padding: 0.65rem 1rem; margin-top: 0.6rem; }
.more, .note { font-size: 0.875rem; margin-top: 0.5rem; }
.files { margin-top: 0.75rem; font-size: 0.8125rem; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
.label { margin: 0.9rem 0 0.3rem; }

.failure { color: var(--ink); border-left: 0.25rem solid var(--failed); padding: 0.9rem 1.1rem 1rem; }
.failure { margin-top: 1rem; }
.failure.error { border-left-color: var(--error); }
.failure h3 { display: flex; align-items: center; gap: 0.5em; flex-wrap: wrap; margin: 0; font-size: 1.125rem; }
.failure h3 .dim { font-weight: 400; font-size: 0.875rem; }
.failure h3 .sign { color: var(--failed); }
.failure.error h3 .sign { color: var(--error); }
.failure .facts { font-size: 0.8125rem; display: flex; flex-wrap: wrap; gap: 0 0.75rem; }
.failure .facts .sign { display: none; }
.reason { margin-top: 0.35rem; }
pre { white-space: pre-wrap; background: var(--raised); border: 1px solid var(--line); border-radius: 0.5rem; }
pre { padding: 0.6rem 0.8rem; }
/* One click takes the whole command. */
.repeat pre { user-select: all; -webkit-user-select: all; }
/* A line ends between words, and not at the hyphens of an option. */
.repeat span { display: inline-block; max-width: 100%; }
.problem { border-left: 0.25rem solid var(--error); }

.findings > li, .tests > li, ul.plain > li { border-top: 1px solid var(--line); padding: 0.45rem 0; }
.findings { margin-top: 0.75rem; }
.findings > li { display: grid; align-items: baseline; grid-template-columns: 1fr; gap: 0.1rem 1.25rem; }
.rule { font-size: 0.8125rem; color: var(--dim); }
.level { font-weight: 600; }
.level.error { color: var(--failed); }
.level.warning { color: var(--error); }
.level.note { color: var(--dim); }
summary, .tests .plain { position: relative; padding-left: 1.25rem; }
summary { cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: "\\25b8"; content: "\\25b8" / ""; position: absolute; left: 0.15rem; color: var(--dim); }
details[open] > summary::before { transform: rotate(90deg); }
.tests .message { display: block; }
.tests pre { margin: 0.5rem 0 0.25rem; font-size: 0.75rem; }
.dim { font-size: 0.8125rem; }
summary .numbers { margin-left: 0.5rem; font-size: 0.8125rem; }

figcaption { font-size: 0.8125rem; margin-bottom: 0.75rem; }
.timeline { margin-bottom: 1.75rem; }
.bar { display: grid; grid-template: "who took" auto "line line" auto / 1fr auto; gap: 0 0.75rem; }
.bar { align-items: center; margin-bottom: 0.35rem; }
.bar svg:not(.sign) { grid-area: line; display: block; width: 100%; height: 20px; overflow: visible; }
.bar .who { grid-area: who; display: flex; align-items: center; gap: 0.45em; min-width: 0; }
.bar .took { grid-area: took; color: var(--dim); font-size: 0.8125rem; }
.bar .who .name, .bar .who .dim { max-height: 1.5em; overflow: hidden; }
.bar .who .name { font-weight: 500; color: var(--ink); }
.bar line { stroke: var(--line); stroke-width: 1; }
.bar rect { fill: currentColor; }
.bar rect.hatch { fill: url(#hatch); }
#hatch path { stroke: var(--page); stroke-width: 2.5; }
.axis text { fill: var(--dim); font-size: 11px; }
.axis .middle { text-anchor: middle; }

table { width: 100%; border-collapse: collapse; font-size: 0.875rem; margin-top: 1.25rem; }
caption { text-align: left; font-size: 0.8125rem; font-weight: 600; padding-bottom: 0.35rem; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 1rem 0.4rem 0; border-top: 1px solid var(--line); }
th, th code { font-weight: 400; }
thead th { color: var(--dim); font-size: 0.75rem; font-weight: 600; border-top: 0; overflow-wrap: normal; }
td.number, th.number { text-align: right; white-space: nowrap; }
td:last-child, th:last-child { padding-right: 0; }
.pair { white-space: nowrap; }
.pair a + a { margin-left: 0.6rem; }
.fact { display: inline-block; max-width: 100%; margin-right: 1rem; }
.total { margin-bottom: 0.5rem; }
.total > b { font-size: 1.75rem; line-height: 1.2; margin-right: 0.75rem; letter-spacing: -0.01em; }
.total .dim { margin-left: 0.75rem; }
.meter { display: block; width: 100%; height: 10px; border-radius: 5px; background: var(--line); }
.meter .share { fill: var(--passed); }
.meter .mark { fill: var(--ink); }
td .meter { height: 4px; width: 5rem; margin: 0.25rem 0 0 auto; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--dim); }
footer { font-size: 0.8125rem; }

@media print, (min-width: 48rem) {
  .verdict dl { display: flex; flex-wrap: wrap; gap: 0.75rem 2.75rem; }
  .verdict .wide { width: 100%; }
  .verdict .rest { display: inline; color: var(--dim); }
  .findings { display: grid; grid-template-columns: fit-content(22rem) 1fr fit-content(18rem); }
  .findings > li { grid-column: 1 / -1; grid-template-columns: subgrid; }
  tbody th { min-width: 11rem; }
  .bar { grid-template: "who line took" auto / 15rem 1fr 5.5rem; margin-bottom: 0; }
  .bar .took { text-align: right; }
}
/* On a phone each row is a card; its cells name their columns. */
@media screen and (max-width: 47.99rem) {
  table, caption, tbody { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  tr { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.15rem 1.25rem; }
  tr { border-top: 1px solid var(--line); padding: 0.6rem 0; }
  th, td { display: block; border: 0; padding: 0; min-width: 0; }
  tbody th, td.wide { width: 100%; }
  tbody th { font-weight: 600; }
  td.number { text-align: left; }
  td[data-label]::before { content: attr(data-label); color: var(--dim); font-size: 0.75rem; margin-right: 0.4rem; }
  td[data-label]::before { content: attr(data-label) / ""; }
  td .meter { display: inline-block; margin: 0 0 0.15rem 0.5rem; }
}
@media print {
  @page { margin: 15mm; }
  :root { color-scheme: light; font-size: 9pt; }
  body { max-width: none; padding: 0; }
  nav { display: none; }
  section { margin-top: 1.5rem; }
  tbody th { min-width: 7rem; }
  .bar { grid-template-columns: 12rem 1fr 4.5rem; }
  .findings { display: block; }
  .findings > li { grid-template-columns: 1fr; }
  .verdict .rest { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  li, tr, .bar, .repeat, h2, h3 { break-inside: avoid; }
  h2, h3, caption, thead { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
${LOAD_CHART_STYLE}`
