/**
 * Takes a Python service from a commit to production.
 *
 * Every stage is a function that runs in containers, so that the same graph runs on a laptop and in any CI host. A
 * stage has checks, which fail, and a report, which doesn't and carries every artifact.
 */
import { argument, Container, Directory, func, object } from "@dagger.io/dagger"
import { ci } from "./ci.js"
import { parseConfig } from "./lib/config/parse.js"
import { fail } from "./lib/errors.js"
import { type Group, GROUPS, hasStage, STAGE_NAMES } from "./lib/stages.js"
import { Quality } from "./quality.js"
import { Security } from "./security.js"
import { runTasks, type Task } from "./stage.js"
import { Tests } from "./tests.js"

/** What is never a part of a service, and would only make uploads slow. */
const IGNORED = [
  ".git",
  "**/.venv",
  "**/venv",
  "**/node_modules",
  "**/__pycache__",
  "**/.*_cache",
  "**/.terraform",
  "out",
]

/** The pipeline of one service. */
@object()
export class Slipway {
  /** The service's sources. */
  source: Directory
  /** How this module was called. */
  invocation: string
  /** The time by which dates are judged, RFC 3339; empty for the present. */
  now: string

  /**
   * @param source The service's sources: a folder, or a git repository with a commit.
   * @param invocation How this module is called, for the commands that repeat a stage.
   * @param now The time by which expiry dates are judged, such as 2026-03-01T12:00:00Z. The present, if left out.
   */
  constructor(
    @argument({ defaultPath: "/", ignore: IGNORED }) source: Directory,
    invocation = "dagger call --source=.",
    now = "",
  ) {
    this.source = source
    this.invocation = invocation
    this.now = now
  }

  /** Checks of formatting, imports, style, types and security of the Python code. Fails for a bad `slipway.yaml`. */
  @func()
  async quality(): Promise<Quality> {
    return new Quality(this.source, await this.settings(), this.invocation, this.now)
  }

  /** Vulnerable packages, secrets, misconfiguration, and what is suppressed. Fails for a bad `slipway.yaml`. */
  @func()
  async security(): Promise<Security> {
    return new Security(this.source, await this.settings(), this.invocation, this.now)
  }

  /** The service's own tests, and how much of the code they run. Fails for a bad `slipway.yaml`. */
  @func()
  async tests(): Promise<Tests> {
    return new Tests(this.source, await this.settings(), this.invocation)
  }

  /**
   * Runs the stages that this event asks for, and returns `verdict.json`, `summary.md`, `report.html`, `junit/`,
   * `sarif/`, `coverage/`, `trivy/`, `sbom/` and `logs/`. Never fails: the verdict holds the exit code. Runs anew each
   * time; what it calls comes from the cache.
   *
   * @param event What happened, for example `push`.
   * @param ref The git reference it happened to, for example `refs/heads/develop`.
   * @param sha The commit.
   * @param runId Names this run; the same id has the same effects only once.
   * @param only The groups of stages to run, of those that the event asks for. All of them by default.
   */
  @func({ cache: "never" })
  async ci(event = "push", ref = "", sha = "", runId = "", only: string[] = []): Promise<Directory> {
    const startedAt = new Date().toISOString()
    const run = { id: runId || startedAt, event, ref, sha, startedAt }
    return ci(run, async () => {
      const unknown = only.find((group) => !GROUPS.some((known) => known === group))
      if (unknown !== undefined) throw fail("UNKNOWN_STAGE", [unknown, GROUPS])
      const groups = GROUPS.filter((group) => only.length === 0 || only.includes(group))
      const { source, invocation, now } = this
      const settings = await this.settings()
      const { parallel } = parseConfig(settings || undefined)
      const tasksOf: Record<Group, () => Promise<Task[]>> = {
        quality: () => new Quality(source, settings, invocation, now).tasks(),
        security: () =>
          new Security(source, settings, invocation, now).tasks({ bandit: !groups.includes("quality") }),
        tests: () => new Tests(source, settings, invocation).tasks(),
      }
      const tasks = await Promise.all(groups.map((group) => tasksOf[group]()))
      return runTasks(parallel, tasks.flat())
    })
  }

  /**
   * A stage's container as it stands before the stage's command, for `terminal` or further calls. `again` runs that
   * command. Fails with UNKNOWN_STAGE. Pure.
   *
   * @param stage A stage's name as the verdict has it, for example `mypy`.
   */
  @func()
  async debug(stage: string): Promise<Container> {
    if (hasStage("quality", stage)) return (await this.quality()).debug(stage)
    if (hasStage("security", stage)) return (await this.security()).debug(stage)
    if (hasStage("tests", stage)) return (await this.tests()).debug(stage)
    throw fail("UNKNOWN_STAGE", [stage, STAGE_NAMES])
  }

  /** The text of `slipway.yaml`, empty without one. */
  private async settings(): Promise<string> {
    const files = await this.source.entries()
    if (files.length === 0) throw fail("EMPTY_SOURCE", [])
    const python = await this.source.glob("**/*.py")
    if (python.length === 0) throw fail("NOT_PYTHON", [files.slice(0, 5)])
    return files.includes("slipway.yaml") ? this.source.file("slipway.yaml").contents() : ""
  }
}
