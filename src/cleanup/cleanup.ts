import { Directory, File, func, object, Secret, Service } from "@dagger.io/dagger"
import { runTree } from "../stage/runTree.js"
import { cleanupStages } from "./stages.js"
import { destinationOfFields } from "../registry/destination.js"
import { registryWords } from "../registry/words.js"
import { serviceOf } from "../stage/service.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import { dayOf } from "../stage/suppressions.js"

/**
 * Cleanup of old images, cluster objects and expired exceptions.
 *
 * Covers images in the registry, finished Jobs, old ReplicaSets and preview namespaces in the clusters, and expired
 * suppressions, known drift and exemptions. `cleanup` in slipway.yaml sets what is kept. An image is kept while an
 * environment runs it or could roll back to it; if an environment can't be asked, or its cluster's ledger isn't that of
 * the service and the environment, no image is deleted. Don't release to the same repository at the same time.
 */
@object()
export class Cleanup {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** How this module was called. */
  invocation!: string
  /** The time from which ages are computed, RFC 3339; empty for now. */
  now!: string
  /** The cache volumes that it may use. */
  space!: string
  /** The environment whose cluster is cleaned up; empty for all. */
  environment!: string
  secrets!: Secret[]
  username!: string
  plainHttp!: boolean
  loginHost!: string
  /** Use the embedded registry. */
  embedded!: boolean
  clusterService?: Service
  password?: Secret
  registryService?: Service
  authority?: File

  /**
   * Plans the cleanup and returns it as JSON.
   *
   * Lists what would be deleted and what is kept, with reasons. Deletes nothing. Fails with INVALID_TIME and for an invalid
   * `slipway.yaml`. Queries registry and clusters each time.
   */
  @func({ cache: "never" })
  async plan(): Promise<File> {
    serviceOf(this)
    dayOf(this.now)
    return (await this.cleanUp(false, "")).file("cleanup/plan.json")
  }

  /**
   * Plans the cleanup and returns the artifacts of a run.
   *
   * `verdict.json`, `summary.md`, `report.html` and `cleanup/`. Never fails. Queries registry and clusters each time.
   */
  @func({ cache: "never" })
  report(runId = ""): Promise<Directory> {
    return this.cleanUp(false, runId)
  }

  /**
   * Deletes what `plan` lists and returns the artifacts of a run.
   *
   * The verdict's exit code is 3 if something could not be deleted. Never fails. An effect: deletion is permanent, and a
   * second run finds nothing more to delete.
   *
   * @param runId Id of the run.
   */
  @func({ cache: "never" })
  run(runId = ""): Promise<Directory> {
    return this.cleanUp(true, runId)
  }

  private cleanUp(apply: boolean, runId: string): Promise<Directory> {
    const startedAt = new Date().toISOString()
    const run = { id: runId || startedAt, event: "manual", ref: "", sha: "", startedAt }
    return runTree(run, async () =>
      cleanupStages({
        ...serviceOf(this),
        run,
        now: dayOf(this.now),
        secrets: this.secrets,
        cluster: this.clusterService,
        environment: this.environment,
        apply,
        repro: await this.repro(apply),
        destination: destinationOfFields(this),
      }),
    )
  }

  /** The command that repeats it, with secrets by their addresses. */
  private async repro(apply: boolean): Promise<string> {
    const secrets = await Promise.all(this.secrets.map((secret) => secret.uri()))
    const words = [
      ...(await registryWords(destinationOfFields(this))),
      "cleanup",
      ...(this.environment === "" ? [] : [`--environment=${this.environment}`]),
      ...secrets.map((uri) => `--secrets=${uri}`),
      ...(apply ? ["run", "export", "--path=out"] : ["plan", "contents"]),
    ]
    return `${this.invocation} ${shellQuote(words)}`
  }
}
