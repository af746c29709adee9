import { randomUUID } from "node:crypto"
import { type Container, dag } from "@dagger.io/dagger"
import { influxLogin, type Outputs } from "../lib/load/outputs.js"
import { secretNamed } from "../stage/secrets.js"
import { withVariables } from "../stage/variables.js"
import type { LoadInputs } from "./k6.js"

/** Sets the addresses and credentials of receivers of k6's metrics; credentials as secret variables. */
export async function withReceivers(
  { config, environment, secrets }: LoadInputs,
  { variables }: Outputs,
  container: Container,
): Promise<Container> {
  const { influxdb, prometheus } = config.load
  const token = async (name: string) =>
    (await secretNamed(secrets, environment, name)?.secret.plaintext())?.trim() ?? ""
  const influxToken = influxdb === undefined ? "" : await token("INFLUXDB_TOKEN")
  const bearer = prometheus === undefined ? "" : await token("PROMETHEUS_TOKEN")
  const { username, password } = influxLogin(influxToken)
  const user: Record<string, string> = influxToken === "" ? {} : { K6_INFLUXDB_USERNAME: username }
  const found = withVariables(container, { ...user, ...variables })
  return [
    ["K6_INFLUXDB_PASSWORD", influxToken === "" ? "" : password],
    ["K6_PROMETHEUS_RW_BEARER_TOKEN", bearer],
  ].reduce(
    (all, [name = "", value = ""]) =>
      value === "" ? all : all.withSecretVariable(name, dag.setSecret(`${name} ${randomUUID()}`, value)),
    found,
  )
}
