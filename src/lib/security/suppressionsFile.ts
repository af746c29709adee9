import { isScalar, type YAMLMap } from "yaml"
import { exceptionFields, readEntries } from "../config/entries.js"
import { insideRule, printableRule, relativeRule } from "../config/rules.js"
import type { SectionSpec, TextRule } from "../config/spec.js"
import type { Outcome } from "../run/finding.js"
import { SUPPRESSIONS_FILE } from "./suppressions.js"
import { SCAN_PLACES, type Suppression } from "../run/suppressed.js"

/** Tools whose findings can be suppressed. */
const TOOLS = ["bandit", "trivy", "zap"] as const

/** Its path is matched with every finding's. */
const short: TextRule = { expected: "at most 1000 characters", pattern: /^.{0,1000}$/s }

const entry = {
  kind: "section",
  fields: {
    tool: { kind: "choice", doc: "The tool that reports it.", values: TOOLS },
    rule: { kind: "text", doc: "The tool's name of the rule.", rules: [printableRule, short] },
    path: {
      kind: "text",
      doc: "The files, or for ZAP the paths of URLs, that it holds for.",
      rules: [printableRule, relativeRule, insideRule, short],
    },
    in: {
      kind: "choice",
      doc: "Where it holds: in the source or in the image. Both, if left out.",
      values: SCAN_PLACES,
    },
    ...exceptionFields("Why it may be ignored."),
  },
} as const satisfies SectionSpec

/** Parses the file; undefined stands for a service without one. Returns an outcome if it can't be read. */
export function parseSuppressions(text: string | undefined): {
  suppressions: Suppression[]
  outcome?: Outcome
} {
  const { entries, outcome } = readEntries<typeof entry, Suppression>(text, {
    file: SUPPRESSIONS_FILE,
    list: "suppressions",
    entry,
    required: { tool: `expected one of ${TOOLS.join(", ")}`, rule: "" },
    prepare: (map) => {
      withRule(map)
      withPath(map)
    },
    make: ({ tool = "", rule = "", path, in: place, reason = "", expires = "", owner = "" }, { line }) => ({
      tool,
      rule,
      ...(path === undefined ? {} : { path }),
      ...(place === undefined ? {} : { in: place }),
      reason: reason.replace(/\s+/g, " ").trim(),
      expires,
      owner: owner.trim(),
      line,
    }),
  })
  return { suppressions: entries, ...(outcome && { outcome }) }
}

/** Normalises paths of URLs, which begin with a slash, to those of findings. */
function withPath(map: YAMLMap): void {
  const path = map.get("path", true)
  if (map.get("tool") === "zap" && isScalar(path) && typeof path.value === "string")
    path.value = path.value === "/" ? "." : path.value.replace(/^\/(?!\/)/, "")
}

/** Accepts numbers as rules, which ZAP uses. */
function withRule(map: YAMLMap): void {
  for (const { key, value } of map.items)
    if (isScalar(key) && key.value === "rule" && isScalar(value) && typeof value.value === "number")
      value.value = value.source
}
