import { Directory, func, object, Secret, Service } from "@dagger.io/dagger"
import { artifacts } from "../stage/artifacts.js"
import { type DastInputs, runBaseline } from "./zap.js"
import { environmentOf } from "../lib/config/environment.js"
import { serviceOf } from "../stage/service.js"
import { namedSecrets } from "../stage/secrets.js"
import { mustPass, type Stage } from "../stage/stage.js"
import { serviceEndpoint } from "../deploy/endpoint.js"

/** Scans of the service as it runs after a deployment, with ZAP. Never throws for what the service does wrong. */
export const dastStages = async (inputs: DastInputs): Promise<Stage[]> => [await runBaseline(inputs)]

/**
 * A deployed service, scanned with ZAP: its pages and the operations of its OpenAPI document are asked for, and the
 * answers looked at. It is attacked only where `dast.active` in `slipway.yaml` says so.
 */
@object()
export class Dast {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** How this module was called. */
  invocation!: string
  /** The time by which suppressions are judged, RFC 3339; empty for the present. */
  now!: string
  /** `staging` or `production`. */
  environment!: string
  secrets!: Secret[]
  /** Where the cluster's API answers, if not at the address in the kubeconfig. */
  clusterService?: Service
  /** A container in the service's place. */
  service?: Service

  /**
   * Passes if ZAP finds no alert of the risk `dast.risk` or worse, by default high, that no suppression hides. An effect,
   * once for each run id.
   *
   * Fails with GATE_FAILED, also for a service that can't be reached, a scan that looked at nothing or was not finished
   * within `dast.timeout`, and a ZAP that died.
   *
   * @param runId Names this run.
   */
  @func({ cache: "never" })
  async baseline(runId = ""): Promise<void> {
    for (const stage of await this.stages(runId)) mustPass(stage)
  }

  /**
   * What ZAP found: `zap/` with its reports, its plan and its log, `sarif/`, `junit/` and `logs/`. Never fails. An effect,
   * once for each run id; with that of `baseline` it costs nothing more.
   *
   * @param runId Names this run.
   */
  @func({ cache: "never" })
  async report(runId = ""): Promise<Directory> {
    return artifacts(await this.stages(runId))
  }

  private async stages(runId: string): Promise<Stage[]> {
    const { service, clusterService: cluster } = this
    return dastStages({
      ...serviceOf(this),
      cluster,
      environment: environmentOf(this.environment),
      secrets: await namedSecrets(this.secrets),
      run: runId || new Date().toISOString(),
      say: (line) => {
        console.log(line)
      },
      ...(service !== undefined && { target: await serviceEndpoint(service, "a container in its place") }),
    })
  }
}
