import { Changeset, check, Container, Directory, func, object } from "@dagger.io/dagger"
import { parseConfig } from "../lib/config/parse.js"
import { recorded } from "../lib/run/command.js"
import { STAGES } from "../lib/pipeline/stages.js"
import type { ToolName } from "../lib/quality/index.js"
import { mustPass, runTasks, type Task } from "../stage/stage.js"
import { artifacts } from "../stage/artifacts.js"
import { prepareTool, runTool, toolInputs } from "./tool.js"
import { inspectable } from "../stage/shell.js"

/**
 * Formatting, imports, style, types and security of the Python code, each a check of its own.
 *
 * The service's own settings and pinned versions of the tools are respected; where it has none, embedded ones that
 * don't contradict each other apply. Everything here is pure: the same source gives the same result.
 */
@object()
export class Quality {
  source: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings: string
  /** How this module was called, for the commands that repeat a stage. */
  invocation: string
  /** The time by which suppressions expire, RFC 3339; empty for the present. */
  now: string

  constructor(source: Directory, settings: string, invocation: string, now: string) {
    this.source = source
    this.settings = settings
    this.invocation = invocation
    this.now = now
  }

  /** Fails unless Black would change nothing. Pure. `fix` mends what it names. */
  @func()
  @check()
  async black(): Promise<void> {
    await this.gate("black")
  }

  /** Fails unless isort finds every import in order. Pure. `fix` mends what it names. */
  @func()
  @check()
  async isort(): Promise<void> {
    await this.gate("isort")
  }

  /** Fails for every finding of Flake8. Pure. */
  @func()
  @check()
  async flake8(): Promise<void> {
    await this.gate("flake8")
  }

  /** Fails for every type error that mypy finds; it sees the service's own packages. Pure. */
  @func()
  @check()
  async mypy(): Promise<void> {
    await this.gate("mypy")
  }

  /**
   * Fails for every finding of Bandit that isn't suppressed. Kept for an hour.
   *
   * Of whatever severity; and for files that it can't read. It isn't kept for longer since suppressions expire.
   */
  @func({ cache: "1h" })
  @check()
  async bandit(): Promise<void> {
    await this.gate("bandit")
  }

  /**
   * The reports of all configured tools, those that failed included: `junit/quality.xml`, `sarif/<tool>.sarif`,
   * `logs/<tool>.log`. Never fails for what a tool found. Kept for an hour, since suppressions expire.
   */
  @func({ cache: "1h" })
  async report(): Promise<Directory> {
    const tasks = await this.tasks()
    return artifacts(await runTasks(parseConfig(this.settings || undefined).parallel, tasks))
  }

  /** What isort and then Black would change. Nothing is written until the changes are applied. Pure. */
  @func()
  async fix(): Promise<Changeset> {
    const { timeout } = parseConfig(this.settings || undefined)
    const inputs = await toolInputs(this)
    const [isort, black] = [await prepareTool("isort", inputs), await prepareTool("black", inputs)]
    const before = isort.container.directory("/src").withDirectory("/", black.container.directory("/src"))
    const after = isort.container
      .withMountedDirectory("/src", before)
      .withExec(recorded(isort.fix, timeout))
      .withExec(recorded(black.fix, timeout))
      .directory("/src")
    return after.changes(before)
  }

  /** What is to be run, a task each. For other stages; it is no part of the API. */
  async tasks(): Promise<Task[]> {
    const inputs = await toolInputs(this)
    const chosen = STAGES.quality.filter((name) => inputs.config.quality.checks.includes(name))
    return chosen.map((name) => ({ name, run: () => runTool(name, inputs) }))
  }

  /** A tool's container as it stands before its command. For `debug` of the root; it is no part of the API. */
  async debug(name: ToolName): Promise<Container> {
    const { container, command } = await prepareTool(name, await toolInputs(this))
    return inspectable(container, command)
  }

  private async gate(name: ToolName): Promise<void> {
    mustPass(await runTool(name, await toolInputs(this)))
  }
}
