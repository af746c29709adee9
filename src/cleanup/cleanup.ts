import { Directory, File, func, object, Secret, Service } from "@dagger.io/dagger"
import { ci } from "../stage/runTree.js"
import { cleanupStages } from "./stages.js"
import { EMBEDDED } from "../registry/embedded.js"
import { parseConfig } from "../lib/config/parse.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import { dayOf } from "../stage/suppressions.js"

/**
 * What earlier runs left: old images in the registry, finished Jobs, old ReplicaSets and previews in the clusters, and
 * agreements that have run out. `cleanup` in slipway.yaml says what is kept.
 *
 * An image stays while an environment runs it or could go back to it: where one can't be asked, no image is deleted. Let
 * no release of the repository run at the same time.
 */
@object()
export class Cleanup {
  source: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings: string
  /** How this module was called. */
  invocation: string
  /** The time by which ages are judged, RFC 3339; empty for the present. */
  now: string
  /** The environment whose cluster is cleaned; empty for all. */
  environment: string
  secrets: Secret[]
  username: string
  plainHttp: boolean
  /** The registry of Slipway's own. */
  embedded: boolean
  clusterService?: Service
  password?: Secret
  registryService?: Service
  authority?: File

  constructor(
    source: Directory,
    settings: string,
    invocation: string,
    now: string,
    environment: string,
    secrets: Secret[],
    username: string,
    plainHttp: boolean,
    embedded: boolean,
    clusterService?: Service,
    password?: Secret,
    registryService?: Service,
    authority?: File,
  ) {
    this.source = source
    this.settings = settings
    this.invocation = invocation
    this.now = now
    this.environment = environment
    this.secrets = secrets
    this.username = username
    this.plainHttp = plainHttp
    this.embedded = embedded
    this.clusterService = clusterService
    this.password = password
    this.registryService = registryService
    this.authority = authority
  }

  /**
   * What would go and what stays, each with the reason, as JSON. Deletes nothing. Fails for a bad `slipway.yaml` and with
   * INVALID_TIME, and never for what it finds. Asks registry and clusters each time.
   */
  @func({ cache: "never" })
  async plan(): Promise<File> {
    parseConfig(this.settings || undefined)
    dayOf(this.now)
    return (await this.left(false, "")).file("cleanup/plan.json")
  }

  /** The same as the artifacts of a run: `verdict.json`, `summary.md`, `report.html`, `cleanup/`. Never fails. Asks each time. */
  @func({ cache: "never" })
  report(runId = ""): Promise<Directory> {
    return this.left(false, runId)
  }

  /**
   * Deletes what `plan` shows, and returns the artifacts of a run; the verdict's exit code is 3 where something is left.
   * Never fails. An effect: what is deleted is gone for good, and a second run finds nothing more to delete.
   *
   * @param runId Names this run.
   */
  @func({ cache: "never" })
  run(runId = ""): Promise<Directory> {
    return this.left(true, runId)
  }

  private left(apply: boolean, runId: string): Promise<Directory> {
    const startedAt = new Date().toISOString()
    const run = { id: runId || startedAt, event: "manual", ref: "", sha: "", startedAt }
    return ci(run, async () =>
      cleanupStages({
        source: this.source,
        settings: this.settings,
        config: parseConfig(this.settings || undefined),
        run,
        now: dayOf(this.now),
        secrets: this.secrets,
        cluster: this.clusterService,
        environment: this.environment,
        apply,
        repro: await this.repro(apply),
        destination: {
          embedded: this.embedded,
          username: this.username,
          plainHttp: this.plainHttp,
          password: this.password,
          service: this.registryService,
          authority: this.authority,
        },
      }),
    )
  }

  /** Secrets by where they came from. */
  private async repro(apply: boolean): Promise<string> {
    const secrets = await Promise.all(this.secrets.map((secret) => secret.uri()))
    const words = [
      "cleanup",
      ...(this.environment === "" ? [] : [`--environment=${this.environment}`]),
      ...secrets.map((uri) => `--secrets=${uri}`),
      ...(this.username === "" ? [] : [`--username=${this.username}`]),
      ...(this.password === undefined ? [] : [`--password=${await this.password.uri()}`]),
      ...(this.plainHttp ? ["--plain-http"] : []),
      ...(this.embedded ? [EMBEDDED] : []),
      ...(apply ? ["run", "export", "--path=out"] : ["plan", "contents"]),
    ]
    return `${this.invocation} ${shellQuote(words)}`
  }
}
