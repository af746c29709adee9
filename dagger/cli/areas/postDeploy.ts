import type { Command } from "commander"
import { type CiOptions, runCi } from "../commands/ci.js"
import { exit, withEnvironment, withRun, withRunId } from "../options/common.js"

const POST_DEPLOY_CREDENTIALS = `
Reads from the environment, each also with an environment's name before it (STAGING_KUBECONFIG):
  KUBECONFIG                            the path or the text of a kubeconfig, unless deploy.url says where it is
  LOAD_AUTHORIZATION                    the header Authorization of k6's requests
  DAST_AUTH_HEADER                      the value of ZAP's header, which dast names
  INFLUXDB_TOKEN, PROMETHEUS_TOKEN      where the figures of load tests are sent`

const POST_DEPLOY = {
  load: "put what is deployed under everyday load with k6, and judge its answers",
  stress: "add users until what is deployed breaks, and say where",
  dast: "scan what is deployed with ZAP: look at its answers, or attack it where that is allowed",
} as const

/** What tries a service where it is deployed. */
export function addPostDeployCommands(program: Command): void {
  for (const [group, description] of Object.entries(POST_DEPLOY)) {
    const command = withRunId(withEnvironment(withRun(program.command(group)), "staging"))
      .description(description)
      .option("--embedded", "the cluster of Slipway's own")
      .addHelpText("after", POST_DEPLOY_CREDENTIALS)
      .action(async (options: CiOptions) => exit(await runCi({ ...options, event: "manual" }, [group])))
    if (group !== "dast") withScale(command)
  }
}

/** For trials of the pipeline itself. */
export const withScale = (command: Command): Command =>
  command.option("--scale <factor>", "shorten load tests to this part of their length, such as 0.02")
