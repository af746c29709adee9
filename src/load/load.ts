import { Directory, File, float, func, object, Secret, Service } from "@dagger.io/dagger"
import { runTree } from "../stage/runTree.js"
import { environmentOf } from "../lib/config/environment.js"
import { serviceOf } from "../stage/service.js"
import { fail } from "../lib/errors/catalogue.js"
import { type Kind, KINDS } from "../lib/load/profile.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import { type LoadInputs, loadStages } from "./k6.js"
import { namedSecrets } from "../stage/secrets.js"
import { mustPass, type Stage } from "../stage/stage.js"
import { addressEndpoint, serviceEndpoint, type ServiceEndpoint } from "../deploy/endpoint.js"

/**
 * The deployed service under load, by k6: everyday traffic, and ever more users until it breaks.
 *
 * What users do is a script of the service's, or one made of its OpenAPI document. The verdict is made of k6's samples,
 * and not of its exit code. Every function is an effect, once for each run id: it sends requests to the environment.
 */
@object()
export class Load {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** How this module was called. */
  invocation!: string
  now!: string
  /** `staging` or `production`. */
  environment!: string
  secrets!: Secret[]
  /** Where the cluster's API answers, if not at the address in the kubeconfig. */
  clusterService?: Service
  /** What durations are multiplied by. */
  scale!: float
  /** Where the service answers, if not where the environment's does. */
  base!: string
  /** A container in place of the deployed service. */
  service?: Service
  /** What an earlier run left. */
  before?: File

  /**
   * Everyday traffic: fails where it is answered too slowly, or too often not at all. An effect, once for each run id.
   *
   * Fails with GATE_FAILED, which says what else went wrong: INVALID_SCALE, NO_LOAD_SCRIPT, OPENAPI, NO_CLUSTER.
   * Fails with INVALID_BASE.
   *
   * @param runId Names this run. By default a new one.
   */
  @func({ cache: "never" })
  async load(runId = ""): Promise<void> {
    await this.gate("load", runId)
  }

  /**
   * Ever more users, to find where the service breaks; fails where that is before load.stress.minimumUsers of slipway.yaml. An
   * effect, once for each run id. Fails as `load`.
   *
   * @param runId Names this run. By default a new one.
   */
  @func({ cache: "never" })
  async stress(runId = ""): Promise<void> {
    await this.gate("stress", runId)
  }

  /**
   * What these tests find, as `verdict.json`, `summary.md`, `report.html`, `k6/` with the figures of each second and a
   * picture, `junit/`, `sarif/` and `logs/`. Never fails for what a service does. An effect, once for each run id.
   *
   * @param kinds What to run, in this order: `load`, `stress`.
   * @param runId Names this run. By default a new one.
   */
  @func({ cache: "never" })
  async report(kinds: string[] = ["load"], runId = ""): Promise<Directory> {
    const startedAt = new Date().toISOString()
    const run = { id: runId || startedAt, event: "manual", ref: "", sha: "", startedAt }
    return runTree(run, () => this.stages(kinds.map(kindOf), run.id))
  }

  private async gate(kind: Kind, runId: string): Promise<void> {
    for (const stage of await this.stages([kind], runId)) mustPass(stage)
  }

  private async stages(kinds: readonly Kind[], runId: string): Promise<Stage[]> {
    return loadStages(await this.inputs(runId || new Date().toISOString()), kinds)
  }

  private async inputs(run: string): Promise<LoadInputs> {
    const at = await this.elsewhere()
    const { environment, scale, before } = this
    return {
      ...serviceOf(this),
      run,
      scale,
      version: "",
      environment: environmentOf(environment),
      secrets: await namedSecrets(this.secrets),
      cluster: this.clusterService,
      ...(at !== undefined && { at }),
      ...(before !== undefined && { before }),
      repro: (kind) =>
        `${this.invocation} ${shellQuote(["load", `--environment=${environment}`, `--scale=${scale}`, kind])}`,
      say: (line) => {
        console.log(`load ${environment}: ${line}`)
      },
    }
  }

  private async elsewhere(): Promise<ServiceEndpoint | undefined> {
    if (this.base !== "" && !/^https?:\/\/[^/?#@\s]+[^?#\s]*$/.test(this.base))
      throw fail("INVALID_BASE", [this.base])
    if (this.service !== undefined)
      return serviceEndpoint(this.service, "a container in place of the environment's service", this.base)
    return this.base === "" ? undefined : addressEndpoint(this.base, "an address that was given")
  }
}

function kindOf(name: string): Kind {
  const found = KINDS.find((known) => known === name)
  if (found === undefined) throw fail("UNKNOWN_STAGE", [name, KINDS])
  return found
}
