import { type Command, Option } from "commander"
import { CI_HOSTS, type CiHost } from "../../../src/lib/config/wrappers.js"
import { type CiJob, JOBS } from "../../../src/lib/pipeline/policy.js"
import { COMMANDS, groupRecord, PUBLISHED } from "../../../src/lib/pipeline/stages.js"
import type { CiOptions } from "../commands/ci.js"
import type { InitOptions } from "../commands/init.js"
import type { RunPlanOptions } from "../commands/plan.js"
import { oneOf } from "../options/choices.js"
import { addInfraCommands } from "./infra.js"
import {
  exit,
  exitAfterRun,
  same,
  withBuild,
  withDeploy,
  withEvent,
  withIndexes,
  withInfraSecrets,
  withOffOrder,
  withPrevious,
  withRelease,
  withRun,
  withRunId,
  withSource,
  withWatch,
} from "../options/common.js"
import { withScale } from "./postDeploy.js"
import { jsonText } from "../../../src/lib/text/json.js"

/** Adds the commands that run the whole pipeline or one group of stages. */
export function addRunCommands(program: Command): void {
  withOffOrder(
    withWatch(
      withPrevious(
        withScale(withEvent(withRunId(withDeploy(withInfraSecrets(withRelease(program.command("ci"))))))),
      ),
    ),
  )
    .description("run the pipeline for an event and write all reports to --out")
    .option("--all", "run every service of the repository; by default those that a change touches")
    .option("--off-main <reason>", "deploy a version that isn't on main; the ledger keeps the reason")
    .option("--without-hotfix <reason>", "release what lacks a released hotfix; the ledger keeps the reason")
    .addOption(
      oneOf(
        new Option("--host <name>", "read the event from this CI host, and report results to it"),
        CI_HOSTS,
        "UNKNOWN_HOST",
      ),
    )
    .addOption(
      oneOf(
        new Option("--job <name>", "run what this job of a CI host runs of the event; by default all"),
        JOBS,
        "UNKNOWN_JOB",
      ),
    )
    .action(async ({ host, job, ...options }: CiOptions & { host?: CiHost; job?: CiJob }) => {
      const { runJob, runCiJob } = await import("../commands/ciJob.js")
      exit(host === undefined ? await runJob(job, options) : await runCiJob(host, job, options))
    })

  withEvent(withSource(program.command("plan")))
    .description("show which stages ci would run for an event, and why; needs no engine")
    .option("--embedded", "plan for a run with the embedded registry")
    .option("--json", "print JSON")
    .action(async (options: RunPlanOptions) => {
      const { printPlan } = await import("../commands/plan.js")
      exit(await printPlan(options))
    })

  program
    .command("init")
    .description("write a slipway.yaml with what differs from the defaults, and why; needs no engine")
    .option("--source <folder>", "folder of the service or of a repository with several", ".")
    .option("--print", "print the settings that the file would have or lacks, and write nothing")
    .action(async (options: InitOptions) => {
      const { runInit } = await import("../commands/init.js")
      exit(await runInit(options))
    })

  program
    .command("schema")
    .description("print the JSON schema of slipway.yaml, for editors; needs no engine")
    .action(async () => {
      const { jsonSchema } = await import("../../../src/lib/config/jsonSchema.js")
      process.stdout.write(jsonText(jsonSchema()))
    })

  for (const group of COMMANDS) {
    const secrets = group === "image" ? withBuild : same
    const indexes = groupRecord(group).secrets.includes("indexSecrets") ? withIndexes : same
    const command = withWatch(withPrevious(indexes(secrets(withRun(program.command(group))))))
      .description(groupRecord(group).summary)
      .action((options: CiOptions) => exitAfterRun(options, [group]))
    if (group === "infra") addInfraCommands(command)
  }

  withPrevious(withRelease(program.command("publish")))
    .description("run all checks, then build, publish, sign, attest and verify the image")
    .option("--ref <ref>", "version to publish, such as v1.2.3; by default what is checked out")
    .action((options: CiOptions) => exitAfterRun({ ...options, event: "manual" }, PUBLISHED))
}
