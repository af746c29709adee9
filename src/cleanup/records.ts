import type { Directory } from "@dagger.io/dagger"
import { type RecordedException, expiringExceptions, EXCEPTION_FILES } from "../lib/cleanup/records.js"
import type { CleanupOutcome } from "../lib/cleanup/report.js"
import { ExitCode } from "../lib/errors/catalogue.js"
import type { Outcome } from "../lib/run/finding.js"
import { BASELINE_FILE, parseBaseline } from "../lib/infra/baseline.js"
import { EXEMPTIONS_FILE, parseExemptions } from "../lib/migration/exemptions.js"
import { SUPPRESSIONS_FILE } from "../lib/security/suppressions.js"
import { parseSuppressions } from "../lib/security/suppressionsFile.js"
import { count } from "../lib/text/words.js"
import { texts } from "../stage/texts.js"

/** The engine's cache can only be pruned by its operator, not by a module. */
const ENGINE = {
  "the engine's cache":
    "dagger core engine local-cache prune --use-default-policy; without the flag it deletes everything, including the embedded registry with its key and the ledger of applies",
}

/** Reports expired suppressions, known drift and exemptions. Fails for an invalid file. */
export async function recordsWork({
  source,
  now,
}: {
  source: Directory
  now: Date
}): Promise<CleanupOutcome> {
  const { exceptions, invalid } = exceptionsIn(await texts(source, EXCEPTION_FILES))
  const findings = [...invalid.flatMap((outcome) => outcome.findings), ...expiringExceptions(exceptions, now)]
  const expired = findings.filter(({ rule }) => rule === "expired").length
  const log = findings.map(({ file, line, message }) => `${file}:${line}: ${message}\n`).join("")
  const [first] = invalid
  if (first !== undefined)
    return {
      status: "error",
      reason: first.reason,
      findings,
      exitCode: ExitCode.badInput,
      log,
      facts: ENGINE,
    }
  const reason =
    exceptions.length === 0
      ? "no suppressions, known drift or exemptions"
      : `${expired} of ${count(exceptions.length, "entry").replace("entrys", "entries")} expired`
  return { status: "passed", reason, findings, exitCode: ExitCode.passed, log, facts: ENGINE }
}

function exceptionsIn(files: Readonly<Record<string, string>>): {
  exceptions: RecordedException[]
  invalid: Outcome[]
} {
  const { suppressions, ...suppressed } = parseSuppressions(files[SUPPRESSIONS_FILE])
  const { baseline, ...drift } = parseBaseline(files[BASELINE_FILE])
  const { exemptions, ...exempted } = parseExemptions(files[EXEMPTIONS_FILE])
  const exceptions = [
    ...suppressions.map(({ tool, rule, ...rest }) => ({
      ...rest,
      file: SUPPRESSIONS_FILE,
      what: `the suppression of ${tool} ${rule}`,
    })),
    ...baseline.map(({ address, ...rest }) => ({
      ...rest,
      file: BASELINE_FILE,
      what: `the known drift of ${address}`,
    })),
    ...exemptions.map(({ revision, rule, ...rest }) => ({
      ...rest,
      file: EXEMPTIONS_FILE,
      what: `the exemption of ${revision} from ${rule}`,
    })),
  ]
  return { exceptions, invalid: [suppressed, drift, exempted].flatMap(({ outcome }) => outcome ?? []) }
}
