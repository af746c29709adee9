import { Directory, File, func, object, Secret, Service } from "@dagger.io/dagger"
import { contextOf } from "../deploy/environment.js"
import { environmentOf, environmentsOf, lastEnvironment } from "../lib/config/environments.js"
import { serviceOf } from "../stage/service.js"
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
import { MetricsReport, metricsReport } from "./report.js"
import { destinationOfFields } from "../registry/destination.js"
import { namedSecrets } from "../stage/secrets.js"
import { dayOf } from "../stage/suppressions.js"
import { jsonText } from "../lib/text/json.js"

const NO_REPOSITORY_FOR_DEVLAKE =
  "devlake/deployments.json is empty: set --repository or release.source to name the repository"

/**
 * DORA metrics, deployment audits and branch protection of a service.
 *
 * Computed from the ledger, git and the host of the repository. docs/metrics.md defines every metric.
 */
@object()
export class Metrics {
  source!: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings!: string
  invocation!: string
  /** The time of the report, RFC 3339; empty for the present. */
  now!: string
  /** The cache volumes that it may use. */
  space!: string
  secrets!: Secret[]
  username!: string
  password?: Secret
  registryService?: Service
  authority?: File
  plainHttp!: boolean
  loginHost!: string
  embedded!: boolean
  clusterService?: Service
  history?: Directory
  ledgerFile?: File
  repository!: string
  api!: string
  token?: Secret

  /**
   * DORA metrics of an environment.
   *
   * Deployment frequency, lead time for changes, time to restore, change failure rate and success rate. Files: `dora.json`,
   * `dora.md`, `dora.svg`, and `devlake/` for Apache DevLake's webhooks. Without a complete history there is no lead time,
   * and the report says why. Never fails: its verdict is `error` for UNKNOWN_WINDOW, UNKNOWN_ENVIRONMENT, INCIDENTS,
   * NO_HISTORY and a ledger that can't be read. Runs each time.
   *
   * @param environment One of `deploy.environments`; the last of them, if left out.
   * @param window The days up to now: `7d`, `30d`, `90d`.
   */
  @func({ cache: "never" })
  async dora(environment = "", window = "30d"): Promise<MetricsReport> {
    return metricsReport("dora", async () => {
      const days = parseWindow(window)
      const now = dayOf(this.now)
      const named = this.named(environment)
      const [{ chain, git }, incidents] = await Promise.all([this.chain(named), this.incidents()])
      const { entries, faults } = chain
      const report = doraReport({ entries, history: git?.history, incidents, environment: named, days, now })
      const [broken] = faults
      if (broken !== undefined)
        report.notes.unshift(`the ledger is not intact, so the metrics may be wrong: ${broken.message}`)
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
   * Audit of the ledger and of every deployment in it.
   *
   * Lists commit, approval, gates, image, signature, user, time and rollback of each deployment, and ledger entries that were
   * changed, removed or moved; with git notes in the history also those truncated from the end. Files: `audit.json`,
   * `audit.md`, `audit.txt`. Never fails; `ledgerIntact` does. Runs each time.
   *
   * @param environment One of `deploy.environments`; the last of them, if left out.
   * @param verify Verify each release too, in its registry: signatures, attestations, gates.
   */
  @func({ cache: "never" })
  async ledger(environment = "", verify = false): Promise<MetricsReport> {
    const access = { ...destinationOfFields(this), wanted: { origin: this.address() } }
    return metricsReport("audit", async () => {
      const at = dayOf(this.now)
      const named = this.named(environment)
      const { chain, git } = await this.chain(named)
      const { events } = timelineOf(chain.entries, named, at.getTime())
      const releases = verify ? { service: serviceOf(this), access } : undefined
      const evidence = await gatherEvidence(events, { git, forge: await this.forge(), releases })
      const audit = auditOf(chain, named, at, evidence)
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
   * Fails unless the ledger is intact.
   *
   * LEDGER_BROKEN names the first entry that is missing, changed or moved. Runs each time.
   *
   * @param environment One of `deploy.environments`; the last of them, if left out.
   */
  @func({ cache: "never" })
  async ledgerIntact(environment = ""): Promise<string> {
    const { chain } = await this.chain(this.named(environment))
    const [first] = chain.faults
    if (first !== undefined) throw fail("LEDGER_BROKEN", [first.message, chain.faults.length - 1])
    return `${chain.entries.length} entries, head ${chain.head}\n`
  }

  /**
   * Report on branch protection and hotfixes.
   *
   * Checks that GitHub requires a pull request approval and status checks on `main`, and status checks on `develop`; with a
   * history also that every `hotfix/*` was merged back to both. Files: `protection.json`, `protection.md`. Names the
   * permission that the token lacks. Never fails: its verdict is `error` for NO_REPOSITORY, NO_FORGE_TOKEN and NO_HISTORY;
   * `branchesProtected` fails. Runs each time.
   *
   * @param main The release branch.
   * @param develop The staging branch.
   */
  @func({ cache: "never" })
  async protection(main = "main", develop = "develop"): Promise<MetricsReport> {
    return metricsReport("protection", async () => {
      const report = await this.checkProtection(main, develop)
      const { verdict } = report
      return { verdict, text: protectionText(report), markdown: protectionMarkdown(report), value: report }
    })
  }

  /**
   * Fails unless the branches are protected and hotfixes merged back.
   *
   * NOT_PROTECTED for a missing protection or hotfix merge, PROTECTION_UNKNOWN if the token may not read the settings. Runs
   * each time.
   *
   * @param main The release branch.
   * @param develop The staging branch.
   */
  @func({ cache: "never" })
  async branchesProtected(main = "main", develop = "develop"): Promise<string> {
    const report = await this.checkProtection(main, develop)
    const { lacks, unknown } = report
    if (lacks.length > 0) throw fail("NOT_PROTECTED", [lacks])
    if (unknown.length > 0) throw fail("PROTECTION_UNKNOWN", [unknown])
    return protectionText(report)
  }

  private async checkProtection(main: string, develop: string) {
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

  /** The ledger, verified against the git notes of the history if there are any. */
  private async chain(environment: string): Promise<{ chain: Chain; git: GitRepository | undefined }> {
    const { text, subject } = await this.ledgerText(environment)
    const known = verifyChain(text).entries.flatMap(({ sha, facts }) => {
      const version = facts["version"] ?? ""
      return [sha, version, `v${version}`]
    })
    const git = await this.git(known)
    return { chain: verifyChain(text, git?.notes, subject), git }
  }

  private named(environment: string): string {
    return environment || lastEnvironment(this.config().deploy)
  }

  private async ledgerText(environment: string): Promise<{ text: string; subject?: LedgerSubject }> {
    const known = environmentOf(environment, this.config().deploy)
    if (this.ledgerFile !== undefined) return { text: await this.ledgerFile.contents() }
    const { context } = await contextOf({
      ...serviceOf(this),
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
    const text = exists ? await found.file(INCIDENTS_FILE).contents() : undefined
    const read = parseIncidents(text, environmentsOf(this.config().deploy))
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
    return serviceOf(this).config
  }
}
