import type { Command } from "commander"
import type { CiOptions } from "../commands/ci.js"
import { exitAfterRun, withEnvironment, withRun, withRunId } from "../options/common.js"

const POST_DEPLOY_CREDENTIALS = `
Reads from the environment, each also prefixed with an environment's name (STAGING_KUBECONFIG):
  KUBECONFIG                            path or content of a kubeconfig; not needed with deploy.url
  LOAD_AUTHORIZATION                    Authorization header of k6's requests
  DAST_AUTH_HEADER                      value of the header that dast sets in ZAP's requests
  INFLUXDB_TOKEN, PROMETHEUS_TOKEN      tokens of the databases that get load test metrics`

const POST_DEPLOY = {
  load: "load-test a deployment with k6 under everyday load",
  stress: "stress-test a deployment with k6: add users until it breaks",
  dast: "scan a deployment with ZAP: passively, or actively if slipway.yaml allows it",
} as const

/** Adds the tests and scans of a deployed service. */
export function addPostDeployCommands(program: Command): void {
  for (const [group, description] of Object.entries(POST_DEPLOY)) {
    const command = withRunId(withEnvironment(withRun(program.command(group)), "first"))
      .description(description)
      .option("--embedded", "use the embedded cluster")
      .addHelpText("after", POST_DEPLOY_CREDENTIALS)
      .action((options: CiOptions) => exitAfterRun({ ...options, event: "manual" }, [group]))
    if (group !== "dast") withScale(command)
  }
}

/** Adds the option that shortens load tests, for trying out the pipeline itself. */
export const withScale = (command: Command): Command =>
  command.option("--scale <factor>", "factor for the duration of load tests, such as 0.02; by default 1")
