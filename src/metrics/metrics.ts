import { Directory, File, func, object, Secret, Service } from "@dagger.io/dagger"
import { contextOf } from "../deploy/environment.js"
import { environmentOf } from "../lib/config/environment.js"
import { parseConfig } from "../lib/config/parse.js"
import { fail } from "../lib/errors/catalogue.js"
import { branchAnswers, type Repository, repositoryOf } from "../lib/forge/repository.js"
import { httpClient } from "../lib/http/client.js"
import { auditOf } from "../lib/metrics/audit.js"
import { auditMarkdown, auditText } from "../lib/metrics/auditText.js"
import { type Chain, verifyChain, type LedgerSubject } from "../lib/metrics/chain.js"
import { devlakeDeployments, devlakeIncidents } from "../lib/metrics/devlake.js"
import { doraReport } from "../lib/metrics/dora.js"
import { doraMarkdown, doraText } from "../lib/metrics/doraMarkdown.js"
import { doraSvg } from "../lib/metrics/doraSvg.js"
import { mergedBack } from "../lib/metrics/hotfix.js"
import { type Incident, INCIDENTS_FILE, parseIncidents } from "../lib/metrics/incidents.js"
import { requirementsOf, judgeBranch } from "../lib/metrics/protection.js"
import { protectionReport, protectionText, protectionMarkdown } from "../lib/metrics/protectionText.js"
import { timelineOf } from "../lib/metrics/timeline.js"
import { parseWindow } from "../lib/metrics/window.js"
import { type EvidenceSources, gatherEvidence } from "./evidence.js"
import { type GitRepository, readRepository } from "./repository.js"
import { jsonText, MetricsReport, metricsReport } from "./report.js"
import { namedSecrets } from "../stage/secrets.js"
import { dayOf } from "../stage/suppressions.js"

const NO_REPOSITORY_FOR_DEVLAKE =
  "devlake/deployments.json is empty: neither --repository nor release.source says which repository it is"

/**
 * What the ledger, git and the host tell of a service's deliveries: DORA's figures, an audit of each deployment, and
 * whether branches are protected. docs/metrics.md defines every figure.
 */
@object()
export class Metrics {
  source: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings: string
  /** The time of the report, RFC 3339; empty for the present. */
  now: string
  secrets: Secret[]
  clusterService?: Service
  history?: Directory
  ledgerFile?: File
  repository: string
  api: string
  token?: Secret

  constructor(
    source: Directory,
    settings: string,
    now: string,
    secrets: Secret[] = [],
    clusterService?: Service,
    history?: Directory,
    ledgerFile?: File,
    repository = "",
    api = "",
    token?: Secret,
  ) {
    this.source = source
    this.settings = settings
    this.now = now
    this.secrets = secrets
    this.clusterService = clusterService
    this.history = history
    this.ledgerFile = ledgerFile
    this.repository = repository
    this.api = api
    this.token = token
  }

  /**
   * DORA's figures of an environment: deployment frequency, lead time for changes, time to restore, change failure rate
   * and success rate. Files: `dora.json`, `dora.md`, `dora.svg`, and `devlake/` for Apache DevLake's webhooks. Runs
   * each time.
   *
   * Where there is no whole history, the lead time is none, and the report says why. Never fails: its verdict is `error`
   * for UNKNOWN_WINDOW, UNKNOWN_ENVIRONMENT, INCIDENTS, NO_HISTORY and what keeps the ledger from being read.
   *
   * @param environment `staging` or `production`.
   * @param window The days up to now that are looked at: `7d`, `30d`, `90d`.
   */
  @func({ cache: "never" })
  async dora(environment = "production", window = "30d"): Promise<MetricsReport> {
    return metricsReport("dora", async () => {
      const days = parseWindow(window)
      const now = dayOf(this.now)
      const [{ chain, git }, incidents] = await Promise.all([this.chain(environment), this.incidents()])
      const { entries, faults } = chain
      const report = doraReport({ entries, history: git?.history, incidents, environment, days, now })
      const [broken] = faults
      if (broken !== undefined)
        report.notes.unshift(`the ledger is not whole, and figures may be wrong: ${broken.message}`)
      const repoUrl = this.address()
      if (repoUrl === "") report.notes.push(NO_REPOSITORY_FOR_DEVLAKE)
      return {
        verdict: broken === undefined ? "passed" : "failed",
        text: doraText(report),
        markdown: doraMarkdown(report),
        value: report,
        more: {
          "dora.svg": doraSvg(report),
          "devlake/deployments.json": jsonText(repoUrl === "" ? [] : devlakeDeployments(report, repoUrl)),
          "devlake/incidents.json": jsonText(devlakeIncidents(incidents)),
        },
      }
    })
  }

  /**
   * An audit: whether the ledger is whole, and for each deployment commit, approval, gates, image, signature, who and
   * when, and rollback. Files: `audit.json`, `audit.md`, `audit.txt`. Never fails; `intact` does. Runs each time.
   *
   * Entries that were changed, removed or put elsewhere are named; with git notes in the history also those that were
   * cut off the end.
   *
   * @param environment `staging` or `production`.
   * @param verify Verify each release too, in its registry: signatures, attestations, gates.
   * @param username The registry's user.
   * @param password Their password, token or client secret.
   * @param registryService A registry that is a container itself, in the host's place.
   * @param authority The certificate authority that vouches for the registry, beside the public ones.
   * @param plainHttp Whether the registry speaks plain HTTP.
   * @param embedded Look in Slipway's own registry.
   */
  @func({ cache: "never" })
  async ledger(
    environment = "production",
    verify = false,
    username = "",
    password?: Secret,
    registryService?: Service,
    authority?: File,
    plainHttp = false,
    embedded = false,
  ): Promise<MetricsReport> {
    const access = {
      username,
      password,
      service: registryService,
      authority,
      plainHttp,
      embedded,
      wanted: {},
    }
    return metricsReport("audit", async () => {
      const at = dayOf(this.now)
      const { chain, git } = await this.chain(environment)
      const { source, settings } = this
      const inputs = { source, settings, config: this.config() }
      const { events } = timelineOf(chain.entries, environment, at.getTime())
      const releases = verify ? { inputs, access } : undefined
      const evidence = await gatherEvidence(events, { git, forge: await this.forge(), releases })
      const audit = auditOf(chain, environment, at, evidence)
      const bad = audit.deployments.some(({ release }) => release.state === "refused")
      return {
        verdict: !audit.ledger.intact || bad ? "failed" : "passed",
        text: auditText(audit),
        markdown: auditMarkdown(audit),
        value: audit,
      }
    })
  }

  /**
   * Fails with LEDGER_BROKEN unless every entry of the ledger is there, as it was written and in its place; names the
   * first that isn't. Runs each time.
   *
   * @param environment `staging` or `production`.
   */
  @func({ cache: "never" })
  async intact(environment = "production"): Promise<string> {
    const { chain } = await this.chain(environment)
    const [first] = chain.faults
    if (first !== undefined) throw fail("LEDGER_BROKEN", [first.message, chain.faults.length - 1])
    return `${chain.entries.length} entries, which end with ${chain.head}\n`
  }

  /**
   * Whether GitHub protects the branches as the pipeline demands: `main` by a pull request's approval and status checks,
   * `develop` by status checks; and with a history, whether every `hotfix/*` has come back to both. Files:
   * `protection.json`, `protection.md`. Runs each time.
   *
   * A token that may not see is told which permission it lacks. Never fails: its verdict is `error` for NO_REPOSITORY,
   * NO_FORGE_TOKEN and NO_HISTORY; `guarded` fails.
   *
   * @param main The branch of releases.
   * @param develop The branch of staging.
   */
  @func({ cache: "never" })
  async protection(main = "main", develop = "develop"): Promise<MetricsReport> {
    return metricsReport("protection", async () => {
      const report = await this.protected(main, develop)
      const { verdict } = report
      return { verdict, text: protectionText(report), markdown: protectionMarkdown(report), value: report }
    })
  }

  /**
   * Fails with NOT_PROTECTED for a branch that lacks what is demanded, or a hotfix that is not merged back, and with
   * PROTECTION_UNKNOWN where the token may not see. Runs each time.
   *
   * @param main The branch of releases.
   * @param develop The branch of staging.
   */
  @func({ cache: "never" })
  async guarded(main = "main", develop = "develop"): Promise<string> {
    const report = await this.protected(main, develop)
    const { lacks, unknown } = report
    if (lacks.length > 0) throw fail("NOT_PROTECTED", [lacks])
    if (unknown.length > 0) throw fail("PROTECTION_UNKNOWN", [unknown])
    return protectionText(report)
  }

  private async protected(main: string, develop: string) {
    const forge = await this.forge()
    if (forge === undefined)
      throw this.address() === "" ? fail("NO_REPOSITORY", [""]) : fail("NO_FORGE_TOKEN", [])
    const http = httpClient()
    const branches = []
    for (const [branch, demands] of requirementsOf(main, develop))
      branches.push(
        ...judgeBranch(branch, demands, await branchAnswers(forge.repository, branch, forge.token, http)),
      )
    const git = await this.git([])
    return protectionReport(
      branches,
      git === undefined ? undefined : mergedBack(git.history, [main, develop]),
    )
  }

  /** The ledger as it stands, proven by its notes where the history has any. */
  private async chain(environment: string): Promise<{ chain: Chain; git: GitRepository | undefined }> {
    const { text, subject } = await this.ledgerText(environment)
    const known = verifyChain(text).entries.flatMap(({ sha, facts }) => {
      const version = facts["version"] ?? ""
      return [sha, version, `v${version}`]
    })
    const git = await this.git(known)
    return { chain: verifyChain(text, git?.notes, subject), git }
  }

  private async ledgerText(environment: string): Promise<{ text: string; subject?: LedgerSubject }> {
    const known = environmentOf(environment)
    if (this.ledgerFile !== undefined) return { text: await this.ledgerFile.contents() }
    const { context } = await contextOf({
      source: this.source,
      settings: this.settings,
      config: this.config(),
      environment: known,
      secrets: await namedSecrets(this.secrets),
      cluster: this.clusterService,
      run: `metrics-${Date.now()}`,
      say: () => undefined,
    })
    return { text: await context.ledger.text(), subject: { environment, subject: context.names.deployment } }
  }

  private async git(wanted: readonly string[]): Promise<GitRepository | undefined> {
    const { history, source } = this
    return history === undefined
      ? undefined
      : readRepository({ history, source, config: this.config() }, wanted)
  }

  private async incidents(): Promise<Incident[]> {
    const found = this.source.filter({ include: [INCIDENTS_FILE] })
    const exists = (await found.glob(INCIDENTS_FILE)).length > 0
    const read = parseIncidents(exists ? await found.file(INCIDENTS_FILE).contents() : undefined)
    if (read.outcome === undefined) return read.incidents
    const lines = read.outcome.findings.map(
      ({ line = 0, column = 0, message }) => `${INCIDENTS_FILE}:${line}:${column}: ${message}`,
    )
    throw fail("INCIDENTS", [lines])
  }

  private async forge(): Promise<EvidenceSources["forge"]> {
    const address = this.address()
    if (address === "" || this.token === undefined) return undefined
    const repository: Repository | undefined = repositoryOf(address, this.api)
    if (repository === undefined) throw fail("NO_REPOSITORY", [address])
    return { repository, token: (await this.token.plaintext()).trim() }
  }

  private address(): string {
    return this.repository || (this.config().release.source ?? "")
  }

  private config() {
    return parseConfig(this.settings || undefined)
  }
}
