/**
 * Takes a Python service from a commit to production.
 *
 * Every stage is a function that runs in containers, so that the same graph runs on a laptop and in any CI host. A
 * stage has checks, which fail, and a report, which doesn't and carries every artifact.
 */
import { argument, Container, Directory, func, object } from "@dagger.io/dagger"
import { ci } from "./ci.js"
import { fail } from "./lib/errors.js"
import { TOOLS } from "./lib/tools/index.js"
import { Quality } from "./quality.js"

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

/** The groups of stages that `ci` knows. */
const GROUPS = ["quality"]

/** The pipeline of one service. */
@object()
export class Slipway {
  /** The service's sources. */
  source: Directory
  /** How this module was called. */
  invocation: string

  /**
   * @param source The service's sources: a folder, or a git repository with a commit.
   * @param invocation How this module is called, for the commands that repeat a stage.
   */
  constructor(
    @argument({ defaultPath: "/", ignore: IGNORED }) source: Directory,
    invocation = "dagger call --source=.",
  ) {
    this.source = source
    this.invocation = invocation
  }

  /** Checks of formatting, imports, style, types and security of the Python code. Fails for a bad `slipway.yaml`. */
  @func()
  async quality(): Promise<Quality> {
    const files = await this.source.entries()
    if (files.length === 0) throw fail("EMPTY_SOURCE", [])
    const python = await this.source.glob("**/*.py")
    if (python.length === 0) throw fail("NOT_PYTHON", [files.slice(0, 5)])
    const settings = files.includes("slipway.yaml") ? await this.source.file("slipway.yaml").contents() : ""
    return new Quality(this.source, settings, this.invocation)
  }

  /**
   * Runs the stages that this event asks for, and returns `verdict.json`, `summary.md`, `junit/`, `sarif/` and
   * `logs/`. Never fails: the verdict holds the exit code. Runs anew each time; what it calls comes from the cache.
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
    const unknown = only.find((group) => !GROUPS.includes(group))
    return ci(run, async () => {
      if (unknown !== undefined) throw fail("UNKNOWN_STAGE", [unknown, GROUPS])
      return (await this.quality()).run()
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
    const name = TOOLS.map((tool) => tool.name).find((known) => known === stage)
    if (name === undefined) throw fail("UNKNOWN_STAGE", [stage, TOOLS.map((tool) => tool.name)])
    return (await this.quality()).debug(name)
  }
}
