import { existsSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { parse, stringify } from "yaml"
import { requirePackages } from "../../dagger/kit/debian/packages.js"
import { HOST_PLATFORM } from "../../dagger/kit/debian/rootfs.js"
import { builtProgram } from "../../dagger/kit/images/programs.js"
import { HOME, makeHome, REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { stored } from "../../dagger/lib/store.js"
import type { CiHost } from "../../src/lib/config/wrappers.js"
import { engineEnvironment } from "./dagger.js"
import { folder, SLIPWAY, write } from "./pipeline.js"

const FIXTURES = join(REPOSITORY, "test/fixtures/runners")
const GO = join(FIXTURES, "go")

/** Result of a host's job. */
export interface Job {
  code: number
  output: string
  /** Folder of the artifact that was kept. */
  out: string
}

/** Builds actionlint, the checker of GitHub's workflows, once. */
export function actionlint(): Promise<string> {
  makeHome()
  return builtProgram({ module: GO, package: "github.com/rhysd/actionlint/cmd/actionlint" }, HOST_PLATFORM)
}

/** Builds or fetches the runners once. */
export async function prepareRunners() {
  makeHome()
  await requirePackages(["default-jre-headless", "groovy", "rsync"])
  return {
    act: await builtProgram({ module: GO, package: "github.com/nektos/act" }, HOST_PLATFORM),
    gitlab: join(await gitlabCiLocal(), "node_modules/gitlab-ci-local/dist/index.js"),
  }
}

const GITLAB_CI_LOCAL = "gitlab-ci-local@4.75.1"

/**
 * Installs gitlab-ci-local apart from this repository's dependencies, which every CI host that runs Slipway installs.
 */
const gitlabCiLocal = (): Promise<string> =>
  stored("gitlab-ci-local", { texts: [GITLAB_CI_LOCAL] }, async (prefix) => {
    await run`npm install --no-audit --no-fund --prefix ${prefix} ${GITLAB_CI_LOCAL}`
  })

type Runners = Awaited<ReturnType<typeof prepareRunners>>

/** Runs the checks of a host's wrapper in a checkout, as for a push to its branch. */
export function runWrapper(host: CiHost, source: string, runners: Runners): Promise<Job> {
  const how = { github, gitlab, azure, jenkins, circleci }
  return how[host](source, runners)
}

async function started(
  command: readonly string[],
  cwd: string,
  more: Record<string, string> = {},
): Promise<Omit<Job, "out">> {
  const own = { SLIPWAY_HOME: HOME, SLIPWAY: `${process.execPath} ${SLIPWAY}` }
  const env = { ...(await engineEnvironment()), ...own, ...more }
  const { exitCode, stdout, stderr } = await run({ nothrow: true, cwd, env })`${command}`
  return { code: exitCode ?? 1, output: stdout + stderr }
}

/**
 * Runs the job with act, on the machine itself since its platform is `-self-hosted`. Third-party actions can't be
 * fetched.
 */
async function github(source: string, { act }: Runners): Promise<Job> {
  const home = folder()
  const workflow = readFileSync(join(source, ".github/workflows/slipway.yml"), "utf8")
  const actions = Array.from(workflow.matchAll(/uses: (actions\/(?!checkout@)([\w-]+)@\w+)/g))
  const local = actions.map(([, uses = "", name = ""]) => `${uses}=${join(FIXTURES, "actions", name)}`)
  const command = [
    act,
    "push",
    "--platform=ubuntu-24.04=-self-hosted",
    `--cache-server-path=${home}/cache`,
    ...local.flatMap((each) => ["--local-repository", each]),
  ]
  // Keep its own files in the scratch folder, and skip the questions of a first start.
  const kept = join(home, "kept")
  const ended = await started(command, source, { HOME: home, XDG_CACHE_HOME: home, KEPT: kept })
  return { ...ended, out: join(kept, "slipway-checks-1") }
}

/** Method that gitlab-ci-local uses from Node 22, and that Node 20 lacks. */
const UNION = `data:text/javascript,${encodeURIComponent(
  "Set.prototype.union ??= function (other) { return new Set([...this, ...other]) }",
)}`

/** Runs the job without its services and image, which need Docker. */
async function gitlab(source: string, runners: Runners): Promise<Job> {
  const scratch = folder()
  const beside = relative(source, scratch)
  const pipeline = parse(readFileSync(join(source, ".gitlab-ci.yml"), "utf8")) as {
    ".slipway": { image?: string; services?: unknown }
  }
  delete pipeline[".slipway"].image
  delete pipeline[".slipway"].services
  write(scratch, { "ci.yml": stringify(pipeline) })
  const ended = await started(
    [
      process.execPath,
      `--import=${UNION}`,
      runners.gitlab,
      "--force-shell-executor",
      "--no-color",
      `--file=${join(beside, "ci.yml")}`,
      `--state-dir=${join(beside, "state")}`,
      "checks",
    ],
    source,
  )
  return { ...ended, out: join(source, "out") }
}

async function jenkins(source: string): Promise<Job> {
  const ended = await started(["groovy", join(FIXTURES, "jenkins.groovy"), "Jenkinsfile"], source, {
    ...JENKINS,
    JOB_NAME: "adder/checks/feature%2Fx",
  })
  return { ...ended, out: join(source, "out") }
}

const JENKINS = {
  JAVA_HOME: "/usr/lib/jvm/default-java",
  BUILD_TAG: "jenkins-adder-1",
  BRANCH_NAME: "feature/x",
  CAUSE: "jenkins.branch.BranchEventCause",
}

/** Runs a file for the deliveries of Jenkins in the project of this name, with `command` in place of Slipway's. */
export const runDelivery = (
  file: string,
  project: string,
  command: string,
  credentials: readonly string[],
): Promise<Omit<Job, "out">> =>
  started(["groovy", join(FIXTURES, "jenkins.groovy"), file], folder(), {
    ...JENKINS,
    JOB_NAME: `adder/${project}/develop`,
    SLIPWAY: command,
    ...Object.fromEntries(credentials.map((name) => [`CREDENTIAL_${name}`, `held ${name}`])),
  })

/** A shell step; other kinds of steps are assumed to succeed. */
interface Step {
  command?: string
  env?: Record<string, string>
  /** True if it runs even after a failure. */
  always: boolean
  /** Path that it keeps as an artifact. */
  keeps?: string
}

/** Runs steps one after the other, and skips those that don't run after a failure. Records whether kept files exist. */
async function runSteps(source: string, steps: readonly Step[], env: Record<string, string>): Promise<Job> {
  let [code, output] = [0, ""]
  for (const step of steps.filter(({ command, keeps }) => command !== undefined || keeps !== undefined)) {
    if (code !== 0 && !step.always) continue
    if (step.keeps !== undefined) {
      // `**/` stands for no folder too, as in Azure's patterns.
      const isThere = existsSync(join(source, step.keeps.replace("**/", "")))
      output += `${isThere ? "kept" : "missing"}: ${step.keeps}\n`
      continue
    }
    const ended = await started(["sh", "-c", step.command ?? ""], source, { ...env, ...step.env })
    output += ended.output
    if (ended.code !== 0) code = ended.code
  }
  return { code, output, out: join(source, "out") }
}

/** Runs the job's shell steps with pipeline values filled in; commands of orbs are not supported. */
async function circleci(source: string): Promise<Job> {
  const values: Record<string, string> = {
    "pipeline.parameters.action": "checks",
    "pipeline.parameters.environment": "staging",
    "pipeline.parameters.version": "",
    "pipeline.trigger.type": "github_app",
  }
  const text = readFileSync(join(source, ".circleci/config.yml"), "utf8")
  const filled = text.replace(/<< ([\w.]+) >>/g, (_, name: string) => values[name] ?? "")
  const { jobs } = parse(filled) as { jobs: { checks: { environment: Env; steps: CircleStep[] } } }
  const steps = jobs.checks.steps.map(({ run, store_artifacts, store_test_results }): Step => {
    const keeps = (store_artifacts ?? store_test_results)?.path
    return { ...(run && { command: run.command }), ...(keeps && { keeps }), always: keeps !== undefined }
  })
  const own = { CIRCLE_BUILD_NUM: "1", CIRCLE_BRANCH: "feature/x" }
  return runSteps(source, steps, { ...jobs.checks.environment, ...own })
}

type Env = Record<string, string>

interface CircleStep {
  run?: { command: string }
  store_artifacts?: { path: string }
  store_test_results?: { path: string }
}

/** Runs the job's steps with the parameters' defaults; variables that aren't set stay as written. */
async function azure(source: string): Promise<Job> {
  const { parameters, stages } = parse(
    readFileSync(join(source, "azure-pipelines.yml"), "utf8"),
  ) as AzurePipeline
  const filled = (value: string): string =>
    value.replace(/\$\{\{ parameters\.(\w+) \}\}/g, (_, name: string) => {
      const parameter = parameters.find((each) => each.name === name)
      if (parameter === undefined) throw new Error(`no parameter ${name}`)
      return parameter.default
    })
  const steps = (stages[0]?.jobs[0]?.steps ?? []).map(
    ({ script, inputs = {}, env = {}, publish, condition }): Step => {
      const command = script ?? inputs["inlineScript"]
      const keeps = publish ?? inputs["summaryFileLocation"]
      const entries = Object.entries(env).map(([name, value]) => [name, filled(value)])
      return {
        ...(command !== undefined && { command }),
        ...(keeps !== undefined && { keeps }),
        env: Object.fromEntries(entries) as Env,
        always: condition === "always()",
      }
    },
  )
  const own = { BUILD_REASON: "IndividualCI", BUILD_SOURCEBRANCH: "refs/heads/feature/x" }
  return runSteps(source, steps, { ...own, BUILD_BUILDID: "1", SYSTEM_JOBATTEMPT: "1" })
}

interface AzurePipeline {
  parameters: { name: string; default: string }[]
  stages: { jobs: { steps: AzureStep[] }[] }[]
}

interface AzureStep {
  script?: string
  inputs?: Env
  env?: Env
  publish?: string
  condition?: string
}
