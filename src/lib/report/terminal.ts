import type { Finding } from "../run/finding.js"
import type { StageReport } from "../run/verdict.js"
import { clip, visible } from "../text/escape.js"
import { stopped } from "../run/command.js"
import { byGate, formatDuration, logPath, place } from "./place.js"

/** Limit on findings, so that the first stay on the screen. */
const FINDINGS_PER_STAGE = 20
const PLACE_LENGTH = 200
const MESSAGE_LENGTH = 400

/** Formats the failed stages for a terminal; empty if none failed. */
export function terminalText(stages: readonly StageReport[]): string {
  return stages.filter(stopped).map(stageText).join("\n")
}

function stageText(stage: StageReport): string {
  const { blocking, advisory } = byGate(stage.findings)
  const shown = blocking.slice(0, FINDINGS_PER_STAGE)
  const hidden = blocking.length - shown.length
  return [
    `✗ ${visible(stage.name)} ${stage.status}: ${line(stage.reason)} (${formatDuration(stage.milliseconds)})`,
    ...shown.map((finding) => `  ${findingText(finding)}`),
    ...(advisory.length > 0 ? [`  … and ${advisory.length} below the gate`] : []),
    hidden > 0 ? `  … and ${hidden} more in ${logPath(stage)}` : `  log: ${logPath(stage)}`,
    `  repeat: ${visible(stage.repro)}`,
    "",
  ].join("\n")
}

function findingText(finding: Finding): string {
  const where = visible(clip(place(finding), PLACE_LENGTH))
  return `${where === "" ? "" : `${where}: `}${line(finding.message)} [${visible(clip(finding.tool, 40))} ${visible(clip(finding.rule, 80))}]`
}

const line = (message: string): string => visible(clip(message, MESSAGE_LENGTH))
