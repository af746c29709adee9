import { Directory, func, object, Secret, Service } from "@dagger.io/dagger"
import { artifacts } from "../stage/artifacts.js"
import { type DastInputs, runBaseline } from "./zap.js"
import { inEnvironment } from "../lib/config/previews.js"
import { serviceOf } from "../stage/service.js"
import { namedSecrets } from "../stage/secrets.js"
import { mustPass, type Stage } from "../stage/stage.js"
import { serviceEndpoint } from "../deploy/endpoint.js"

/** Scans the deployed service with ZAP. Never throws for a fault of the service. */
export const dastStages = async (inputs: DastInputs): Promise<Stage[]> => [await runBaseline(inputs)]

/**
 * A scan of the deployed service with ZAP.
 *
 * Requests its pages and the operations of its OpenAPI document, and inspects the responses. Attacks it only if
 * `dast.active` in `slipway.yaml` says so.
 */
@object()
export class Dast {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** How this module was called. */
  invocation!: string
  /** The time by which suppressions expire, RFC 3339; empty for the present. */
  now!: string
  /** The cache volumes that it may use. */
  space!: string
  /** One of `deploy.environments`. */
  environment!: string
  secrets!: Secret[]
  /** The cluster's API, if not at the address in the kubeconfig. */
  clusterService?: Service
  /** A container in place of the deployed service. */
  service?: Service

  /**
   * Scans the service and fails for alerts at or above the gate.
   *
   * The gate is `dast.risk`, by default high; suppressed alerts don't count. Fails with GATE_FAILED, also if the
   * service can't be reached, the scan requested nothing or didn't finish within `dast.timeout`, or ZAP crashed. An
   * effect, once per run id.
   *
   * @param runId Id of the run.
   */
  @func({ cache: "never" })
  async baseline(runId = ""): Promise<void> {
    for (const stage of await this.stages(runId)) mustPass(stage)
  }

  /**
   * Scans the service and returns the artifacts of the scan.
   *
   * `zap/` with ZAP's reports, plan and log, `sarif/`, `junit/` and `logs/`. Never fails. An effect, once per run id;
   * after `baseline` of the same run it costs nothing more.
   *
   * @param runId Id of the run.
   */
  @func({ cache: "never" })
  async report(runId = ""): Promise<Directory> {
    return artifacts(await this.stages(runId))
  }

  private async stages(runId: string): Promise<Stage[]> {
    const { service, clusterService: cluster } = this
    const own = serviceOf(this)
    return dastStages({
      ...own,
      ...inEnvironment(own.config, this.environment),
      cluster,
      secrets: await namedSecrets(this.secrets),
      run: runId || new Date().toISOString(),
      say: (line) => {
        console.log(line)
      },
      ...(service !== undefined && { target: await serviceEndpoint(service, "a container in its place") }),
    })
  }
}
