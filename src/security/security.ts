import { check, Container, Directory, func, object, Secret } from "@dagger.io/dagger"
import { artifacts } from "../stage/artifacts.js"
import { serviceOf } from "../stage/service.js"
import { once } from "../lib/run/once.js"
import { STAGES } from "../lib/pipeline/stages.js"
import { prepareNosec, prepareScan, runScan, runSuppressions, type ScanInputs } from "./scan.js"
import { mustPass, runTasks, type Stage, type Task } from "../stage/stage.js"
import { runTool, toolInputs } from "../quality/tool.js"
import { inspectable } from "../stage/shell.js"

type ScanName = (typeof STAGES.security)[number]

/**
 * Scans for vulnerable packages, secrets and misconfiguration.
 *
 * The gates leave out what `.slipway/suppressions.yaml` lists with reason, owner and expiry; every report lists it.
 * Results are kept for an hour: Trivy's database changes, and suppressions expire.
 */
@object()
export class Security {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** How this module was called, for the commands that repeat a stage. */
  invocation!: string
  /** The time by which dates are judged, RFC 3339; empty for the present. */
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

  /**
   * Fails for a critical vulnerability of a package. Kept for an hour.
   *
   * Scans the packages in requirement and lock files, and the installed ones. `security.severity` sets another gate.
   * Fails too if Trivy's database can't be downloaded or is older than 48 hours.
   */
  @func({ cache: "1h" })
  @check()
  async vulnerabilities(): Promise<void> {
    await this.gate("vulnerabilities")
  }

  /** Fails for every secret in the source, without showing it. Kept for an hour. */
  @func({ cache: "1h" })
  @check()
  async secrets(): Promise<void> {
    await this.gate("secrets")
  }

  /** Fails for critical misconfiguration of images and infrastructure. Kept for an hour. */
  @func({ cache: "1h" })
  @check()
  async misconfiguration(): Promise<void> {
    await this.gate("misconfiguration")
  }

  /**
   * Fails for suppressions that are invalid, expired or unused. Kept for an hour.
   *
   * Each needs reason, owner and expiry, a `# nosec` its rule and reason; an inline `trivy:ignore` isn't allowed.
   */
  @func({ cache: "1h" })
  @check()
  async suppressions(): Promise<void> {
    await this.gate("suppressions")
  }

  /**
   * Returns the reports of all scans, failed ones included. Kept for an hour.
   *
   * `junit/security.xml`, `sarif/`, `trivy/` (JSON), `sbom/` (CycloneDX and SPDX of the source) and `logs/` (tables), with
   * Bandit's. Never fails for a finding.
   */
  @func({ cache: "1h" })
  async report(): Promise<Directory> {
    return artifacts(await runTasks(serviceOf(this).config.parallel, await this.tasks({ bandit: true })))
  }

  /**
   * Tasks of the configured scans, with Bandit's where its own group isn't run. For other stages; not part of the API.
   */
  async tasks({ bandit }: { bandit: boolean }): Promise<Task[]> {
    const inputs = await toolInputs(serviceOf(this))
    const scans = scanStages(inputs)
    const chosen = STAGES.security.filter((name) => inputs.config.security.checks.includes(name))
    const own: Task[] = chosen.map((name) => ({ name, run: scans[name] }))
    const run = async () => ({ ...(await runTool("bandit", inputs)), group: "security" })
    return bandit ? [{ name: "bandit", run }, ...own] : own
  }

  /** Container of a scan before its command runs. For `debug` of the root; not part of the API. */
  async debug(name: ScanName): Promise<Container> {
    const inputs = await toolInputs(serviceOf(this))
    const { container, command } = await (name === "suppressions"
      ? prepareNosec(inputs)
      : prepareScan(name, inputs))
    return inspectable(container, command)
  }

  private async gate(name: ScanName): Promise<void> {
    mustPass(await scanStages(await toolInputs(serviceOf(this)))[name]())
  }
}

/** Stages of one source. A scan that the suppressions need too runs once. */
function scanStages(inputs: ScanInputs): Record<ScanName, () => Promise<Stage>> {
  const scans = {
    vulnerabilities: once(() => runScan("vulnerabilities", inputs)),
    secrets: once(() => runScan("secrets", inputs)),
    misconfiguration: once(() => runScan("misconfiguration", inputs)),
  }
  const all = () => Promise.all([...Object.values(scans).map((scan) => scan()), runTool("bandit", inputs)])
  return { ...scans, suppressions: async () => runSuppressions(await all(), inputs) }
}
