import { Directory, File, float, func, object, Secret, Service } from "@dagger.io/dagger"
import { runTree } from "../stage/runTree.js"
import { inEnvironment } from "../lib/config/previews.js"
import { serviceOf } from "../stage/service.js"
import { fail } from "../lib/errors/catalogue.js"
import { type Kind, KINDS } from "../lib/load/profile.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import { type LoadInputs, loadStages } from "./k6.js"
import { namedSecrets } from "../stage/secrets.js"
import { mustPass, type Stage } from "../stage/stage.js"
import { addressEndpoint, serviceEndpoint, type ServiceEndpoint } from "../deploy/endpoint.js"

/**
 * Load and stress tests of the deployed service with k6.
 *
 * The users' script is the service's own, or generated from its OpenAPI document. The verdict is based on k6's samples,
 * not on its exit code. Every function is an effect, once per run id: it sends requests to the environment.
 */
@object()
export class Load {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** How this module was called. */
  invocation!: string
  now!: string
  /** The cache volumes that it may use. */
  space!: string
  /** One of `deploy.environments`. */
  environment!: string
  secrets!: Secret[]
  /** The cluster's API, if not at the address in the kubeconfig. */
  clusterService?: Service
  /** Factor of durations: above 0, at most 1. */
  scale!: float
  /** URL of the service, if not that of the environment. */
  base!: string
  /** A container in place of the deployed service. */
  service?: Service
  /** Record of an earlier run to compare with. */
  before?: File

  /**
   * Runs a load test with everyday traffic.
   *
   * Fails with GATE_FAILED if responses are too slow or too many fail; its message names other causes: INVALID_SCALE,
   * NO_LOAD_SCRIPT, OPENAPI, NO_CLUSTER. Fails with INVALID_BASE. An effect, once per run id.
   *
   * @param runId Id of the run. By default a new one.
   */
  @func({ cache: "never" })
  async load(runId = ""): Promise<void> {
    await this.gate("load", runId)
  }

  /**
   * Runs a stress test with more and more users to find the breaking point.
   *
   * Fails if that is below `load.stress.minimumUsers` of slipway.yaml, and as `load`. An effect, once per run id.
   *
   * @param runId Id of the run. By default a new one.
   */
  @func({ cache: "never" })
  async stress(runId = ""): Promise<void> {
    await this.gate("stress", runId)
  }

  /**
   * Runs tests and returns their artifacts.
   *
   * `verdict.json`, `summary.md`, `report.html`, `k6/` with the metrics of each second and a chart, `junit/`, `sarif/`
   * and `logs/`. Never fails for a fault of the service. An effect, once per run id.
   *
   * @param kinds The tests to run, in this order: `load`, `stress`.
   * @param runId Id of the run. By default a new one.
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
    const { scale, before } = this
    const service = serviceOf(this)
    const { environment, config } = inEnvironment(service.config, this.environment)
    return {
      ...service,
      config,
      run,
      scale,
      version: "",
      environment,
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
    if (this.base !== "" && !/^https?:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/.test(this.base))
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
