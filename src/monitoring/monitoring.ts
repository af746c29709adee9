import { Changeset, check, type Container, dag, Directory, File, func, object } from "@dagger.io/dagger"
import { execute } from "../stage/execute.js"
import { imageReference, PROMETHEUS_VERSION } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"
import { serviceOf } from "../stage/service.js"
import { ExitCode, fail } from "../lib/errors/catalogue.js"
import { rulesFile, type Thresholds, thresholdsOf } from "../lib/monitoring/rules.js"
import { rulesTestFile } from "../lib/monitoring/rulesTest.js"
import { didNotFinish } from "../lib/run/command.js"
import { ownMessage } from "../lib/run/outcome.js"
import { nameOf } from "../stage/texts.js"

const RULES = "alerts.yaml"
const TESTS = "alerts.test.yaml"
const PROMTOOL = "/bin/promtool"

/** Prometheus alert rules for the deployed service, generated from `slipway.yaml`. */
@object()
export class Monitoring {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  invocation!: string
  now!: string
  /** The cache volumes that it may use. */
  space!: string

  /**
   * Prometheus alert rules for the service.
   *
   * Error rate, latency and uptime with the thresholds of `monitoring.alerts`. Pure.
   */
  @func()
  async rules(): Promise<File> {
    return dag.file(RULES, rulesFile(await this.thresholds()))
  }

  /**
   * Alert rules and their promtool tests, in one folder.
   *
   * The tests are for `promtool test rules`. Pure.
   */
  @func()
  async files(): Promise<Directory> {
    return filesOf(await this.thresholds())
  }

  /**
   * Adds the alert rules to the source, as a changeset.
   *
   * Their path is `monitoring.alerts.file`. Pure.
   */
  @func()
  async generate(): Promise<Changeset> {
    const { source } = this
    return source.withFile(this.config().monitoring.alerts.file, await this.rules()).changes(source)
  }

  /**
   * Checks and tests the alert rules with promtool, also as a deployment loads them.
   *
   * Fails with RULES for an invalid rule or a failed test, and with RULES_STALE if the rule file in the source differs from
   * the settings. Pure.
   */
  @func()
  @check()
  async promtool(): Promise<void> {
    const config = this.config()
    const { file } = config.monitoring.alerts
    const written = (await this.source.exists(file)) ? await this.source.file(file).contents() : undefined
    if (written !== undefined && written !== rulesFile(await this.thresholds()))
      throw fail("RULES_STALE", [file])
    const container = promtool(config)
      .withMountedDirectory("/rules", await this.files())
      .withMountedDirectory("/loaded", filesOf(await this.thresholds("deployed")))
    for (const folder of ["/rules", "/loaded"]) await this.tryRules(container.withWorkdir(folder), config)
  }

  /** Has promtool check and test the rules of the working directory. */
  private async tryRules(container: Container, config: Config): Promise<void> {
    for (const command of [
      [PROMTOOL, "check", "rules", "--lint=all", "--lint-fatal", RULES],
      [PROMTOOL, "test", "rules", TESTS],
    ]) {
      const run = await execute(container, command, config.timeout)
      if (didNotFinish(run))
        throw fail("RULES", [`it took longer than ${config.timeout} s`, ExitCode.infrastructure])
      if (run.exitCode !== 0) throw fail("RULES", [ownMessage(run)])
    }
  }

  private config(): Config {
    return serviceOf(this).config
  }

  private async thresholds(namespace = ""): Promise<Thresholds> {
    const config = this.config()
    return thresholdsOf(config, await nameOf(this.source, config), namespace)
  }
}

const filesOf = (thresholds: Thresholds): Directory =>
  dag
    .directory()
    .withNewFile(RULES, rulesFile(thresholds))
    .withNewFile(TESTS, rulesTestFile(thresholds, RULES))

const promtool = (config: Config): Container =>
  dag
    .container()
    .from(imageReference("prometheus", PROMETHEUS_VERSION, config.images))
    .withUser("0")
    .withDirectory("/slipway", dag.directory())
