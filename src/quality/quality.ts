import { Changeset, check, Container, Directory, func, object, Secret } from "@dagger.io/dagger"
import { serviceOf } from "../stage/service.js"
import { recorded } from "../lib/run/command.js"
import { STAGES } from "../lib/pipeline/stages.js"
import type { ToolName } from "../lib/quality/index.js"
import { workFolder, sourceTree } from "../stage/place.js"
import { mustPass, runTasks, type Task } from "../stage/stage.js"
import { artifacts } from "../stage/artifacts.js"
import { prepareTool, runTool, toolInputs } from "./tool.js"
import { inspectable } from "../stage/shell.js"

/**
 * Checks of formatting, imports, style, types and security of the Python code.
 *
 * The service's own settings and pinned versions of the tools are respected; where it has none, embedded ones that
 * don't contradict each other apply. Everything here is pure: the same source gives the same result.
 */
@object()
export class Quality {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** How this module was called, for the commands that repeat a stage. */
  invocation!: string
  /** The time by which suppressions expire, RFC 3339; empty for the present. */
  now!: string
  /** The cache volumes that it may use. */
  space!: string
  /** Credentials of package indexes. */
  netrc?: Secret
  indexSecrets!: Secret[]
  /** Patterns of files that git tracks although `.gitignore` names them. */
  tracked?: string[]
  /** Its folder in a repository of several services, and what it uses beside it. */
  path!: string
  around?: Directory

  /** Fails unless Black would change nothing. Pure. `fix` applies its changes. */
  @func()
  @check()
  async black(): Promise<void> {
    await this.gate("black")
  }

  /** Fails unless isort finds every import sorted. Pure. `fix` applies its changes. */
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
   * This includes every severity, and files that it can't read. Suppressions expire, hence the hour.
   */
  @func({ cache: "1h" })
  @check()
  async bandit(): Promise<void> {
    await this.gate("bandit")
  }

  /**
   * Returns the reports of all configured tools, failed ones included. Kept for an hour.
   *
   * `junit/quality.xml`, `sarif/<tool>.sarif` and `logs/<tool>.log`. Never fails for a finding.
   */
  @func({ cache: "1h" })
  async report(): Promise<Directory> {
    return artifacts(await runTasks(serviceOf(this).config.parallel, await this.tasks()))
  }

  /**
   * Returns the changes that isort and Black would make. Pure.
   *
   * Nothing is written until the changeset is applied.
   */
  @func()
  async fix(): Promise<Changeset> {
    const inputs = await toolInputs(serviceOf(this))
    const { timeout } = inputs.config
    const [isort, black] = [await prepareTool("isort", inputs), await prepareTool("black", inputs)]
    const folder = workFolder(sourceTree(inputs))
    const before = isort.container.directory(folder).withDirectory("/", black.container.directory(folder))
    const after = isort.container
      .withMountedDirectory(folder, before)
      .withExec(recorded(isort.fix, timeout))
      .withExec(recorded(black.fix, timeout))
      .directory(folder)
    return after.changes(before)
  }

  /** Tasks of the configured tools. For other stages; not part of the API. */
  async tasks(): Promise<Task[]> {
    const inputs = await toolInputs(serviceOf(this))
    const chosen = STAGES.quality.filter((name) => inputs.config.quality.checks.includes(name))
    return chosen.map((name) => ({ name, run: () => runTool(name, inputs) }))
  }

  /** Container of a tool before its command runs. For `debug` of the root; not part of the API. */
  async debug(name: ToolName): Promise<Container> {
    const { container, command } = await prepareTool(name, await toolInputs(serviceOf(this)))
    return inspectable(container, command)
  }

  private async gate(name: ToolName): Promise<void> {
    mustPass(await runTool(name, await toolInputs(serviceOf(this))))
  }
}
