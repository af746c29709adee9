import { check, Container, Directory, func, object } from "@dagger.io/dagger"
import { artifacts } from "../stage/artifacts.js"
import { parseConfig } from "../lib/config/parse.js"
import { once } from "../lib/run/once.js"
import { STAGES } from "../lib/pipeline/stages.js"
import { prepareNosec, prepareScan, runScan, runSuppressions, type ScanInputs } from "./scan.js"
import { mustPass, runTasks, type Stage, type Task } from "../stage/stage.js"
import { runTool, toolInputs } from "../quality/tool.js"
import { inspectable } from "../stage/shell.js"

type ScanName = (typeof STAGES.security)[number]

/**
 * Vulnerable packages, credentials in the source, bad configuration, and what of it may be ignored until when.
 *
 * What `.slipway/suppressions.yaml` lists with reason, owner and expiry is left out of the gates, and listed in every
 * report. Results are kept for an hour: Trivy's database moves, and dates pass.
 */
@object()
export class Security {
  source: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings: string
  /** How this module was called, for the commands that repeat a stage. */
  invocation: string
  /** The time by which dates are judged, RFC 3339; empty for the present. */
  now: string

  constructor(source: Directory, settings: string, invocation: string, now: string) {
    this.source = source
    this.settings = settings
    this.invocation = invocation
    this.now = now
  }

  /**
   * Fails for a critical vulnerability of a package. Kept for an hour.
   *
   * Packages are those that requirement and lock files name, and those installed. `security.severity` sets another gate.
   * Fails too if Trivy's database can't be had or is older than 48 hours.
   */
  @func({ cache: "1h" })
  @check()
  async vulnerabilities(): Promise<void> {
    await this.gate("vulnerabilities")
  }

  /** Fails for every credential in the source. What it is isn't shown. Kept for an hour. */
  @func({ cache: "1h" })
  @check()
  async secrets(): Promise<void> {
    await this.gate("secrets")
  }

  /** Fails for critical mistakes in Dockerfiles, Terraform and Kubernetes manifests. Kept for an hour. */
  @func({ cache: "1h" })
  @check()
  async misconfiguration(): Promise<void> {
    await this.gate("misconfiguration")
  }

  /**
   * Fails for what silences a scan without need or reason. Kept for an hour.
   *
   * That is a suppression that has expired, has no reason, owner or expiry, or suppresses nothing any more, a `# nosec`
   * without rule and reason, and a `trivy:ignore` in its place.
   */
  @func({ cache: "1h" })
  @check()
  async suppressions(): Promise<void> {
    await this.gate("suppressions")
  }

  /**
   * The reports of all scans, those that failed included, and Bandit's: `junit/security.xml`, `sarif/`, `trivy/` (JSON),
   * `sbom/` (CycloneDX and SPDX of the source), `logs/` (tables). Never fails for what is found. Kept for an hour.
   */
  @func({ cache: "1h" })
  async report(): Promise<Directory> {
    const { parallel } = parseConfig(this.settings || undefined)
    return artifacts(await runTasks(parallel, await this.tasks({ bandit: true })))
  }

  /**
   * What is to be run, a task each; Bandit too, where the group it belongs to isn't run. For other stages; it is no part
   * of the API.
   */
  async tasks({ bandit }: { bandit: boolean }): Promise<Task[]> {
    const inputs = await toolInputs(this)
    const scans = scanStages(inputs)
    const chosen = STAGES.security.filter((name) => inputs.config.security.checks.includes(name))
    const own: Task[] = chosen.map((name) => ({ name, run: scans[name] }))
    const run = async () => ({ ...(await runTool("bandit", inputs)), group: "security" })
    return bandit ? [{ name: "bandit", run }, ...own] : own
  }

  /** A scan's container as it stands before its command. For `debug` of the root; it is no part of the API. */
  async debug(name: ScanName): Promise<Container> {
    const inputs = await toolInputs(this)
    const { container, command } = await (name === "suppressions"
      ? prepareNosec(inputs)
      : prepareScan(name, inputs))
    return inspectable(container, command)
  }

  private async gate(name: ScanName): Promise<void> {
    mustPass(await scanStages(await toolInputs(this))[name]())
  }
}

/** The stages of one source. A scan that the suppressions need too is run once. */
function scanStages(inputs: ScanInputs): Record<ScanName, () => Promise<Stage>> {
  const scans = {
    vulnerabilities: once(() => runScan("vulnerabilities", inputs)),
    secrets: once(() => runScan("secrets", inputs)),
    misconfiguration: once(() => runScan("misconfiguration", inputs)),
  }
  const all = () => Promise.all([...Object.values(scans).map((scan) => scan()), runTool("bandit", inputs)])
  return { ...scans, suppressions: async () => runSuppressions(await all(), inputs) }
}
