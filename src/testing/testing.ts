import { check, Container, Directory, func, object, Secret } from "@dagger.io/dagger"
import { artifacts } from "../stage/artifacts.js"
import { prepareCoverage, runCoverage } from "./coverage.js"
import { indexedConfig } from "../python/indexLogin.js"
import { withoutDocuments } from "../python/documents.js"
import type { ServiceDefinition } from "../lib/testing/services.js"
import { adoptionOf, withoutBaseline } from "../stage/adoption.js"
import { serviceOf } from "../stage/service.js"
import { once } from "../lib/run/once.js"
import { STAGES } from "../lib/pipeline/stages.js"
import { pythonEnvironment } from "../python/environment.js"
import { mustPass, runTasks, type Stage, type Task } from "../stage/stage.js"
import { prepareSuite, type SuiteInputs } from "./prepare.js"
import { runSuite } from "./suite.js"
import { suiteTools } from "./tools.js"
import { inspectable } from "../stage/shell.js"

type TestStage = (typeof STAGES.tests)[number]

/**
 * The service's tests, run by pytest, Django or unittest, and their combined coverage.
 *
 * Tests below a folder named `integration`, or marked so, are integration tests, and find PostgreSQL and Redis by
 * `DATABASE_URL` and `REDIS_URL`, or the services that `tests.services` names; all others are unit tests. Everything here is pure: the same source gives the same
 * result, from the cache.
 */
@object()
export class Tests {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  /** How this module was called, for the commands that repeat a stage. */
  invocation!: string
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

  /** Fails unless every unit test passes, or if there is none. Pure. */
  @func()
  @check()
  async unit(): Promise<void> {
    await this.gate("unit")
  }

  /**
   * Fails unless every integration test passes. Pure.
   *
   * PostgreSQL and Redis run next to them, and the database is migrated. A service without such tests is skipped.
   */
  @func()
  @check()
  async integration(): Promise<void> {
    await this.gate("integration")
  }

  /**
   * Fails unless the suites together cover more than 80 per cent of the code. Pure.
   *
   * Lines and branches count alike, and files that no test imports as 0. `tests.coverage.above` sets another limit; for a
   * service below it with a baseline, that is the limit.
   */
  @func()
  @check()
  async coverage(): Promise<void> {
    await this.gate("coverage")
  }

  /**
   * Returns the reports of all suites, failed ones included. Pure.
   *
   * `junit/tests.xml`, `coverage/` with XML, JSON and HTML, and `logs/`. Never fails for a test's result.
   */
  @func()
  async report(): Promise<Directory> {
    const tasks = await this.tasks()
    return artifacts(await runTasks(this.config().parallel, tasks))
  }

  /** Tasks of the configured suites. For other stages; not part of the API. */
  async tasks(): Promise<Task[]> {
    const stages = testStages(await this.inputs())
    return this.chosen().map((name) => ({ name, run: stages[name] }))
  }

  /** Container of a stage before its command runs. For `debug` of the root; not part of the API. */
  async debug(name: TestStage): Promise<Container> {
    const inputs = await this.inputs()
    if (name !== "coverage") {
      const { container, command, services } = await prepareSuite(name, inputs)
      return inspectable(container, command, [
        "",
        "`again -k NAME` runs only the tests that are called so.",
        ...servicesHint(services),
      ])
    }
    const suites = await Promise.all(inputs.config.tests.suites.map((suite) => runSuite(suite, inputs)))
    const { container, command } = await prepareCoverage(suites, inputs)
    return inspectable(container, command)
  }

  private config() {
    return serviceOf(this).config
  }

  private chosen(): TestStage[] {
    const { suites } = this.config().tests
    return STAGES.tests.filter((name) => name === "coverage" || suites.includes(name))
  }

  private async inputs(): Promise<SuiteInputs> {
    const service = serviceOf(this)
    const config = await indexedConfig(service)
    const environment = pythonEnvironment(service, config)
    const adoption = await adoptionOf(this.source)
    const source = await withoutDocuments(withoutBaseline(this.source), environment)
    const { path, around } = service
    const project = { source, path, around, config, environment }
    return { ...project, adoption, invocation: this.invocation, tools: once(() => suiteTools(project)) }
  }

  private async gate(name: TestStage): Promise<void> {
    mustPass(await testStages(await this.inputs())[name]())
  }
}

/** Hint of a shell on the services of a suite. */
function servicesHint(services: readonly ServiceDefinition[]): string[] {
  if (services.length === 0) return []
  const names = services.map(({ name }) => name).join(" and ")
  const variables = services.flatMap(({ variable }) => (variable === undefined ? [] : [`$${variable}`]))
  return [`${names} run: echo ${variables.join(" ")}; \`again\` migrates first.`]
}

/** Stages of one source. A suite that coverage needs too runs once. */
function testStages(inputs: SuiteInputs): Record<TestStage, () => Promise<Stage>> {
  const unit = once(() => runSuite("unit", inputs))
  const left = async () => (inputs.config.tests.suites.includes("unit") ? ((await unit()).others ?? 0) : 0)
  const integration = once(() => runSuite("integration", inputs, left))
  const suites = { unit, integration }
  return {
    ...suites,
    coverage: async () =>
      runCoverage(await Promise.all(inputs.config.tests.suites.map((name) => suites[name]())), inputs),
  }
}
