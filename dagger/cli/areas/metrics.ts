import type { Command } from "commander"
import type { MetricsOptions } from "../commands/metrics.js"
import {
  CREDENTIALS,
  DEPLOY_CREDENTIALS,
  environmentOption,
  exit,
  withDeploy,
  withRegistry,
  withSource,
} from "../options/common.js"

/** What is asked of the past. */
export function addMetricsCommands(program: Command): void {
  const metrics = program
    .command("metrics")
    .description(
      "say what the past tells: DORA's figures, an audit of deployments, how branches are protected",
    )

  withLedger(metrics.command("dora"))
    .description("print deployment frequency, lead time, time to restore, failure and success rate")
    .option("--window <days>", "the days up to now: 7d, 30d, 90d", "30d")
    .action(report("dora"))

  withRegistry(withLedger(metrics.command("ledger")))
    .description("prove that the ledger is whole, and list who approved, signed and made each deployment")
    .option("--verify", "verify each release too, in its registry")
    .addHelpText("after", CREDENTIALS)
    .action(report("ledger"))

  withForge(withSource(metrics.command("protection")))
    .description(
      "ask GitHub whether main and develop are protected, and look for hotfixes that never came back",
    )
    .option("--main <branch>", "the branch of releases", "main")
    .option("--develop <branch>", "the branch of staging", "develop")
    .action(report("protection"))
}

const report = (what: "dora" | "ledger" | "protection") => async (options: MetricsOptions) => {
  const { printMetrics } = await import("../commands/metrics.js")
  exit(await printMetrics(what, options))
}

const withLedger = (command: Command): Command =>
  withForge(withDeploy(withSource(command)))
    .addOption(environmentOption("where it was deployed").default("production"))
    .option("--ledger <file>", "a ledger, an entry a line, in place of the cluster's")
    .option("--embedded", "the cluster and the registry of Slipway's own")
    .addHelpText("after", DEPLOY_CREDENTIALS)

const withForge = (command: Command): Command =>
  command
    .option("--history <folder>", "a repository's .git folder; by default that of the sources")
    .option("--repository <url>", "the repository on GitHub; by default as CI host or git's origin say")
    .option("--out <folder>", "where the reports go", "out")
    .option("--now <time>", "the end of the window, such as 2026-03-01T12:00:00Z; by default now")
    .option("--json", "print JSON instead of text")
    .addHelpText("after", FORGE_CREDENTIALS)

const FORGE_CREDENTIALS = `
Reads from the environment:
  GITHUB_TOKEN                          with pull-requests: read for approvals, and administration: read for protection`
