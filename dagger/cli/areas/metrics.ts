import type { Command } from "commander"
import type { MetricsOptions } from "../commands/metrics.js"
import {
  CREDENTIALS,
  DEPLOY_CREDENTIALS,
  exit,
  withDeploy,
  withOneOfEnvironments,
  withRegistry,
  withSource,
} from "../options/common.js"

/** Adds the reports on past deliveries. */
export function addMetricsCommands(program: Command): void {
  const metrics = program
    .command("metrics")
    .description("report DORA metrics, an audit of deployments and branch protection")

  withLedger(metrics.command("dora"))
    .description("report the DORA metrics: deployment frequency, lead time, time to restore, failure rate")
    .option("--window <days>", "period up to now: 7d, 30d or 90d", "30d")
    .action(report("dora"))

  withRegistry(withLedger(metrics.command("ledger")))
    .description("check the ledger's integrity, and list who approved, signed and made each deployment")
    .option("--verify", "also verify each release in its registry")
    .addHelpText("after", CREDENTIALS)
    .action(report("ledger"))

  withForge(withSource(metrics.command("protection")))
    .description("check GitHub's protection of main and develop, and find hotfixes not merged back")
    .option("--main <branch>", "branch of releases; by default that in slipway.yaml (branches.main)")
    .option(
      "--develop <branch>",
      "branch of the first environment; by default that in slipway.yaml (branches.develop)",
    )
    .action(report("protection"))
}

const report = (what: "dora" | "ledger" | "protection") => async (options: MetricsOptions) => {
  const { printMetrics } = await import("../commands/metrics.js")
  exit(await printMetrics(what, options))
}

const withLedger = (command: Command): Command =>
  withOneOfEnvironments(withForge(withDeploy(withSource(command))), "environment to report on", "last")
    .option("--ledger <file>", "file with a ledger as JSON lines, instead of the cluster's")
    .option("--embedded", "use the embedded cluster and registry")
    .addHelpText("after", DEPLOY_CREDENTIALS)

const withForge = (command: Command): Command =>
  command
    .option("--history <folder>", "a repository's .git folder; by default that of the sources")
    .option("--repository <url>", "repository on GitHub; by default from the CI host or git's origin")
    .option("--out <folder>", "folder to write reports to", "out")
    .option("--now <time>", "end of the period, RFC 3339, such as 2026-03-01T12:00:00Z; by default now")
    .option("--json", "print JSON instead of text")
    .addHelpText("after", FORGE_CREDENTIALS)

const FORGE_CREDENTIALS = `
Reads from the environment:
  GITHUB_TOKEN                          with pull-requests: read for approvals, administration: read for protection`
