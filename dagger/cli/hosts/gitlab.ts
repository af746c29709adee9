import { createHash } from "node:crypto"
import { clip } from "../../../src/lib/text/escape.js"
import type { Variables } from "../../lib/variables.js"
import type { Annotation } from "./findings.js"

const SEVERITIES = { error: "major", warning: "minor", note: "info" } as const
const DESCRIPTION_LENGTH = 1000

/** GitLab's code quality report, which a merge request shows next to the code; findings without a file are omitted. */
export const codeQuality = (annotations: readonly Annotation[]): object[] =>
  annotations.flatMap(({ level, title, message, file, line = 1, fingerprint }) =>
    file === undefined
      ? []
      : [
          {
            description: clip(`${title}: ${message}`, DESCRIPTION_LENGTH),
            check_name: title,
            fingerprint: createHash("sha256").update(`${fingerprint}:${file}`).digest("hex"),
            severity: SEVERITIES[level],
            location: { path: file, lines: { begin: line } },
          },
        ],
  )

/** Links for the job's page: https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsannotations. */
export function links(env: Variables): object {
  const link = (label: string, file: string) => ({
    external_link: { label, url: `${env["CI_JOB_URL"] ?? ""}/artifacts/file/out/${file}` },
  })
  return { slipway: [link("Report", "report.html"), link("Summary", "summary.md")] }
}
