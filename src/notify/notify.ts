import { Directory, File, func, object, Secret } from "@dagger.io/dagger"
import { environmentOf } from "../lib/config/environment.js"
import { parseConfig } from "../lib/config/parse.js"
import { fail } from "../lib/errors/catalogue.js"
import type { DeploymentOutcome } from "../lib/notify/outcome.js"
import { notifyOutcome, type NotifyInputs, notifyStarted } from "./stages.js"
import { namedSecrets } from "../stage/secrets.js"
import type { Stage } from "../stage/stage.js"

/** How a deployment can end. */
const RESULTS = ["succeeded", "failed", "rolled-back", "held"] as const

/**
 * Tells people of a deployment that something else than Slipway makes, as Slipway does of its own: Slack, Microsoft Teams,
 * a webhook, and marks in Grafana. What can't be told is said, and fails nothing.
 */
@object()
export class Notifications {
  source: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings: string
  /** `staging` or `production`. */
  environment: string
  secrets: Secret[]
  /** Who deploys. */
  who: string
  /** Where the run is shown. */
  runUrl: string
  history?: File

  constructor(
    source: Directory,
    settings: string,
    environment: string,
    secrets: Secret[] = [],
    who = "",
    runUrl = "",
    history?: File,
  ) {
    this.source = source
    this.settings = settings
    this.environment = environment
    this.secrets = secrets
    this.who = who
    this.runUrl = runUrl
    this.history = history
  }

  /**
   * Tells that a deployment begins, and begins its mark. Returns what became of it, a line for each. An effect, once for
   * each run id.
   *
   * @param version What is deployed.
   * @param runId Names the run.
   * @param sha Its commit.
   */
  @func({ cache: "never" })
  async started(version: string, runId: string, sha = ""): Promise<string> {
    return lines(await notifyStarted(await this.notifyInputs(version, runId, sha, Date.now())))
  }

  /**
   * Tells how a deployment ended, and ends its mark. Returns what became of it, a line for each. An effect, once for
   * each run id and result. Fails with UNKNOWN_RESULT.
   *
   * @param result `succeeded`, `failed`, `rolled-back` or `held`.
   * @param version What was deployed.
   * @param runId Names the run, as it was when it began.
   * @param sha Its commit.
   * @param seconds How long it took.
   * @param previous The version before.
   * @param previousSha The commit of that, from which on `history` tells the changes.
   * @param stage What failed.
   * @param reason Why.
   * @param repro The command that repeats it.
   * @param note What else there is to say.
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
    stage = "",
    reason = "",
    repro = "",
    note = "",
  ): Promise<string> {
    const kind = RESULTS.find((known) => known === result)
    if (kind === undefined) throw fail("UNKNOWN_RESULT", [result, RESULTS])
    const milliseconds = seconds * 1000
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
    const { source, who, runUrl } = this
    return {
      source,
      run,
      startedAt,
      version,
      sha,
      who,
      runUrl,
      config: parseConfig(this.settings || undefined),
      environment: environmentOf(this.environment),
      secrets: await namedSecrets(this.secrets),
      history: (await this.history?.contents()) ?? "",
    }
  }
}

const lines = (stages: readonly Stage[]): string =>
  stages.map(({ name, status, reason }) => `${name} ${status}: ${reason}\n`).join("")
