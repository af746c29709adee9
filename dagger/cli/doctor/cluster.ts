import type { Environment } from "../../../src/lib/config/environments.js"
import { readKubeconfig } from "../../../src/lib/kube/access.js"
import { connection } from "../../../src/lib/http/connection.js"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { fields, parseJson, text } from "../../../src/lib/text/json.js"
import { ownVariable } from "../../../src/lib/text/variables.js"
import { givenKubeconfig } from "../commands/kubeconfig.js"
import { clockFinding } from "./clock.js"
import { failure, type DoctorFinding, errorFinding, ok } from "./finding.js"

const TIMEOUT = 15_000

/** Checks that an environment's cluster answers and accepts the credentials; no findings without a kubeconfig. */
export async function clusterFindings(
  environment: Environment,
  env: Readonly<Record<string, string | undefined>>,
): Promise<DoctorFinding[]> {
  const given = env[ownVariable(environment, "KUBECONFIG")] ?? env["KUBECONFIG"]
  if (!given) return []
  try {
    const access = readKubeconfig(givenKubeconfig(given))
    const opened = connection(access)
    const headers = { ...(access.token !== undefined && { authorization: `Bearer ${access.token}` }) }
    const answer = await opened.send({ method: "GET", path: "/version", headers, timeout: TIMEOUT })
    opened.close()
    if (answer.kind === "unanswered")
      return [
        failure(
          "kubernetes",
          `${access.server}: ${answer.reason}`,
          "see whether it runs, and what is between it and here",
        ),
      ]
    const clock = clockFinding(access.server, [answer.headers.date ?? ""].flat().join())
    if (answer.status === 401)
      return [
        failure(
          "kubernetes",
          `${access.server} doesn't know who asks`,
          "hand it a kubeconfig whose credentials hold",
          ExitCode.badInput,
        ),
        clock,
      ]
    const version = text(fields(parseJson(answer.text))["gitVersion"])
    return [ok("kubernetes", `${access.server} ${version || `answers ${answer.status}`}`), clock]
  } catch (error) {
    return [errorFinding("kubernetes", error)]
  }
}
