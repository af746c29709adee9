import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { lastEnvironment } from "../../../src/lib/config/environments.js"
import { webAddress } from "../../../src/lib/image/revision.js"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { fields } from "../../../src/lib/text/json.js"
import { callModule, daggerWithProgress } from "../../module/call.js"
import { run } from "../../lib/shell.js"
import { whileLoggedIn } from "./acrLogin.js"
import {
  configuredRecipient,
  loginRecipient,
  type Recipient,
  registryArguments,
  type RegistryOptions,
} from "./credentials.js"
import { accessArguments, type DeployOptions } from "./deploy.js"
import { deploySettings } from "./environment.js"
import { reportNoVerdict } from "./runWithVerdict.js"
import { absoluteSource, configured, isAddress, originOf } from "./sourceFolder.js"
import { optionalArgument } from "../../module/arguments.js"

/** Options of the metrics reports. */
export interface MetricsOptions extends DeployOptions, RegistryOptions {
  source: string
  out: string
  window?: string
  ledger?: string
  history?: string
  repository?: string
  verify?: boolean
  main?: string
  develop?: string
  now?: string
  json?: boolean
}

/** The files of each report. */
const FILES = { dora: "dora", ledger: "audit", protection: "protection" } as const

/** Creates a report, writes its files to `out` and prints it. Returns the exit code. */
export async function printMetrics(what: keyof typeof FILES, options: MetricsOptions): Promise<number> {
  const source = absoluteSource(options.source)
  const out = resolve(options.out)
  const log = join(out, "metrics.log")
  const known = { ...options, ...(await gitFactsOf(source, options)), source }
  const code = await whileLoggedIn(verifierOf(what, known), () => {
    const args = metricsArguments(what, known)
    return daggerWithProgress([...args, "files", "export", `--path=${out}`], log)
  })
  if (code === 130) return code
  const read = (name: string) => readFileSync(join(out, "metrics", name), "utf8")
  if (code !== 0) return reportNoVerdict(log)
  process.stdout.write(read(`${FILES[what]}.${options.json ? "json" : "txt"}`))
  const { exitCode } = fields(JSON.parse(read("verdict.json")))
  return typeof exitCode === "number" ? exitCode : ExitCode.infrastructure
}

/** Facts from git and the CI host. */
interface GitFacts {
  history?: string | undefined
  repository?: string
  /** The host's API, if it doesn't follow from the address. */
  api?: string
  /** True if the host may get GitHub's token; a git remote can be any host. */
  trusted?: boolean
}

/** The arguments of `dagger` up to the report. */
export function metricsArguments(what: keyof typeof FILES, options: MetricsOptions & GitFacts): string[] {
  const { source, ledger, history, repository, api, now } = options
  const environment = options.environment ?? lastEnvironment(deploySettings(source))
  const { main, develop } = { ...configured(source)?.branches, ...options }
  const report = {
    dora: [`--environment=${environment}`, ...optionalArgument("window", options.window)],
    ledger: [`--environment=${environment}`, ...(options.verify ? ["--verify"] : [])],
    protection: [...optionalArgument("main", main), ...optionalArgument("develop", develop)],
  }
  return [
    ...callModule(source, now),
    ...(verifies(what, options) ? registryArguments(options, configuredRecipient(source)) : []),
    "metrics",
    ...(what === "protection" || ledger !== undefined ? [] : accessArguments({ ...options, environment })),
    ...optionalArgument("history", history),
    ...optionalArgument("ledger", ledger && resolve(ledger)),
    ...optionalArgument("repository", repository),
    ...optionalArgument("api", api),
    ...(process.env["GITHUB_TOKEN"] && options.trusted ? ["--token=env://GITHUB_TOKEN"] : []),
    what,
    ...report[what],
  ]
}

const verifies = (what: keyof typeof FILES, { verify }: MetricsOptions): boolean =>
  what === "ledger" && verify === true

/** The registry that a report logs in to. */
const verifierOf = (what: keyof typeof FILES, options: MetricsOptions): Recipient =>
  verifies(what, options) ? loginRecipient(options, options.source) : "nobody"

/** Finds the history and the GitHub repository of the sources, by git and the CI host. */
async function gitFactsOf(source: string, { history, repository }: MetricsOptions): Promise<GitFacts> {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: project, GITHUB_API_URL: api } = process.env
  const hosted = server && project ? `${server}/${project}` : ""
  const origin = await originOf(source)
  const named = repository ?? (hosted || webAddress(origin))
  const known = named === repository || named === hosted || named.startsWith("https://github.com/")
  return {
    history: history === undefined ? await gitFolder(source) : resolve(history),
    ...(named !== "" && { repository: named, trusted: known }),
    ...(named === hosted && api && { api }),
  }
}

/** The folder with the whole history; a worktree's own has only part of it. */
async function gitFolder(source: string): Promise<string | undefined> {
  if (isAddress(source)) return undefined
  const asked = run({ nothrow: true })`git -C ${source} rev-parse --path-format=absolute --git-common-dir`
  const folder = (await asked).stdout.trim()
  return existsSync(folder) ? folder : undefined
}
