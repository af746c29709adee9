import type { Container } from "@dagger.io/dagger"
import { execute, type Execution, logOf, timing } from "../stage/execute.js"
import { ExitCode } from "../lib/errors/catalogue.js"
import type { Outcome } from "../lib/run/finding.js"
import { failureCause, diagnosticFinding, validateDiagnostics } from "../lib/infra/diagnostics.js"
import { formatOutcome } from "../lib/infra/format.js"
import { pool } from "../lib/run/pool.js"
import { byGate } from "../lib/report/place.js"
import { interrupted, overall, stageExitCode, TIMED_OUT } from "../lib/run/command.js"
import { broken, failed, passed } from "../lib/run/outcome.js"
import { oneLine } from "../lib/text/words.js"
import { count } from "../lib/text/words.js"
import { toolVersion } from "../lib/infra/tools.js"
import { attempted, identity, skipped, type Stage } from "../stage/stage.js"
import {
  checkRoot,
  type InfraInputs,
  mustBePulled,
  NOTHING_TO_PLAN,
  OUT,
  prepareRoot,
  terraform,
  toolCommand,
  toolText,
  work,
} from "./terraform.js"

/** Command of a check, with the container in which it runs. */
interface PreparedCheck {
  container: Container
  command: string[]
}

const SOURCE = "/src"

/** Prepares the format check of every file. */
export const prepareFormat = ({ formatted, config }: InfraInputs): PreparedCheck => ({
  container: terraform(config).withMountedDirectory(SOURCE, formatted).withWorkdir(SOURCE),
  command: [toolCommand(config), "fmt", "-check", "-diff", "-recursive", "-no-color"],
})

/** Prepares installing and validating the first root; each root is validated on its own. */
export const prepareValidate = (inputs: InfraInputs): PreparedCheck => ({
  container: prepareRoot(inputs.targets[0]?.root ?? ".", inputs),
  command: work("check", inputs.config),
})

/** Command that formats every file in the tool's own style. */
export const formatCommand = ({ config }: InfraInputs): string[] => [
  toolCommand(config),
  "fmt",
  "-recursive",
  "-no-color",
]

/** Runs `fmt`. Never throws because of the source. */
export function runFormat(inputs: InfraInputs): Promise<Stage> {
  const stage = identity("infra", "format", toolVersion(inputs.config), inputs.invocation)
  return attempted(stage, () => formatWork(inputs))
}

async function formatWork(inputs: InfraInputs) {
  const begun = Date.now()
  const { config, formatted } = inputs
  const files = (await formatted.glob("**/*")).filter((name) => !name.endsWith("/"))
  if (files.length === 0) return skipped(NOTHING_TO_PLAN)
  await mustBePulled(config)
  const { container, command } = prepareFormat(inputs)
  const run = await execute(container, command, config.timeout)
  const interruption = interrupted(run, "fmt", config.timeout)
  const outcome = interruption ?? formatOutcome(toolCommand(config), run, files.length)
  return {
    ...outcome,
    ...timing(run, begun),
    exitCode: stageExitCode(outcome.status, interruption !== undefined),
    log: logOf(command, run),
    facts: await toolFacts(inputs),
  }
}

/** Validates every root, each with its providers. Never throws because of the source. */
export function runValidate(inputs: InfraInputs): Promise<Stage> {
  const stage = identity("infra", "validate", toolVersion(inputs.config), inputs.invocation)
  return attempted(stage, () => validateWork(inputs))
}

async function validateWork(inputs: InfraInputs) {
  const begun = Date.now()
  const roots = [...new Set(inputs.targets.map(({ root }) => root))]
  if (roots.length === 0) return skipped(NOTHING_TO_PLAN)
  const checks = roots.map((root) => async () => {
    const run = await checkRoot(root, inputs)
    return { run, ...(await judgeRoot(root, run, inputs)) }
  })
  const results = await pool(inputs.config.parallel, checks)
  const stopping = results.filter(({ status }) => status !== "passed")
  const findings = results.flatMap((result) => result.findings)
  const bad = byGate(findings).blocking.length > 0
  const outcome: Outcome =
    stopping.length === 0
      ? passed(`${count(roots.length, "root")} valid: ${roots.join(", ")}`, findings)
      : bad && stopping.every(({ status }) => status === "failed")
        ? failed(findings)
        : { status: "error", reason: oneLine(stopping.map(({ reason }) => reason).join("; ")), findings }
  return {
    ...outcome,
    began: Math.min(...results.map(({ run }) => timing(run, begun).began)),
    milliseconds: Date.now() - begun,
    cached: results.every(({ run }) => run.began < begun),
    exitCode: overall(results.map(({ exitCode }) => exitCode)),
    log: results
      .map(({ run }, index) => `# ${roots[index]}\n${logOf(work("check", inputs.config), run)}`)
      .join("\n"),
    facts: await toolFacts(inputs),
  }
}

async function judgeRoot(
  root: string,
  run: Execution,
  { config }: InfraInputs,
): Promise<Outcome & { exitCode: ExitCode }> {
  const tool = toolCommand(config)
  const interruption =
    run.exitCode === TIMED_OUT || run.exitCode > 125 ? interrupted(run, root, config.timeout) : undefined
  if (interruption !== undefined) return { ...interruption, exitCode: ExitCode.infrastructure }
  const diagnostics = validateDiagnostics(await run.container.file(`${OUT}/validate.json`).contents())
  const findings = (diagnostics ?? []).map((diagnostic) => diagnosticFinding(tool, root, diagnostic))
  const own = findings.filter((finding) => finding.level === "error" && finding.file !== undefined)
  // Without its modules and providers a root is invalid even if its own files are correct.
  const installed = run.exitCode === 0
  if (own.length > 0 && (installed || !own.every(isMissing)))
    return { ...failed(findings), exitCode: ExitCode.gateFailed }
  if (!installed) {
    const {
      reason,
      exitCode,
      findings: causes,
    } = failureCause(tool, root, { step: "init", log: run.stdout + run.stderr, stream: "" })
    const status = exitCode === ExitCode.gateFailed ? "failed" : "error"
    const named = causes.map((cause) => ({ ...cause, file: cause.file ?? lockFile(root) }))
    return { status, reason, findings: status === "failed" ? named : causes, exitCode }
  }
  if (diagnostics === undefined || findings.some(({ level }) => level === "error"))
    return { ...broken(`${tool} validate`, run, findings), exitCode: ExitCode.badInput }
  return { ...passed("valid", findings), exitCode: ExitCode.passed }
}

/** True for a finding of `validate` that only follows from a failed `init`. */
const isMissing = ({ rule }: { rule: string }): boolean =>
  /^(?:module-not-installed|missing-required-provider|inconsistent-dependency-lock-file|failed-to-load-plugin-schemas|required-plugins-are-not-installed)/.test(
    rule,
  )

const lockFile = (root: string): string => (root === "." ? "" : `${root}/`) + ".terraform.lock.hcl"

/** Facts about the tool for the report. */
export const toolFacts = async ({ config }: InfraInputs): Promise<Record<string, string>> => ({
  tool: await toolText(config),
})
