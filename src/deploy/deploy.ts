import { dag, Directory, File, func, object, Secret, Service } from "@dagger.io/dagger"
import { contextOf, type DeployInputs } from "./environment.js"
import { environmentOf } from "../lib/config/environment.js"
import type { Destination } from "../registry/destination.js"
import { proveReleases } from "./proof.js"
import { runDeploy, type Wish } from "./steps.js"
import { parseConfig } from "../lib/config/parse.js"
import type { Context } from "../lib/deploy/context.js"
import { eventsOf, logsOf } from "../lib/deploy/look.js"
import { accept } from "../lib/deploy/rollback.js"
import { statusOf, statusText } from "../lib/deploy/status.js"
import { fail } from "../lib/errors/catalogue.js"
import { verifyChain } from "../lib/metrics/chain.js"
import { ledgerText } from "../lib/metrics/ledgerText.js"
import { text } from "../lib/report/terminal.js"
import { stopped } from "../lib/report/place.js"
import { namedSecrets } from "../stage/secrets.js"
import { watchDeployed } from "./watch.js"

/**
 * A service in one of its environments, on Kubernetes.
 *
 * A deployment puts the new pods beside the old ones, which keep the traffic until the new ones have proved themselves,
 * and stay through the soak: what fails is undone by moving the traffic back. One deployment runs at a time.
 */
@object()
export class Deployment {
  source: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings: string
  /** How this module was called. */
  invocation: string
  /** `staging` or `production`. */
  environment: string
  secrets: Secret[]
  /** Where the cluster's API answers, if not at the address in the kubeconfig. */
  clusterService?: Service

  constructor(
    source: Directory,
    settings: string,
    invocation: string,
    environment: string,
    secrets: Secret[] = [],
    clusterService?: Service,
  ) {
    this.source = source
    this.settings = settings
    this.invocation = invocation
    this.environment = environment
    this.secrets = secrets
    this.clusterService = clusterService
  }

  /**
   * Deploys a release: migrates the database, puts new pods beside the old ones, tries them, switches the traffic, and
   * takes it back where it goes wrong. Returns what each step came to. An effect, once for each run id.
   *
   * Fails with GATE_FAILED for what was undone, NOT_VERIFIED, DRY_RUN, DEPLOY_LOCKED, HELD and what the cluster refuses.
   *
   * @param reference A tag, a digest or a whole reference.
   * @param runId Names this run.
   * @param username The registry's user.
   * @param password Their password, token or client secret.
   * @param registryService A registry that is a container itself, in the host's place.
   * @param authority The certificate authority that vouches for the registry, beside the public ones.
   * @param plainHttp Whether the registry speaks plain HTTP.
   * @param embedded Deploy from Slipway's own registry.
   */
  @func({ cache: "never" })
  async run(
    reference: string,
    runId = "",
    username = "",
    password?: Secret,
    registryService?: Service,
    authority?: File,
    plainHttp = false,
    embedded = false,
  ): Promise<string> {
    const access = { username, password, service: registryService, authority, plainHttp, embedded }
    return this.walked({ reference, rollback: false }, runId, access)
  }

  /**
   * Goes back to an earlier version, verified again, with the settings that it had; gives up a version that is held. An
   * effect, once for each run id. Fails as `run`, and with NO_VERSION.
   *
   * @param version Its name or digest. By default the last good one.
   * @param runId Names this run.
   * @param username The registry's user.
   * @param password Their password, token or client secret.
   * @param registryService A registry that is a container itself, in the host's place.
   * @param authority The certificate authority that vouches for the registry, beside the public ones.
   * @param plainHttp Whether the registry speaks plain HTTP.
   * @param embedded Look in Slipway's own registry.
   */
  @func({ cache: "never" })
  async rollback(
    version = "",
    runId = "",
    username = "",
    password?: Secret,
    registryService?: Service,
    authority?: File,
    plainHttp = false,
    embedded = false,
  ): Promise<string> {
    const access = { username, password, service: registryService, authority, plainHttp, embedded }
    return this.walked({ reference: version, rollback: true }, runId, access)
  }

  /**
   * Watches what is deployed: health, crashes, error rate, time to answer. For errors and bad health it raises an alert,
   * and goes back to the last good version where `monitoring.watch.policy` is `rollback`; slow answers only raise an
   * alert. People are told through the webhooks among the secrets. Returns how it went. An effect, once for each run id.
   *
   * Fails with UNWELL, INVALID_DURATION, UNDER_WAY, NOTHING_DEPLOYED and what the cluster refuses.
   *
   * @param duration For how long, such as `30m`. `monitoring.watch.duration`, if left out.
   * @param runId Names this run.
   * @param who On whose behalf.
   * @param runUrl Where the run is shown.
   * @param username The registry's user, for a rollback.
   * @param password Their password, token or client secret.
   * @param registryService A registry that is a container itself, in the host's place.
   * @param authority The certificate authority that vouches for the registry, beside the public ones.
   * @param plainHttp Whether the registry speaks plain HTTP.
   * @param embedded Look in Slipway's own registry.
   */
  @func({ cache: "never" })
  async watch(
    duration = "",
    runId = "",
    who = "",
    runUrl = "",
    username = "",
    password?: Secret,
    registryService?: Service,
    authority?: File,
    plainHttp = false,
    embedded = false,
  ): Promise<string> {
    const access = {
      username,
      password,
      service: registryService,
      authority,
      plainHttp,
      embedded,
      wanted: {},
    }
    const inputs = await this.inputs(runId || `watch-${new Date().toISOString()}`)
    return watchDeployed({ ...inputs, who }, access, { duration, who, runUrl, invocation: this.invocation })
  }

  /** Accepts a version that is held for lack of requests: the old pods leave. An effect. Fails with DEPLOY_LOCKED. */
  @func({ cache: "never" })
  async finish(): Promise<string> {
    const { context, manifests } = await contextOf(await this.inputs(`finish-${Date.now()}`))
    return `${(await accept(context, manifests)) || "there is nothing to finish"}\n`
  }

  /**
   * What runs where, who has the traffic, what is under way, and the last ten entries of the ledger. Finishes or undoes
   * what was interrupted, and records what was changed by hand. Runs each time.
   *
   * @param readOnly Only look.
   * @param json As JSON.
   */
  @func({ cache: "never" })
  async status(readOnly = false, json = false): Promise<string> {
    const status = await statusOf(await this.context(), readOnly)
    return json ? `${JSON.stringify(status, null, 2)}\n` : statusText(status)
  }

  /**
   * The logs of all its pods, each line with its pod. Runs each time.
   *
   * @param since Seconds to go back. All that is kept, if left out.
   * @param follow Go on for so many seconds, and print what comes.
   */
  @func({ cache: "never" })
  async logs(since = 0, follow = 0): Promise<string> {
    return logsOf(await this.context(), { since, follow, print: (line) => console.log(line) })
  }

  /** What happened in the cluster, what matters first. Runs each time. */
  @func({ cache: "never" })
  async events(): Promise<string> {
    return `${(await eventsOf(await this.context())).join("\n")}\n`
  }

  /** All that was done to this environment, an entry a line, each with the hash of the one before it. Runs each time. */
  @func({ cache: "never" })
  async ledger(): Promise<File> {
    const entries = await (await this.context()).ledger.entries()
    return dag.file("ledger.jsonl", entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""))
  }

  /** The same for people, the newest first, and whether it is whole. Never fails for what it finds. Runs each time. */
  @func({ cache: "never" })
  async past(): Promise<string> {
    return ledgerText(verifyChain(await (await this.context()).ledger.text()))
  }

  /**
   * Whether one release works on the database's schema of another, as it has to after a rollback, as `proof.json`: both
   * images are taken as they were published, and tried on a database of the proof's own. Asks no cluster, and demands no
   * signatures. Runs each time.
   *
   * Fails with INVALID_REFERENCE, NO_REGISTRY, REGISTRY and NO_IMAGE_HERE; what is not proven is in the file.
   *
   * @param previous What a rollback would go back to: a tag, a digest or a whole reference.
   * @param next What migrates, in the same way.
   * @param username The registry's user.
   * @param password Their password, token or client secret.
   * @param registryService A registry that is a container itself, in the host's place.
   * @param authority The certificate authority that vouches for the registry, beside the public ones.
   * @param plainHttp Whether the registry speaks plain HTTP.
   * @param embedded Look in Slipway's own registry.
   */
  @func({ cache: "never" })
  async proof(
    previous: string,
    next: string,
    username = "",
    password?: Secret,
    registryService?: Service,
    authority?: File,
    plainHttp = false,
    embedded = false,
  ): Promise<File> {
    const access = { username, password, service: registryService, authority, plainHttp, embedded }
    const config = parseConfig(this.settings || undefined)
    const proof = await proveReleases({ source: this.source, config }, access, { previous, next })
    return dag.file("proof.json", `${JSON.stringify(proof, null, 2)}\n`)
  }

  private async walked(wish: Wish, runId: string, access: Destination): Promise<string> {
    const inputs = await this.inputs(runId || new Date().toISOString())
    const stages = await runDeploy(inputs, { ...access, wanted: {} }, wish, this.invocation)
    if (stages.some(stopped)) throw fail("GATE_FAILED", [text(stages)])
    return stages.map(({ name, reason }) => `${name}: ${reason}\n`).join("")
  }

  private async context(): Promise<Context> {
    return (await contextOf(await this.inputs(`look-${Date.now()}`))).context
  }

  private async inputs(run: string): Promise<DeployInputs> {
    return {
      source: this.source,
      settings: this.settings,
      config: parseConfig(this.settings || undefined),
      run,
      environment: environmentOf(this.environment),
      secrets: await namedSecrets(this.secrets),
      cluster: this.clusterService,
      say: (line) => {
        console.log(line)
      },
    }
  }
}
