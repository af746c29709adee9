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

/** What only whoever runs the engine can take away; a module has no say in it. */
const ENGINE = {
  "the engine's cache":
    "dagger core engine local-cache prune --use-default-policy; without that flag all of it goes, the embedded registry with its key and the ledger of applies included",
}

/** Tells which suppressions, known drift and exemptions have run out. Fails for a file that can't be read. */
export async function recordsWork({
  source,
  now,
}: {
  source: Directory
  now: Date
}): Promise<CleanupOutcome> {
  const { agreements, faults } = exceptionsIn(await texts(source, EXCEPTION_FILES))
  const findings = [...faults.flatMap((fault) => fault.findings), ...expiringExceptions(agreements, now)]
  const expired = findings.filter(({ rule }) => rule === "expired").length
  const log = findings.map(({ file, line, message }) => `${file}:${line}: ${message}\n`).join("")
  const [fault] = faults
  if (fault !== undefined)
    return {
      status: "error",
      reason: fault.reason,
      findings,
      exitCode: ExitCode.badInput,
      log,
      facts: ENGINE,
    }
  const reason =
    agreements.length === 0
      ? "nothing is suppressed, known as drift or exempted"
      : `${expired} of ${count(agreements.length, "entry").replace("entrys", "entries")} expired`
  return { status: "passed", reason, findings, exitCode: ExitCode.passed, log, facts: ENGINE }
}

function exceptionsIn(files: Readonly<Record<string, string>>): {
  agreements: RecordedException[]
  faults: Outcome[]
} {
  const { suppressions, ...first } = parseSuppressions(files[SUPPRESSIONS_FILE])
  const { baseline, ...second } = parseBaseline(files[BASELINE_FILE])
  const { exemptions, ...third } = parseExemptions(files[EXEMPTIONS_FILE])
  const agreements = [
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
  return { agreements, faults: [first, second, third].flatMap(({ outcome }) => outcome ?? []) }
}
