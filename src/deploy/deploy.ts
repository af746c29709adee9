import { dag, Directory, File, func, object, Secret, Service } from "@dagger.io/dagger"
import { contextOf, type DeployInputs } from "./environment.js"
import { inEnvironment } from "../lib/config/previews.js"
import { wantedOf } from "../registry/cosign.js"
import { destinationOfFields } from "../registry/destination.js"
import type { ReleaseAccess } from "./wantedRelease.js"
import { proveReleases } from "./proof.js"
import { type DeployRequest, runDeploy } from "./steps.js"
import { serviceOf } from "../stage/service.js"
import { endPreview } from "./preview.js"
import type { Context } from "../lib/deploy/context.js"
import { namespaceEvents, podLogs } from "../lib/deploy/inspect.js"
import { acceptVersion } from "../lib/deploy/rollback.js"
import { serviceStatus, statusText } from "../lib/deploy/status.js"
import { fail } from "../lib/errors/catalogue.js"
import { verifyChain } from "../lib/metrics/chain.js"
import { ledgerText } from "../lib/metrics/ledgerText.js"
import { terminalText } from "../lib/report/terminal.js"
import { stopped } from "../lib/run/command.js"
import { namedSecrets } from "../stage/secrets.js"
import { watchDeployed } from "./watch.js"
import { jsonText } from "../lib/text/json.js"

/**
 * A service in one of its environments, on Kubernetes.
 *
 * A deployment starts the new pods next to the old ones, which keep the traffic until the new ones pass their tests, and
 * stay through the soak: on failure the traffic moves back. One deployment runs at a time.
 */
@object()
export class Deployment {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** The command that called this module. */
  invocation!: string
  now!: string
  /** The cache volumes that it may use. */
  space!: string
  /** Credentials of package indexes, for the parser of migrations. */
  netrc?: Secret
  indexSecrets!: Secret[]
  /** Its folder in a repository of several services, and what it uses beside it. */
  path!: string
  around?: Directory
  /** One of `deploy.environments`, or a preview such as `preview-12`. */
  environment!: string
  secrets!: Secret[]
  /** The cluster's API, if not at the address in the kubeconfig. */
  clusterService?: Service
  /** How releases are found, and whose signatures are trusted. */
  username!: string
  password?: Secret
  registryService?: Service
  authority?: File
  plainHttp!: boolean
  loginHost!: string
  embedded!: boolean
  publicKey?: File
  identity!: string
  issuer!: string
  /** The address of the service's repository. */
  origin!: string
  /** The floor that a release must meet: a file, or its address; empty for none. */
  policyFile?: File
  policyAddress!: string
  /** The person who deploys, and the web address of the run. */
  who!: string
  runUrl!: string

  /**
   * Deploys a release blue-green, and rolls back on failure.
   *
   * Migrates the database, starts new pods next to the old ones, tests them, switches the traffic, and watches the soak.
   * Returns the result of each step. An effect, once per run id.
   *
   * Fails with GATE_FAILED if it was rolled back, NOT_VERIFIED, DRY_RUN, DEPLOY_LOCKED, HELD and what the cluster refuses.
   *
   * @param reference A tag, a digest or a whole reference.
   * @param runId The id of this run.
   */
  @func({ cache: "never" })
  async run(reference: string, runId = ""): Promise<string> {
    return this.deployed({ reference, rollback: false }, runId)
  }

  /**
   * Rolls back to an earlier version, with the settings that it had.
   *
   * What ran here before may run here again: a bad signature stops it, a gate that was added since or a registry that is
   * away doesn't. Without a version it abandons a rollout on hold or interrupted. An effect, once per run id. Fails as
   * `run`, and with NO_VERSION.
   *
   * @param version A version's name or digest. Default: the last good one.
   * @param runId The id of this run.
   */
  @func({ cache: "never" })
  async rollback(version = "", runId = ""): Promise<string> {
    return this.deployed({ reference: version, rollback: true }, runId)
  }

  /**
   * Watches the deployed version: health, crashes, error rate, latency.
   *
   * For errors and bad health it raises an alert, and rolls back to the last good version if `monitoring.watch.policy`
   * is `rollback`; slow answers only raise an alert. Alerts go to the webhooks among the secrets. Returns a summary. An
   * effect, once per run id.
   *
   * Fails with UNWELL, INVALID_DURATION, UNDER_WAY, NOTHING_DEPLOYED and what the cluster refuses.
   *
   * @param duration The time to watch, such as `30m`. `monitoring.watch.duration`, if left out.
   * @param runId The id of this run.
   */
  @func({ cache: "never" })
  async watch(duration = "", runId = ""): Promise<string> {
    const inputs = await this.inputs(runId || `watch-${new Date().toISOString()}`)
    const { who, runUrl, invocation } = this
    return watchDeployed({ ...inputs, who }, this.access(), { duration, who, runUrl, invocation })
  }

  /**
   * Deletes the preview of a pull request: its namespace, with all that is in it.
   *
   * Waits until it is gone, up to deploy.finishTimeout. An effect. Fails with NOT_A_PREVIEW, PREVIEW_TAKEN,
   * PREVIEW_ENDING and what the cluster refuses.
   */
  @func({ cache: "never" })
  async down(): Promise<string> {
    return endPreview(await this.inputs(`down-${Date.now()}`))
  }

  /**
   * Accepts a version that is on hold.
   *
   * Removes the old pods, and updates the followers. An effect. Fails with DEPLOY_LOCKED.
   */
  @func({ cache: "never" })
  async finish(): Promise<string> {
    const { context, manifests } = await contextOf(await this.inputs(`finish-${Date.now()}`))
    return `${(await acceptVersion(context, manifests)) || "nothing is on hold"}\n`
  }

  /**
   * Shows running versions, the traffic, a rollout in progress and the ledger.
   *
   * Shows the last ten entries of the ledger. Finishes or undoes an interrupted rollout, and records changes made by
   * hand. Runs each time.
   *
   * @param readOnly Change nothing.
   * @param asJson Return JSON.
   */
  @func({ cache: "never" })
  async status(readOnly = false, asJson = false): Promise<string> {
    const status = await serviceStatus(await this.context(), readOnly)
    return asJson ? jsonText(status) : statusText(status)
  }

  /**
   * Returns the logs of all pods, each line prefixed with its pod.
   *
   * Runs each time.
   *
   * @param since Seconds to look back. All that is kept, if left out.
   * @param follow Seconds to follow the logs, printing new lines.
   */
  @func({ cache: "never" })
  async logs(since = 0, follow = 0): Promise<string> {
    return podLogs(await this.context(), { since, follow, print: (line) => console.log(line) })
  }

  /** Returns the cluster's events, the most important first. Runs each time. */
  @func({ cache: "never" })
  async events(): Promise<string> {
    return `${(await namespaceEvents(await this.context())).join("\n")}\n`
  }

  /**
   * Returns the environment's ledger as JSON lines.
   *
   * Each entry has the hash of the previous one. Fails with LEDGER_LOST. Runs each time.
   */
  @func({ cache: "never" })
  async ledger(): Promise<File> {
    const entries = await (await this.context()).ledger.entries()
    return dag.file("ledger.jsonl", entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""))
  }

  /**
   * Shows the ledger for people, the newest first, and whether it is intact.
   *
   * Never fails for its findings. Runs each time.
   */
  @func({ cache: "never" })
  async history(): Promise<string> {
    return ledgerText(verifyChain(await (await this.context()).ledger.text()))
  }

  /**
   * Proves that a release works on the schema of the next one, as `proof.json`.
   *
   * A rollback needs that. Tests the published images on a database of its own; needs no cluster and no signatures.
   * Runs each time.
   *
   * Fails with INVALID_REFERENCE, NO_REGISTRY, REGISTRY and NO_IMAGE_HERE; a failed proof is in the file.
   *
   * @param previous The release that a rollback would restore: a tag, a digest or a whole reference.
   * @param next The release that migrates, in the same way.
   */
  @func({ cache: "never" })
  async proof(previous: string, next: string): Promise<File> {
    const proof = await proveReleases(serviceOf(this), destinationOfFields(this), { previous, next })
    return dag.file("proof.json", jsonText(proof))
  }

  private access(): ReleaseAccess {
    return { ...destinationOfFields(this), wanted: wantedOf(this) }
  }

  private async deployed(request: DeployRequest, runId: string): Promise<string> {
    const inputs = await this.inputs(runId || new Date().toISOString())
    const stages = await runDeploy(inputs, this.access(), request, this.invocation)
    if (stages.some(stopped)) throw fail("GATE_FAILED", [terminalText(stages)])
    return stages.map(({ name, reason }) => `${name}: ${reason}\n`).join("")
  }

  private async context(): Promise<Context> {
    return (await contextOf(await this.inputs(`inspect-${Date.now()}`))).context
  }

  private async inputs(run: string): Promise<DeployInputs> {
    const service = serviceOf(this)
    return {
      ...service,
      ...inEnvironment(service.config, this.environment),
      run,
      secrets: await namedSecrets(this.secrets),
      cluster: this.clusterService,
      say: (line) => {
        console.log(line)
      },
    }
  }
}
