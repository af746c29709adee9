import { Directory, File, func, object, Secret } from "@dagger.io/dagger"
import { inEnvironment } from "../lib/config/previews.js"
import { serviceOf } from "../stage/service.js"
import { fail } from "../lib/errors/catalogue.js"
import type { DeploymentOutcome } from "../lib/notify/outcome.js"
import { notifyOutcome, type NotifyInputs, notifyStarted } from "./stages.js"
import { create, type Fields } from "../stage/create.js"
import { namedSecrets } from "../stage/secrets.js"
import type { Stage } from "../stage/stage.js"

/** Results of a deployment. */
const RESULTS = ["succeeded", "failed", "rolled-back", "held"] as const

/**
 * Notifications of deployments made by other tools than Slipway.
 *
 * Sent to Slack, Microsoft Teams, a webhook and as Grafana annotations, as for Slipway's own deployments. A notification
 * that can't be sent is reported and fails nothing.
 */
@object()
export class Notifications {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  invocation!: string
  now!: string
  /** The cache volumes that it may use. */
  space!: string
  /** One of `deploy.environments`. */
  environment!: string
  secrets!: Secret[]
  /** The user who deploys. */
  who!: string
  /** Address of the run in the CI host. */
  runUrl!: string
  history?: File
  /** Set by `withFailure`. */
  stage!: string
  reason!: string
  repro!: string

  /**
   * Notifies that a deployment started.
   *
   * Also creates its Grafana annotation. Returns a line per result. An effect, once per run id.
   *
   * @param version The version to deploy.
   * @param runId Id of the run.
   * @param sha Its commit.
   */
  @func({ cache: "never" })
  async started(version: string, runId: string, sha = ""): Promise<string> {
    return lines(await notifyStarted(await this.notifyInputs(version, runId, sha, Date.now())))
  }

  /**
   * Sets the failure that `ended` reports.
   *
   * @param stage The stage that failed.
   * @param reason Its reason.
   * @param repro The command that repeats it.
   */
  @func()
  withFailure(stage: string, reason = "", repro = ""): Notifications {
    return create(Notifications, { ...(this as Fields<Notifications>), stage, reason, repro })
  }

  /**
   * Notifies of the result of a deployment.
   *
   * Also ends its Grafana annotation. Returns a line per result. An effect, once per run id and result. Fails with
   * UNKNOWN_RESULT.
   *
   * @param result `succeeded`, `failed`, `rolled-back` or `held`.
   * @param version The deployed version.
   * @param runId Id of the run, the same as for `started`.
   * @param sha Its commit.
   * @param seconds Its duration.
   * @param previous The previous version.
   * @param previousSha The previous commit, from which the changes in `history` are listed.
   * @param note An additional note.
   */
  @func({ cache: "never" })
  async ended(
    result: string,
    version: string,
    runId: string,
    sha = "",
    seconds = 0,
    previous = "",
    previousSha = "",
    note = "",
  ): Promise<string> {
    const kind = RESULTS.find((known) => known === result)
    if (kind === undefined) throw fail("UNKNOWN_RESULT", [result, RESULTS])
    const milliseconds = seconds * 1000
    const { stage, reason, repro } = this
    const ended: DeploymentOutcome = {
      kind,
      version,
      previous,
      subject: version,
      sha,
      previousSha,
      milliseconds,
      note,
      failure: stage === "" && reason === "" ? undefined : { stage, reason, repro },
    }
    return lines(
      await notifyOutcome(await this.notifyInputs(version, runId, sha, Date.now() - milliseconds), ended),
    )
  }

  private async notifyInputs(
    version: string,
    run: string,
    sha: string,
    startedAt: number,
  ): Promise<NotifyInputs> {
    const { source, who, runUrl, space } = this
    return {
      source,
      space,
      run,
      startedAt,
      version,
      sha,
      who,
      runUrl,
      ...inEnvironment(serviceOf(this).config, this.environment),
      secrets: await namedSecrets(this.secrets),
      history: (await this.history?.contents()) ?? "",
    }
  }
}

const lines = (stages: readonly Stage[]): string =>
  stages.map(({ name, status, reason }) => `${name} ${status}: ${reason}\n`).join("")
