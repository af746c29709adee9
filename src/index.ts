/**
 * Takes a Python service from a commit to production.
 *
 * Every stage is a function that runs in containers, so that the same graph runs on a laptop and in any CI host. A
 * stage has checks, which fail, and a report, which doesn't and carries every artifact.
 */
import {
  argument,
  Changeset,
  Container,
  dag,
  Directory,
  File,
  float,
  func,
  generate,
  object,
  Secret,
  Service,
  Socket,
} from "@dagger.io/dagger"
import { Cleanup } from "./cleanup/cleanup.js"
import { Cluster } from "./cluster/cluster.js"
import { Dast } from "./dast/dast.js"
import { Deployment } from "./deploy/deploy.js"
import { Image, revisionOf } from "./image/image.js"
import { lockImages } from "./image/lockImages.js"
import { Infra, type InfraAccess } from "./infra/infra.js"
import { environmentOf } from "./lib/config/environments.js"
import { fail } from "./lib/errors/catalogue.js"
import { IGNORED } from "./lib/image/ignored.js"
import { webAddress, type ImageRevision } from "./lib/image/revision.js"
import { journal as journalOf } from "./lib/pipeline/journal.js"
import { groupsFor } from "./lib/pipeline/policy.js"
import { DELIVERED } from "./lib/pipeline/stages.js"
import { fullRef } from "./lib/release/gitRef.js"
import { previewNumber } from "./lib/text/previews.js"
import { isStrange, type TrustLevel, trustOf, volumeSpace } from "./lib/volumes/trust.js"
import { jsonText, without } from "./lib/text/json.js"
import { Load } from "./load/load.js"
import { Metrics } from "./metrics/metrics.js"
import { Monitoring } from "./monitoring/monitoring.js"
import { Notifications } from "./notify/notify.js"
import { baselineReport, withBaseline } from "./pipeline/adoption.js"
import { debugStage } from "./pipeline/debug.js"
import type { Announcing } from "./pipeline/delivery.js"
import type { DeployAccess } from "./pipeline/deploying.js"
import { commentOnGates, runGates } from "./pipeline/gates.js"
import { runGraph } from "./pipeline/graph.js"
import { Quality } from "./quality/quality.js"
import { destinationOfFields } from "./registry/destination.js"
import { findPublished, Release } from "./release/release.js"
import { verificationOf } from "./release/verify.js"
import { Security } from "./security/security.js"
import { create } from "./stage/create.js"
import { runInputs } from "./stage/inputs.js"
import { serviceIn, trackedIn, type Viewed, wholeSource } from "./stage/repository.js"
import { runTree } from "./stage/runTree.js"
import {
  configOf,
  type InstallingFields,
  type PythonService,
  type ServiceFields,
  serviceOf,
} from "./stage/service.js"
import { nameOf } from "./stage/texts.js"
import { Tests } from "./testing/testing.js"
import { wrapperChanges } from "./wrappers/wrappers.js"

/** What a .git folder holds beside history, and may be big. */
const UNREAD_BY_METRICS = ["hooks", "lfs", "logs", "modules", "worktrees", "index"]

/** What a .git folder holds beside what builds read; settings and logs may hold credentials. */
const UNREAD_BY_BUILDS = ["config", "hooks", "lfs", "logs", "modules", "worktrees", "FETCH_HEAD"]

/** Fails with UNKNOWN_ENVIRONMENT for an environment that the settings don't name. */
const requireEnvironment = (environment: string, { settings }: { settings: string }): void => {
  environmentOf(environment, configOf(settings).deploy)
}

/** The pipeline of one service. */
@object()
export class Slipway {
  /** The service's sources. */
  source: Directory
  /** How this module was called. */
  invocation: string
  /** The time by which dates are judged, RFC 3339; empty for the present. */
  now: string
  /** Credentials of package indexes. */
  netrc?: Secret
  indexSecrets: Secret[]
  /** Patterns of files that git tracks although `.gitignore` names them. */
  tracked: string[]
  /** Set by `withCommit`. The engine stores no object within another, so that each field stands here. */
  sha = ""
  committed = ""
  origin = ""
  path = ""
  digest = ""
  /** Set by `withService`. */
  service = ""
  /** Set by `withRegistry`. */
  username = ""
  password?: Secret
  registryService?: Service
  authority?: File
  plainHttp = false
  embedded = false
  loginHost = ""
  /** Set by `withSigner`. */
  key?: Secret
  passphrase?: Secret
  token?: Secret
  publicKey?: File
  identity = ""
  issuer = ""
  /** Set by `withPolicy`. */
  policyFile?: File
  policyAddress = ""
  /** Set by `withBuild`. */
  ssh?: Socket
  git?: Directory
  secretIds: string[] = []
  /** Set by `withInfra`. */
  infraSecrets: Secret[] = []
  environment = ""
  root = ""
  plan?: File
  planKey?: Secret
  pullRequest = ""
  commentToken?: Secret
  detailedExitcode = false
  /** Set by `withDeploy`. */
  deploySecrets: Secret[] = []
  deployEnvironment = ""
  clusterService?: Service
  reference = ""
  rollback = false
  offMain = ""
  withoutHotfix = ""
  offOrder = ""
  scale: float = 1
  /** Set by `withGates`. */
  base?: Directory
  baseName = ""
  baseSha = ""
  noBase = ""
  allowed: string[] = []
  /** Set by `withNotify`. */
  who = ""
  runUrl = ""
  history?: File
  /** Set by `withPrevious`. */
  previousVerdict?: File

  /**
   * @param source The service's sources: a folder, or a git repository with a commit.
   * @param invocation How this module is called, for the commands that repeat a stage.
   * @param now The time by which expiry dates are judged, such as 2026-03-01T12:00:00Z. Default: the present.
   * @param netrc Users and passwords of package indexes by host, in the format of a netrc. Only commands that install
   * packages get it.
   * @param indexSecrets Variables for commands that install packages, each named by the last part of its address:
   * `UV_INDEX_TEAM_PASSWORD`, or any that an index's address in the service's files contains.
   * @param tracked Patterns of files that linters look at although `.gitignore` names them, since git tracks them; `**`
   * for all.
   */
  constructor(
    @argument({ defaultPath: "/", ignore: IGNORED }) source: Directory,
    invocation = "dagger call --source=.",
    now = "",
    netrc?: Secret,
    indexSecrets: Secret[] = [],
    tracked: string[] = [],
  ) {
    this.source = source
    this.invocation = invocation
    this.now = now
    this.netrc = netrc
    this.indexSecrets = indexSecrets
    this.tracked = tracked
  }

  /** Checks formatting, imports, style, types and security of the Python code. */
  @func()
  async quality(): Promise<Quality> {
    return create(Quality, await this.installing())
  }

  /** Scans for vulnerable packages, secrets and misconfiguration. */
  @func()
  async security(): Promise<Security> {
    return create(Security, await this.installing())
  }

  /** Runs the service's own tests and measures their coverage. */
  @func()
  async tests(): Promise<Tests> {
    return create(Tests, await this.installing())
  }

  /**
   * Checks, plans and compares the service's infrastructure.
   *
   * @param secrets What state, providers and variables need, each by the last part of its address: `TF_VAR_password`,
   * `TF_BACKEND`, `AZURE_CREDENTIALS` and the like; `--help` of the returned object lists them.
   */
  @func()
  async infra(secrets: Secret[] = []): Promise<Infra> {
    return create(Infra, { ...(await this.fields()), secrets })
  }

  /**
   * A Kubernetes cluster of Slipway's own, for trials.
   *
   * @param name Names the cluster: two of one name can't run at the same time.
   */
  @func()
  async cluster(name = "slipway"): Promise<Cluster> {
    return create(Cluster, { name, settings: (await this.viewed()).settings })
  }

  /**
   * Fixes what isort, Black and Terraform's or OpenTofu's `fmt` can fix.
   *
   * Nothing is written until the changes are applied. Pure. Fails with CONFIG_INVALID.
   */
  @func()
  async fix(): Promise<Changeset> {
    const { source } = await this.viewed()
    const changes = await Promise.all([(await this.quality()).fix(), (await this.infra()).fix()])
    return this.changesTo(changes.reduce((changed, change) => changed.withChanges(change), source))
  }

  /**
   * Writes down the findings that a service has, so that gates fail only for new ones.
   *
   * In `.slipway/baseline.json`, for the tools of `quality`, misconfiguration and coverage. From an existing one it only
   * removes what is gone. Nothing is written until the changes are applied. Fails with CONFIG_INVALID, BASELINE_INVALID
   * and BASELINE_REASON.
   *
   * @param grow Add new findings to an existing baseline, for this reason, which the file keeps.
   */
  @func({ cache: "never" })
  async baseline(grow = ""): Promise<Changeset> {
    const service = serviceOf(await this.installing())
    return this.changesTo(await withBaseline(service, grow))
  }

  /**
   * Returns the same baseline as a file, and what changed in it.
   *
   * `baseline.json`, absent if nothing is left, and `summary.json`. Fails like `baseline`.
   *
   * @param grow As of `baseline`.
   */
  @func({ cache: "never" })
  async baselineReport(grow = ""): Promise<Directory> {
    return baselineReport(serviceOf(await this.installing()), grow)
  }

  /**
   * Generates the files by which CI hosts call Slipway.
   *
   * For the hosts that `wrappers.hosts` in `slipway.yaml` names. `dagger check` finds files that are out of date. Pure.
   * Fails with CONFIG_INVALID, UNKNOWN_HOST and WRAPPERS_UNPINNED.
   *
   * @param hosts Other hosts: `github`, `gitlab`, `azure`, `jenkins`, `circleci`.
   * @param slipway The Slipway that they fetch: a git address, `@`, and a whole commit. Default: `wrappers.slipway`.
   */
  @func()
  @generate()
  async wrappers(hosts: string[] = [], slipway = ""): Promise<Changeset> {
    return wrapperChanges(serviceOf(await this.fields()), hosts, slipway)
  }

  /**
   * Locks the digests of all images that a service's runs use.
   *
   * Slipway's own, those in `slipway.yaml` and in the Dockerfile, in `.slipway/images.lock`. Runs then use these digests
   * alone, and fail for an image that isn't locked. Nothing is written until the changes are applied. Asks the registries
   * each time. Fails with CONFIG_INVALID, IMAGE_UNRESOLVED and NO_DOCKERFILE.
   */
  @func({ cache: "never" })
  async lockImages(): Promise<Changeset> {
    return lockImages(serviceOf(await this.placed()))
  }

  /**
   * Sets the commit of the sources, for labels, provenance and the verdict.
   *
   * @param sha The commit.
   * @param committed The commit's date, RFC 3339: the image's creation time. Default: the year 1980.
   * @param origin The web address of the sources.
   * @param path The folder of the sources within their repository.
   * @param digest The digest of the sources, where they differ from the commit.
   */
  @func()
  withCommit(sha = "", committed = "", origin = "", path = "", digest = ""): Slipway {
    return this.changed({ sha, committed, origin, path, digest })
  }

  /**
   * Chooses a service of a repository: every function is then about this one.
   *
   * It sees its folder, what it depends on beside it, and the manifests and locks above; its settings are those of the
   * root's `slipway.yaml` and its own. Functions fail with UNKNOWN_SERVICE and NO_SERVICE_FOLDER.
   *
   * @param service Its name in `services` of the root's `slipway.yaml`, or its folder, such as `services/api`.
   */
  @func()
  withService(service: string): Slipway {
    return this.changed({ service })
  }

  /**
   * Sets the registry's credentials and how it is reached, for every function that uses one.
   *
   * `release` in `slipway.yaml` names the registry itself.
   *
   * @param username The registry's user: for Azure also the client id of a service principal.
   * @param password Their password, token or client secret.
   * @param service A registry that is a container itself, in the place of the named host.
   * @param authority The certificate authority that signed the registry's certificate, beside the public ones.
   * @param plainHttp Use plain HTTP.
   * @param embedded Use the registry and the signing key of Slipway's own, for trials.
   * @param loginHost The registry that user and password are for. Default: `release.registry`; any other gets none.
   */
  @func()
  withRegistry(
    username = "",
    password?: Secret,
    service?: Service,
    authority?: File,
    plainHttp = false,
    embedded = false,
    loginHost = "",
  ): Slipway {
    const registry = { username, password, registryService: service, authority, plainHttp, embedded }
    return this.changed({ ...registry, loginHost })
  }

  /**
   * Sets what releases are signed with, and whose signatures are trusted.
   *
   * @param key A private key of cosign's, to sign with.
   * @param passphrase The passphrase of that key.
   * @param token In place of a key: the OIDC token of the signer.
   * @param publicKey cosign's public key, to verify with. Default: `release.key`.
   * @param identity The signer without a key, as in the certificate, or a pattern. Default: `release.identity`.
   * @param issuer The issuer of that identity. Default: `release.issuer`.
   */
  @func()
  withSigner(
    key?: Secret,
    passphrase?: Secret,
    token?: Secret,
    publicKey?: File,
    identity = "",
    issuer = "",
  ): Slipway {
    return this.changed({ key, passphrase, token, publicKey, identity, issuer })
  }

  /**
   * Sets the floor: what a release must have at least, whatever the service's own settings say.
   *
   * Published, verified and deployed releases are held to it; `policy.schema.json` describes the file. Verifying fails
   * with POLICY_UNPINNED for an address whose content can change, and with POLICY_INVALID.
   *
   * @param file The floor as YAML.
   * @param address In place of the file: a git address, `@`, a whole commit, `:` and a path; or an artifact in a registry
   * with its digest.
   */
  @func()
  withPolicy(file?: File, address = ""): Slipway {
    return this.changed({ policyFile: file, policyAddress: address })
  }

  /**
   * Sets what a Dockerfile's commands may use beside secrets.
   *
   * @param ssh The socket of an SSH agent, such as $SSH_AUTH_SOCK, for commands with `--mount=type=ssh`: they can log in
   * as whoever owns its keys.
   * @param git The `.git` folder of the sources, for commands that take a version from it. Its settings, hooks and logs
   * are left out.
   * @param secretIds Names by which commands mount the secrets, where they differ, each as `id=name`.
   */
  @func()
  withBuild(
    ssh?: Socket,
    @argument({ ignore: UNREAD_BY_BUILDS }) git?: Directory,
    secretIds: string[] = [],
  ): Slipway {
    return this.changed({ ssh, git, secretIds })
  }

  /**
   * Sets what infrastructure stages of `ci` and `debug` need.
   *
   * @param secrets As those of `infra`.
   * @param environment Plan and compare only this environment.
   * @param root Plan and compare only this root folder.
   * @param plan The plan to apply, from `plan.sealed`.
   * @param planKey The key that plans are encrypted with; without it no plan is kept.
   * @param pullRequest The pull request to comment on, JSON: `host`, `api`, `project` and `number`.
   * @param commentToken The token for its comments.
   * @param detailedExitcode Set the verdict's exit code to 2 where a plan has changes.
   */
  @func()
  withInfra(
    secrets: Secret[] = [],
    environment = "",
    root = "",
    plan?: File,
    planKey?: Secret,
    pullRequest = "",
    commentToken?: Secret,
    detailedExitcode = false,
  ): Slipway {
    return this.changed({
      infraSecrets: secrets,
      environment,
      root,
      plan,
      planKey,
      pullRequest,
      commentToken,
      detailedExitcode,
    })
  }

  /**
   * Sets what deployments of `ci` and `debug` need.
   *
   * @param secrets `KUBECONFIG` and `DATABASE_URL`, each by the last part of its address; `STAGING_KUBECONFIG` is for
   * that environment alone.
   * @param environment The environment to deploy to. Default: that of the event.
   * @param cluster The address of the cluster's API, if not the one in the kubeconfig.
   * @param reference The release to deploy, where this run publishes none itself: a tag, a digest or a whole reference.
   * @param rollback Roll back to an earlier version: that of the reference, or the last good one.
   * @param scale Factor for the durations of load tests, above 0 and at most 1: below 1 it is a trial.
   * @param offMain Why a version is deployed that isn't on main: the ledger keeps it.
   * @param withoutHotfix Why a version is deployed that lacks a released hotfix: the ledger keeps it.
   * @param offOrder Why a release is deployed that wasn't to the environment before: the ledger keeps it.
   */
  @func()
  withDeploy(
    secrets: Secret[] = [],
    environment = "",
    cluster?: Service,
    reference = "",
    rollback = false,
    scale: float = 1,
    offMain = "",
    withoutHotfix = "",
    offOrder = "",
  ): Slipway {
    return this.changed({
      deploySecrets: secrets,
      deployEnvironment: environment,
      clusterService: cluster,
      reference,
      rollback,
      scale,
      offMain,
      withoutHotfix,
      offOrder,
    })
  }

  /**
   * Sets what notifications of a deployment say.
   *
   * The webhooks are among the secrets of `withDeploy`: `SLACK_WEBHOOK`, `TEAMS_WEBHOOK`, `NOTIFY_WEBHOOK` with
   * `NOTIFY_WEBHOOK_SECRET`, and `GRAFANA_TOKEN`.
   *
   * @param who The person who deploys.
   * @param runUrl The web address of the run.
   * @param history The output of `git log --format=%H%x09%P%x09%s`, for the changes since the last deployment.
   */
  @func()
  withNotify(who = "", runUrl = "", history?: File): Slipway {
    return this.changed({ who, runUrl, history })
  }

  /**
   * Sets what the gates of `ci` are compared with, so that nothing weakens them unseen.
   *
   * Report, summary and comment say first what lets more pass than the base, or why nothing was compared.
   *
   * @param base The sources of the base: a folder, or a git repository with a commit.
   * @param ref The base's name: the target branch, or the previous release.
   * @param sha Its commit.
   * @param problem Why there is no base, if so.
   * @param allow What `slipway.yaml` may have in the place of Slipway's own in a release, each as `key=value`:
   * `images.replace.trivy=registry.example.com/trivy:1`.
   */
  @func()
  withGates(base?: Directory, ref = "", sha = "", problem = "", allow: string[] = []): Slipway {
    return this.changed({ base, baseName: ref, baseSha: sha, noBase: problem, allowed: allow })
  }

  /**
   * Sets the last run that `ci` is compared with: report, summary and verdict say what changed since.
   *
   * A verdict of another branch or service, or that can't be read, is named in one line and fails nothing.
   *
   * @param verdict The `verdict.json` of that run.
   */
  @func()
  withPrevious(verdict?: File): Slipway {
    return this.changed({ previousVerdict: verdict })
  }

  /**
   * Notifies people of a deployment that another tool makes.
   *
   * `withNotify` says who deploys and what changed. Fails with CONFIG_INVALID and UNKNOWN_ENVIRONMENT.
   *
   * @param environment One of `deploy.environments`.
   * @param secrets `SLACK_WEBHOOK`, `TEAMS_WEBHOOK`, `NOTIFY_WEBHOOK` with `NOTIFY_WEBHOOK_SECRET`, and `GRAFANA_TOKEN`,
   * each by the last part of its address; `STAGING_SLACK_WEBHOOK` is for that environment alone.
   */
  @func()
  async notifications(environment: string, secrets: Secret[] = []): Promise<Notifications> {
    const { who, runUrl, history } = this
    const common = await this.fields()
    requireEnvironment(environment, common)
    return create(Notifications, {
      ...common,
      environment,
      secrets,
      who,
      runUrl,
      history,
      stage: "",
      reason: "",
      repro: "",
    })
  }

  /** Alert rules for Prometheus, made of `slipway.yaml`. */
  @func()
  async monitoring(): Promise<Monitoring> {
    return create(Monitoring, await this.fields())
  }

  /**
   * Deploys the service to an environment, and inspects it there.
   *
   * Releases are found and verified by `withRegistry` and `withSigner`. Fails with CONFIG_INVALID and
   * UNKNOWN_ENVIRONMENT.
   *
   * @param environment One of `deploy.environments`.
   * @param secrets `KUBECONFIG` and `DATABASE_URL`, each by the last part of its address; `STAGING_KUBECONFIG` is for
   * that environment alone.
   * @param cluster The address of the cluster's API, if not the one in the kubeconfig.
   */
  @func()
  async deploy(environment: string, secrets: Secret[] = [], cluster?: Service): Promise<Deployment> {
    const fields = await this.placed()
    requireEnvironment(environment, fields)
    const { publicKey, identity, issuer, origin, policyFile, policyAddress, who, runUrl } = this
    return create(Deployment, {
      ...without(fields, "tracked"),
      ...this.registryFields(),
      publicKey,
      identity,
      issuer,
      origin: webAddress(origin),
      policyFile,
      policyAddress,
      who,
      runUrl,
      environment,
      secrets,
      clusterService: cluster,
    })
  }

  /**
   * Scans a deployed service with ZAP.
   *
   * Fails with CONFIG_INVALID and UNKNOWN_ENVIRONMENT.
   *
   * @param environment One of `deploy.environments`.
   * @param secrets `DAST_AUTH_HEADER`, the value of the header that every request carries, and `KUBECONFIG`, each by the
   * last part of its address; `STAGING_DAST_AUTH_HEADER` is for that environment alone.
   * @param cluster The address of the cluster's API, if not the one in the kubeconfig.
   * @param service A container in the place of the deployed service.
   */
  @func()
  async dast(
    environment: string,
    secrets: Secret[] = [],
    cluster?: Service,
    service?: Service,
  ): Promise<Dast> {
    const fields = await this.fields()
    requireEnvironment(environment, fields)
    return create(Dast, { ...fields, environment, secrets, clusterService: cluster, service })
  }

  /**
   * Measures deliveries and audits them: DORA metrics, the ledger, branch protection.
   *
   * Fails with CONFIG_INVALID.
   *
   * @param secrets `KUBECONFIG`, by the last part of its address, as those of `deploy`.
   * @param cluster The address of the cluster's API, if not the one in the kubeconfig.
   * @param history A repository's `.git` folder, or a repository: the commits of each deployment, and the ledger's notes.
   * @param ledger A ledger, an entry a line, in place of the cluster's.
   * @param repository The web address of the repository on GitHub. Default: `release.source`.
   * @param api The address of GitHub's API, if it doesn't follow from the repository's.
   * @param token The token for GitHub: `pull-requests: read` for approvals, `administration: read` for protection.
   */
  @func()
  async metrics(
    secrets: Secret[] = [],
    cluster?: Service,
    @argument({ ignore: UNREAD_BY_METRICS }) history?: Directory,
    ledger?: File,
    repository = "",
    api = "",
    token?: Secret,
  ): Promise<Metrics> {
    return create(Metrics, {
      ...(await this.fields()),
      ...this.registryFields(),
      secrets,
      clusterService: cluster,
      history,
      ledgerFile: ledger,
      repository,
      api,
      token,
    })
  }

  /**
   * Runs load tests against a deployed service with k6.
   *
   * Fails with CONFIG_INVALID and UNKNOWN_ENVIRONMENT.
   *
   * @param environment One of `deploy.environments`: its service is reached at deploy.url or through the cluster.
   * @param secrets `KUBECONFIG`, `LOAD_AUTHORIZATION` (the value of the header Authorization), `INFLUXDB_TOKEN` and
   * `PROMETHEUS_TOKEN`, each by the last part of its address; `STAGING_KUBECONFIG` is for that environment alone.
   * @param cluster The address of the cluster's API, if not the one in the kubeconfig.
   * @param scale Factor for durations: above 0, at most 1.
   * @param base The service's address, if not the environment's: http://host:8000.
   * @param service A container in place of the deployed service.
   * @param before The `k6/load.json` or `k6/stress.json` of an earlier run, to compare with.
   */
  @func()
  async load(
    environment: string,
    secrets: Secret[] = [],
    cluster?: Service,
    scale: float = 1,
    base = "",
    service?: Service,
    before?: File,
  ): Promise<Load> {
    const fields = await this.fields()
    requireEnvironment(environment, fields)
    return create(Load, {
      ...fields,
      environment,
      secrets,
      clusterService: cluster,
      scale,
      base,
      service,
      before,
    })
  }

  /**
   * Deletes stale images, Jobs, ReplicaSets and previews.
   *
   * The registry's user in `withRegistry` must be allowed to delete. Fails with CONFIG_INVALID and UNKNOWN_ENVIRONMENT.
   *
   * @param environment Clean only this environment's cluster. Images are judged by all environments in any case.
   * @param secrets `KUBECONFIG` by the last part of its address; `STAGING_KUBECONFIG` is for that environment alone.
   * @param cluster The address of the cluster's API, if not the one in the kubeconfig.
   */
  @func()
  async cleanup(environment = "", secrets: Secret[] = [], cluster?: Service): Promise<Cleanup> {
    const fields = await this.fields()
    if (environment !== "") requireEnvironment(environment, fields)
    return create(Cleanup, {
      ...fields,
      ...this.registryFields(),
      environment,
      secrets,
      clusterService: cluster,
    })
  }

  /**
   * Builds and scans the service's image, for every platform.
   *
   * `withCommit` sets its labels and creation time. Fails with CONFIG_INVALID.
   *
   * @param ref The git reference that versions and tags follow from, for example `refs/tags/v1.2.3`.
   * @param secrets Secrets that the Dockerfile's commands may mount, each by the last part of its address: `TOKEN` for
   * `env://TOKEN`.
   */
  @func()
  async image(ref = "", secrets: Secret[] = []): Promise<Image> {
    return create(Image, {
      ...(await this.installing()),
      ...this.registryFields(),
      revision: JSON.stringify(this.revision(ref)),
      ref,
      ...this.building(secrets),
    })
  }

  /**
   * Finds a published image, by the digest that its reference has now.
   *
   * Uses `withRegistry` and `withSigner`. Asks the registry each time. Fails with INVALID_REFERENCE, with TAG_MOVED where
   * tag and digest are given and differ, and with REGISTRY.
   *
   * @param reference Registry, repository, and a tag or digest or both.
   */
  @func({ cache: "never" })
  async release(reference: string): Promise<Release> {
    const { key, passphrase, token, publicKey, identity, issuer } = this
    const { policyFile, policyAddress } = this
    const signer = { key, passphrase, token, publicKey, identity, issuer, origin: webAddress(this.origin) }
    return findPublished(reference, serviceOf(await this.fields()), this.registryFields(), {
      ...signer,
      policyFile,
      policyAddress,
    })
  }

  /**
   * Verifies a published image, and returns the findings as JSON.
   *
   * `reference`, `digest`, `status`, `exitCode`, each check with its problem, and in `problem` why it could not be
   * verified at all. Uses `withRegistry` and `withSigner`. Never fails. Asks the registry each time.
   *
   * @param reference Registry, repository, and a tag or digest or both.
   */
  @func({ cache: "never" })
  async verification(reference: string): Promise<File> {
    const verification = await verificationOf(reference, async () => {
      const release = await this.release(reference)
      return { digest: release.digest, checks: await release.checks() }
    })
    return dag.file("verification.json", jsonText(verification))
  }

  /**
   * Runs the stages of an event, and returns their artifacts.
   *
   * Returns `verdict.json`, `summary.md`, `report.html`, `junit/`, `sarif/`, `coverage/`, `trivy/`, `terraform/`, `sbom/`,
   * `release/` and `logs/`. Never fails: the verdict holds the exit code. Runs each time, with the cache of what it calls.
   * Publishes where the event asks for it and every gate passed, which is an effect.
   *
   * @param event The event: `local`, `push`, `pull_request`, `tag`, `schedule` or `manual`.
   * @param ref Its git reference, for example `refs/heads/develop`.
   * @param baseRef The target branch of a pull request.
   * @param fork The pull request comes from another repository, and has no secrets.
   * @param runId Names this run; the same id has the same effects only once.
   * @param only The groups of stages to run, or the stages, in place of those of the event.
   * @param secrets Secrets that the Dockerfile's commands may mount.
   * @param journal Prints the run's progress on lines that begin with this text, for callers that must know it even if
   * the run breaks off.
   */
  @func({ cache: "never" })
  async ci(
    event = "local",
    ref = "",
    baseRef = "",
    fork = false,
    runId = "",
    only: string[] = [],
    secrets: Secret[] = [],
    journal = "",
  ): Promise<Directory> {
    const startedAt = new Date().toISOString()
    const inputs = await runInputs(await this.called({ baseRef, fork, only }, secrets))
    const run = { id: runId || startedAt, event, ref: fullRef(event, ref), sha: this.sha, startedAt, inputs }
    const progress = journalOf(journal)
    progress.began(run)
    let gates: ReturnType<typeof runGates> | undefined
    const stages = async () => {
      const trust = trustOf({ ...run, fork })
      const service = await this.python(trust)
      const groups = groupsFor(
        {
          ...run,
          ...{ baseRef, fork, branches: service.config.branches },
          ...(previewNumber(this.deployEnvironment) !== undefined && { preview: this.deployEnvironment }),
        },
        only,
        service.config,
        this.embedded,
      )
      const reached = groups.filter((group) => group === "release" || DELIVERED.includes(group))
      if (this.embedded && isStrange(trust) && reached.length > 0) throw fail("EMBEDDED_STRANGE", [reached])
      if (only.length === 0 || groups.includes("release")) gates = this.gates(service)
      return runGraph(groups, {
        service,
        gates,
        allowed: this.allowed,
        access: this.access(),
        deploying: this.deploying(),
        announcing: this.announcing(),
        baseRef,
        run,
        revision: this.revision(run.ref),
        only,
        building: this.building(secrets),
        publishing: this.publishing(),
        journal: progress,
      })
    }
    return runTree(run, stages, async () => (await gates)?.comparison, this.previousVerdict)
  }

  /**
   * Opens a stage's container as it stands before the stage's command.
   *
   * For `terminal` or further calls; `again` runs that command. A release's has regctl and cosign, a deployment's kubectl,
   * and they repeat nothing. Fails with UNKNOWN_STAGE. Runs each time, since credentials for a cluster last minutes; its
   * preparation comes from the cache.
   *
   * @param stage A stage's name as in the verdict, for example `mypy`.
   * @param secrets Secrets that the Dockerfile's commands may mount.
   */
  @func({ cache: "never" })
  async debug(stage: string, secrets: Secret[] = []): Promise<Container> {
    return debugStage(stage, {
      service: serviceOf(await this.placed()),
      access: this.access(),
      deploying: this.deploying(),
      building: this.building(secrets),
      registry: destinationOfFields(this.registryFields()),
    })
  }

  /** The same pipeline with other fields: the engine hands on no object that was changed in place. */
  private changed(fields: Partial<Slipway>): Slipway {
    return Object.assign(new Slipway(this.source, this.invocation, this.now), { ...this, ...fields })
  }

  /** The fields that objects of stages share. A call that has no trigger is a person's own. */
  private async fields(trust: TrustLevel = "local", viewed = this.viewed()): Promise<ServiceFields> {
    const { invocation, now, origin } = this
    const { source, settings, path } = await viewed
    const name = origin === "" ? await nameOf(source, configOf(settings)) : ""
    return { source, settings, invocation, now, space: volumeSpace(trust, origin, name, path) }
  }

  /** The service that is asked for: the sources, or a part of them. */
  private viewed(): Promise<Viewed> {
    const { source, service } = this
    return service === "" ? wholeSource(source) : serviceIn(source, service)
  }

  /** The changes of a service's files, by their paths in the sources. */
  private async changesTo(changed: Directory): Promise<Changeset> {
    const { source, path } = await this.viewed()
    const changes = changed.changes(source)
    if (path === "") return changes
    const folder = this.source.directory(path).withChanges(changes)
    return this.source.withDirectory(path, folder).changes(this.source)
  }

  /** The same with the credentials of package indexes, and the place in the repository. */
  private async placed(trust?: TrustLevel): Promise<InstallingFields> {
    const viewed = this.viewed()
    const fields = await this.fields(trust, viewed)
    const { path, around } = await viewed
    const { netrc, indexSecrets } = this
    return { ...fields, netrc, indexSecrets, tracked: trackedIn(path, this.tracked), path, around }
  }

  /** The same of a Python project. Fails with EMPTY_SOURCE and NOT_PYTHON. */
  private async installing(trust?: TrustLevel): Promise<InstallingFields> {
    const fields = await this.placed(trust)
    const files = await fields.source.entries()
    if (files.length === 0) throw fail("EMPTY_SOURCE", [])
    const python = await fields.source.glob("**/*.py")
    if (python.length === 0) throw fail("NOT_PYTHON", [files.slice(0, 5)])
    return fields
  }

  private async python(trust: TrustLevel): Promise<PythonService> {
    return serviceOf(await this.installing(trust))
  }

  private registryFields() {
    const { username, password, registryService, authority, plainHttp, embedded, loginHost } = this
    return { username, password, registryService, authority, plainHttp, embedded, loginHost }
  }

  private publishing() {
    const { key, passphrase, token } = this
    const signer = { key, passphrase, token }
    const { identity, issuer } = this
    const trust = {
      identity: identity || undefined,
      issuer: issuer || undefined,
      origin: webAddress(this.origin),
      policy: { file: this.policyFile, address: this.policyAddress },
    }
    return { ...destinationOfFields(this.registryFields()), ...signer, ...trust }
  }

  private revision(ref: string): ImageRevision {
    const { sha, committed, origin } = this
    return revisionOf({ sha, committed, origin, ref })
  }

  /** Reads the gates of a run, and comments on what is weaker than in the base. Never throws. */
  private async gates(service: PythonService) {
    const { base, baseName: ref, baseSha: sha, noBase: problem } = this
    return commentOnGates(await runGates(service, { base, named: { ref, sha }, problem }), this.access())
  }

  /** How `ci` was called: secrets by their addresses, files by their digests. */
  private async called(own: { baseRef: string; fork: boolean; only: string[] }, secrets: Secret[]) {
    const { committed, username, plainHttp, embedded, now, identity, issuer } = this
    const { environment, root, detailedExitcode, deployEnvironment, reference, rollback, who, runUrl } = this
    const { policyAddress } = this
    return {
      invocation: this.invocation,
      source: { origin: webAddress(this.origin), commit: this.sha, path: this.path, digest: this.digest },
      arguments: {
        ...own,
        service: this.service,
        committed,
        username,
        plainHttp,
        embedded,
        now,
        identity,
        issuer,
        policyAddress,
        environment,
        root,
        detailedExitcode,
        deployEnvironment,
        reference,
        rollback,
        offMain: this.offMain,
        withoutHotfix: this.withoutHotfix,
        offOrder: this.offOrder,
        who,
        runUrl,
        ssh: this.ssh !== undefined,
        secretIds: this.secretIds,
        scale: this.scale === 1 ? "" : String(this.scale),
        history: (await this.history?.digest({ excludeMetadata: true })) ?? "",
      },
      secrets: {
        secrets,
        netrc: [this.netrc],
        indexSecrets: this.indexSecrets,
        password: [this.password],
        key: [this.key],
        passphrase: [this.passphrase],
        token: [this.token],
        infra: this.infraSecrets,
        deploy: this.deploySecrets,
        planKey: [this.planKey],
      },
    }
  }

  private building(secrets: Secret[]) {
    const { secretIds, ssh, git } = this
    return { secrets, secretIds, ssh, git }
  }

  private deploying(): DeployAccess {
    const { deploySecrets: secrets, deployEnvironment: environment, clusterService: cluster } = this
    const { reference, rollback, scale, who, offMain, withoutHotfix, offOrder } = this
    const reasons = { offMain, withoutHotfix, offOrder }
    return { secrets, environment, reference, rollback, scale, who, ...reasons, cluster }
  }

  private announcing(): Announcing {
    const { who, runUrl, history } = this
    return { who, runUrl, history }
  }

  private access(): InfraAccess {
    const { environment, root, plan, planKey, pullRequest, commentToken, detailedExitcode } = this
    return {
      secrets: this.infraSecrets,
      environment,
      root,
      plan,
      key: planKey,
      pullRequest,
      token: commentToken,
      detailed: detailedExitcode,
      service: this.service,
    }
  }
}
