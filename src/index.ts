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
} from "@dagger.io/dagger"
import { ci } from "./stage/runTree.js"
import { Cleanup } from "./cleanup/cleanup.js"
import { Cluster } from "./cluster/cluster.js"
import { Dast } from "./dast/dast.js"
import { debugStage } from "./pipeline/debug.js"
import { environmentOf } from "./lib/config/environment.js"
import type { Announcing } from "./pipeline/delivery.js"
import type { DeployAccess } from "./pipeline/deploying.js"
import { Deployment } from "./deploy/deploy.js"
import { embeddedRegistry } from "./registry/embedded.js"
import { runGraph } from "./pipeline/graph.js"
import { Image, imageOf } from "./image/image.js"
import { Infra, type InfraAccess } from "./infra/infra.js"
import { inputsOf } from "./stage/inputs.js"
import { Load } from "./load/load.js"
import { parseConfig } from "./lib/config/parse.js"
import { fail } from "./lib/errors/catalogue.js"
import { IGNORED } from "./lib/image/ignored.js"
import { type Revision, webAddress } from "./lib/image/revision.js"
import { journal as journalOf } from "./lib/pipeline/journal.js"
import { groupsFor } from "./lib/pipeline/policy.js"
import { fullRef } from "./lib/release/gitRef.js"
import { parseReference } from "./lib/release/reference.js"
import { versionOfRef, versionOfTag, versionText } from "./lib/release/version.js"
import { Metrics } from "./metrics/metrics.js"
import { Monitoring } from "./monitoring/monitoring.js"
import { Notifications } from "./notify/notify.js"
import { resolveReference } from "./registry/publish.js"
import { Quality } from "./quality/quality.js"
import { registryTools } from "./registry/access.js"
import { Release, releaseOf } from "./release/release.js"
import { Security } from "./security/security.js"
import { Tests } from "./testing/testing.js"
import { verificationOf } from "./release/verify.js"
import { wrapperChanges } from "./wrappers/wrappers.js"

/** What a .git folder holds beside history, and may be big. */
const UNREAD_BY_METRICS = ["hooks", "lfs", "logs", "modules", "worktrees", "index"]

/** The pipeline of one service. */
@object()
export class Slipway {
  /** The service's sources. */
  source: Directory
  /** How this module was called. */
  invocation: string
  /** The time by which dates are judged, RFC 3339; empty for the present. */
  now: string
  /** What `withInfra` said. The engine brings back no object within another, so that each stands here. */
  infraSecrets: Secret[] = []
  environment = ""
  root = ""
  plan?: File
  planKey?: Secret
  pullRequest = ""
  commentToken?: Secret
  detailedExitcode = false
  /** What `withDeploy` said. */
  deploySecrets: Secret[] = []
  deployEnvironment = ""
  clusterService?: Service
  reference = ""
  rollback = false
  scale: float = 1
  /** What `withNotify` said. */
  who = ""
  runUrl = ""
  history?: File

  /**
   * @param source The service's sources: a folder, or a git repository with a commit.
   * @param invocation How this module is called, for the commands that repeat a stage.
   * @param now The time by which expiry dates are judged, such as 2026-03-01T12:00:00Z. The present, if left out.
   */
  constructor(
    @argument({ defaultPath: "/", ignore: IGNORED }) source: Directory,
    invocation = "dagger call --source=.",
    now = "",
  ) {
    this.source = source
    this.invocation = invocation
    this.now = now
  }

  /** Checks of formatting, imports, style, types and security of the Python code. Fails for a bad `slipway.yaml`. */
  @func()
  async quality(): Promise<Quality> {
    return new Quality(this.source, await this.settings(), this.invocation, this.now)
  }

  /** Vulnerable packages, secrets, misconfiguration, and what is suppressed. Fails for a bad `slipway.yaml`. */
  @func()
  async security(): Promise<Security> {
    return new Security(this.source, await this.settings(), this.invocation, this.now)
  }

  /** The service's own tests, and how much of the code they run. Fails for a bad `slipway.yaml`. */
  @func()
  async tests(): Promise<Tests> {
    return new Tests(this.source, await this.settings(), this.invocation)
  }

  /**
   * The service's infrastructure: checks, plans, drift. Fails for a bad `slipway.yaml`.
   *
   * @param secrets What state, providers and variables need, each by the last part of its address: `TF_VAR_password`,
   * `TF_BACKEND`, `AZURE_CREDENTIALS` and the like; `--help` of what this returns tells them all.
   */
  @func()
  async infra(secrets: Secret[] = []): Promise<Infra> {
    return new Infra(this.source, await this.written(), this.invocation, this.now, secrets)
  }

  /**
   * A Kubernetes cluster of Slipway's own, for trials. Fails for a bad `slipway.yaml`.
   *
   * @param name Tells it apart from others: two of one name can't run at the same time.
   */
  @func()
  async cluster(name = "slipway"): Promise<Cluster> {
    return new Cluster(name, await this.written())
  }

  /**
   * What isort, Black and Terraform's or OpenTofu's `fmt` would change. Nothing is written until the changes are
   * applied. Fails for a bad `slipway.yaml`. Pure.
   */
  @func()
  async fix(): Promise<Changeset> {
    const { source } = this
    const changes = await Promise.all([(await this.quality()).fix(), (await this.infra()).fix()])
    return changes.reduce((changed, change) => changed.withChanges(change), source).changes(source)
  }

  /**
   * The files by which CI hosts call Slipway, for the hosts that `wrappers.hosts` in `slipway.yaml` names. Pure.
   * `dagger check` finds those that are out of date. Fails for a bad `slipway.yaml`, UNKNOWN_HOST, WRAPPERS_UNPINNED.
   *
   * @param hosts Other hosts: `github`, `gitlab`, `azure`, `jenkins`, `circleci`.
   * @param slipway Which Slipway they fetch: a git address, `@`, and a whole commit. `wrappers.slipway`, if left out.
   */
  @func()
  @generate()
  async wrappers(hosts: string[] = [], slipway = ""): Promise<Changeset> {
    return wrapperChanges(this.source, await this.written(), hosts, slipway)
  }

  /**
   * The same pipeline, for `ci` and `debug`, with what infrastructure needs.
   *
   * @param secrets As those of `infra`.
   * @param environment Plan and compare only this environment.
   * @param root Plan and compare only this root folder.
   * @param plan A plan to apply, as one left it in `plan.sealed`.
   * @param planKey What plans are encrypted with; without it none is kept.
   * @param pullRequest The pull request to tell of plans, JSON: `host`, `api`, `project` and `number`.
   * @param commentToken The token to write to it with.
   * @param detailedExitcode Whether the verdict's exit code is 2 where a plan has changes.
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
   * The same pipeline, for `ci`, with what deployments need.
   *
   * @param secrets `KUBECONFIG` and `DATABASE_URL`, each by the last part of its address; `STAGING_KUBECONFIG` is for
   * that environment alone.
   * @param environment Where to deploy. By default where the event asks for.
   * @param cluster Where the cluster's API answers, if not at the address in the kubeconfig.
   * @param reference What to deploy, where this run releases nothing itself: a tag, a digest or a whole reference.
   * @param rollback Go back to an earlier version: that of the reference, or the last good one.
   * @param scale What the durations of load tests are multiplied by, above 0 and at most 1: below 1 it is a trial.
   */
  @func()
  withDeploy(
    secrets: Secret[] = [],
    environment = "",
    cluster?: Service,
    reference = "",
    rollback = false,
    scale: float = 1,
  ): Slipway {
    return this.changed({
      deploySecrets: secrets,
      deployEnvironment: environment,
      clusterService: cluster,
      reference,
      rollback,
      scale,
    })
  }

  /**
   * The same pipeline, for `ci`, with what people are told of a deployment. The webhooks are among the secrets of
   * `withDeploy`: `SLACK_WEBHOOK`, `TEAMS_WEBHOOK`, `NOTIFY_WEBHOOK` with `NOTIFY_WEBHOOK_SECRET`, and `GRAFANA_TOKEN`.
   *
   * @param who Who deploys.
   * @param runUrl Where the run is shown.
   * @param history What `git log --format=%H%x09%P%x09%s` says, for the changes since the last deployment.
   */
  @func()
  withNotify(who = "", runUrl = "", history?: File): Slipway {
    return this.changed({ who, runUrl, history })
  }

  /**
   * Tells people of a deployment that something else makes, as Slipway tells of its own. Fails for a bad
   * `slipway.yaml`, UNKNOWN_ENVIRONMENT.
   *
   * @param environment `staging` or `production`.
   * @param secrets `SLACK_WEBHOOK`, `TEAMS_WEBHOOK`, `NOTIFY_WEBHOOK` with `NOTIFY_WEBHOOK_SECRET`, and `GRAFANA_TOKEN`,
   * each by the last part of its address; `STAGING_SLACK_WEBHOOK` is for that environment alone.
   * @param who Who deploys.
   * @param runUrl Where the run is shown.
   * @param history What `git log --format=%H%x09%P%x09%s` says, for the changes since the last deployment.
   */
  @func()
  async notifications(
    environment: string,
    secrets: Secret[] = [],
    who = "",
    runUrl = "",
    history?: File,
  ): Promise<Notifications> {
    environmentOf(environment)
    return new Notifications(this.source, await this.written(), environment, secrets, who, runUrl, history)
  }

  /** Alert rules for Prometheus. Fails for a bad `slipway.yaml`. */
  @func()
  async monitoring(): Promise<Monitoring> {
    return new Monitoring(this.source, await this.written())
  }

  /**
   * A service in one of its environments: what runs, how it came to, and what to do about it. Fails for a bad
   * `slipway.yaml`, UNKNOWN_ENVIRONMENT.
   *
   * @param environment `staging` or `production`.
   * @param secrets `KUBECONFIG` and `DATABASE_URL`, each by the last part of its address; `STAGING_KUBECONFIG` is for
   * that environment alone.
   * @param cluster Where the cluster's API answers, if not at the address in the kubeconfig.
   */
  @func()
  async deploy(environment: string, secrets: Secret[] = [], cluster?: Service): Promise<Deployment> {
    environmentOf(environment)
    const settings = await this.written()
    return new Deployment(this.source, settings, this.invocation, environment, secrets, cluster)
  }

  /**
   * A deployed service, scanned with ZAP. Fails for a bad `slipway.yaml`, UNKNOWN_ENVIRONMENT.
   *
   * @param environment `staging` or `production`.
   * @param secrets `DAST_AUTH_HEADER`, the value of the header that every request carries, and `KUBECONFIG`, each by the
   * last part of its address; `STAGING_DAST_AUTH_HEADER` is for that environment alone.
   * @param cluster Where the cluster's API answers, if not at the address in the kubeconfig.
   * @param service A container in the place of the deployed service.
   */
  @func()
  async dast(
    environment: string,
    secrets: Secret[] = [],
    cluster?: Service,
    service?: Service,
  ): Promise<Dast> {
    environmentOf(environment)
    const { source, invocation, now } = this
    return new Dast(source, await this.written(), invocation, now, environment, secrets, cluster, service)
  }

  /**
   * What the ledger, git and the host tell of a service's deliveries: DORA's figures, an audit, and whether branches are
   * protected. Fails for a bad `slipway.yaml`.
   *
   * @param secrets `KUBECONFIG`, by the last part of its address, as those of `deploy`.
   * @param cluster Where the cluster's API answers, if not at the address in the kubeconfig.
   * @param history A repository's `.git` folder, or a repository: what commits a deployment brought, and the ledger's notes.
   * @param ledger A ledger, an entry a line, in place of the cluster's.
   * @param repository The web address of the repository on GitHub. By default `release.source` in slipway.yaml.
   * @param api The address of GitHub's API, where the repository's own address doesn't tell.
   * @param token What to ask GitHub with: `pull-requests: read` for approvals, `administration: read` for protection.
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
    const settings = await this.written()
    const { source, now } = this
    return new Metrics(source, settings, now, secrets, cluster, history, ledger, repository, api, token)
  }

  /**
   * A deployed service under load. Fails for a bad `slipway.yaml`, UNKNOWN_ENVIRONMENT.
   *
   * @param environment `staging` or `production`: whose service is asked, at deploy.url or through the cluster.
   * @param secrets `KUBECONFIG`, `LOAD_AUTHORIZATION` (the value of the header Authorization), `INFLUXDB_TOKEN` and
   * `PROMETHEUS_TOKEN`, each by the last part of its address; `STAGING_KUBECONFIG` is for that environment alone.
   * @param cluster Where the cluster's API answers, if not at the address in the kubeconfig.
   * @param scale What durations are multiplied by: above 0, at most 1.
   * @param base Where the service answers, if not where the environment's does: http://host:8000.
   * @param service A container in place of the deployed service.
   * @param before What an earlier run left in `k6/load.json` or `k6/stress.json`, to compare with.
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
    environmentOf(environment)
    const { source, invocation } = this
    const settings = await this.written()
    return new Load(source, settings, invocation, environment, secrets, cluster, scale, base, service, before)
  }

  /**
   * What earlier runs left and nobody needs any more: images, Jobs, ReplicaSets, previews. Fails for a bad `slipway.yaml`.
   *
   * @param environment Clean only this environment's cluster. Images are judged by all environments in any case.
   * @param secrets `KUBECONFIG` by the last part of its address; `STAGING_KUBECONFIG` is for that environment alone.
   * @param cluster Where the cluster's API answers, if not at the address in the kubeconfig.
   * @param username The registry's user, who must be allowed to delete.
   * @param password Their password, token or client secret.
   * @param registryService A registry that is a container itself, in the host's place.
   * @param authority The certificate authority that vouches for the registry, beside the public ones.
   * @param plainHttp Whether the registry speaks plain HTTP.
   * @param embedded Clean Slipway's own registry.
   */
  @func()
  async cleanup(
    environment = "",
    secrets: Secret[] = [],
    cluster?: Service,
    username = "",
    password?: Secret,
    registryService?: Service,
    authority?: File,
    plainHttp = false,
    embedded = false,
  ): Promise<Cleanup> {
    if (environment !== "") environmentOf(environment)
    return new Cleanup(
      this.source,
      await this.written(),
      this.invocation,
      this.now,
      environment,
      secrets,
      username,
      plainHttp,
      embedded,
      cluster,
      password,
      registryService,
      authority,
    )
  }

  /**
   * The service's image, for every platform. Fails for a bad `slipway.yaml`.
   *
   * @param sha The commit, for the image's labels.
   * @param committed The commit's date, RFC 3339: what the image says of its age. Without it, the year 1980.
   * @param origin The web address of the sources, for the labels.
   * @param ref The git reference, of which versions and tags are made, for example `refs/tags/v1.2.3`.
   * @param secrets What the Dockerfile's commands may mount, each by the last part of its address: `TOKEN` for
   * `env://TOKEN`.
   */
  @func()
  async image(sha = "", committed = "", origin = "", ref = "", secrets: Secret[] = []): Promise<Image> {
    return imageOf(this, await this.settings(), revisionOf({ sha, committed, origin, ref }), ref, secrets)
  }

  /**
   * An image that was published, by the digest that its reference stands for now. Asks the registry each time.
   *
   * Fails with INVALID_REFERENCE, with TAG_MOVED where both tag and digest are given and don't fit, and with REGISTRY.
   *
   * @param reference Registry, repository, and a tag or digest or both.
   * @param username The registry's user: for Azure also the client id of a service principal.
   * @param password Their password, token or client secret.
   * @param registryService A registry that is a container itself, in the host's place.
   * @param authority The certificate authority that vouches for the registry, beside the public ones.
   * @param plainHttp Whether the registry speaks plain HTTP.
   * @param embedded Look in Slipway's own registry.
   */
  @func({ cache: "never" })
  async release(
    reference: string,
    username = "",
    password?: Secret,
    registryService?: Service,
    authority?: File,
    plainHttp = false,
    embedded = false,
  ): Promise<Release> {
    const settings = await this.written()
    const config = parseConfig(settings || undefined)
    const parsed = parseReference(reference)
    const named = { host: parsed.host, username, password, service: registryService, authority, plainHttp }
    const access = embedded ? embeddedRegistry(config) : named
    const resolved = await resolveReference(parsed, await registryTools(access, config))
    const version = versionOfTag(parsed.tag ?? "")
    const ref = version === undefined ? "" : `refs/tags/v${versionText(version)}`
    return releaseOf(resolved, access, { source: this.source, settings, ref, embedded })
  }

  /**
   * What verifying a published image finds, as JSON: `reference`, `digest`, `status`, `exitCode`, each check with its
   * problem, and in `problem` what kept it from being verified at all. Never fails. Asks the registry each time.
   *
   * @param reference Registry, repository, and a tag or digest or both.
   * @param username The registry's user.
   * @param password Their password, token or client secret.
   * @param registryService A registry that is a container itself, in the host's place.
   * @param authority The certificate authority that vouches for the registry, beside the public ones.
   * @param plainHttp Whether the registry speaks plain HTTP.
   * @param embedded Look in Slipway's own registry, and for what its own key signed.
   * @param publicKey cosign's public key.
   * @param identity Who signed without a key, exactly as in the certificate.
   * @param issuer Who vouches for that identity.
   */
  @func({ cache: "never" })
  async verification(
    reference: string,
    username = "",
    password?: Secret,
    registryService?: Service,
    authority?: File,
    plainHttp = false,
    embedded = false,
    publicKey?: File,
    identity?: string,
    issuer?: string,
  ): Promise<File> {
    const verification = await verificationOf(reference, async () => {
      const release = await this.release(
        reference,
        username,
        password,
        registryService,
        authority,
        plainHttp,
        embedded,
      )
      return { digest: release.digest, checks: await release.checks({ key: publicKey, identity, issuer }) }
    })
    return dag.file("verification.json", `${JSON.stringify(verification, null, 2)}\n`)
  }

  /**
   * Runs the stages that this event asks for, and returns `verdict.json`, `summary.md`, `report.html`, `junit/`,
   * `sarif/`, `coverage/`, `trivy/`, `terraform/`, `sbom/`, `release/` and `logs/`. Never fails: the verdict holds the exit code.
   * Runs anew each time; what it calls comes from the cache. Publishes where the event asks for it and every gate was
   * passed, which is an effect.
   *
   * @param event What happened: `local`, `push`, `pull_request`, `tag`, `schedule` or `manual`.
   * @param ref The git reference it happened to, for example `refs/heads/develop`.
   * @param baseRef The branch that a pull request is to be merged into.
   * @param fork Whether a pull request comes from another repository, and has no secrets.
   * @param sha The commit.
   * @param committed The commit's date, RFC 3339.
   * @param origin The web address of the sources.
   * @param path The folder of the sources within their repository.
   * @param digest Of the sources, where they are not as in the commit.
   * @param runId Names this run; the same id has the same effects only once.
   * @param only The groups of stages to run, or the stages, in place of those that the event asks for.
   * @param secrets What the Dockerfile's commands may mount.
   * @param username The registry's user: for Azure also the client id of a service principal.
   * @param password Their password, token or client secret.
   * @param registryService A registry that is a container itself, in the place of the one that the settings name.
   * @param authority The certificate authority that vouches for the registry, beside the public ones.
   * @param plainHttp Whether the registry speaks plain HTTP.
   * @param key A private key of cosign's, to sign with.
   * @param passphrase What that key is encrypted with.
   * @param token In place of a key: the token of who signs.
   * @param identity Who signs without a key, exactly as in the certificate. `release.identity`, if left out.
   * @param issuer Who vouches for that identity. `release.issuer`, if left out.
   * @param embedded Publish to a registry of Slipway's own, signed with a key of its own.
   * @param journal Print how far the run has come, on lines that begin with this: for who must know it even where the run
   * breaks off.
   */
  @func({ cache: "never" })
  async ci(
    event = "local",
    ref = "",
    baseRef = "",
    fork = false,
    sha = "",
    committed = "",
    origin = "",
    path = "",
    digest = "",
    runId = "",
    only: string[] = [],
    secrets: Secret[] = [],
    username = "",
    password?: Secret,
    registryService?: Service,
    authority?: File,
    plainHttp = false,
    key?: Secret,
    passphrase?: Secret,
    token?: Secret,
    identity?: string,
    issuer?: string,
    embedded = false,
    journal = "",
  ): Promise<Directory> {
    const startedAt = new Date().toISOString()
    const publishing = {
      username,
      password,
      service: registryService,
      authority,
      plainHttp,
      key,
      passphrase,
      token,
      identity,
      issuer,
      embedded,
    }
    const inputs = await inputsOf({
      invocation: this.invocation,
      source: { origin: webAddress(origin), commit: sha, path, digest },
      arguments: {
        baseRef,
        fork,
        committed,
        only,
        username,
        plainHttp,
        embedded,
        now: this.now,
        identity: identity ?? "",
        issuer: issuer ?? "",
        ...(await this.said()),
      },
      secrets: {
        secrets,
        password: [password],
        key: [key],
        passphrase: [passphrase],
        token: [token],
        infra: this.infraSecrets,
        deploy: this.deploySecrets,
        planKey: [this.planKey],
      },
    })
    const run = { id: runId || startedAt, event, ref: fullRef(event, ref), sha, startedAt, inputs }
    const revision = revisionOf({ sha, committed, origin, ref: run.ref })
    const told = journalOf(journal)
    told.began(run)
    return ci(run, async () => {
      const settings = await this.settings()
      const groups = groupsFor({ ...run, baseRef, fork }, only, parseConfig(settings || undefined), embedded)
      return runGraph(groups, {
        service: { ...this, settings },
        access: this.access(),
        deploying: this.deploying(),
        announcing: this.announcing(),
        baseRef,
        run,
        revision,
        only,
        secrets,
        publishing,
        journal: told,
      })
    })
  }

  /**
   * A stage's container as it stands before the stage's command, for `terminal` or further calls. `again` runs that
   * command. Of a release it has regctl and cosign, of a deployment kubectl, and repeats nothing. Fails with
   * UNKNOWN_STAGE. Runs each time, since credentials for a cluster last minutes; what it prepares comes from the cache.
   *
   * @param stage A stage's name as the verdict has it, for example `mypy`.
   * @param secrets What the Dockerfile's commands may mount.
   * @param username Of a release: the registry's user.
   * @param password Their password, token or client secret.
   * @param registryService A registry that is a container itself, in the place of the one that the settings name.
   * @param authority The certificate authority that vouches for the registry, beside the public ones.
   * @param plainHttp Whether the registry speaks plain HTTP.
   * @param embedded Look in Slipway's own registry.
   */
  @func({ cache: "never" })
  async debug(
    stage: string,
    secrets: Secret[] = [],
    username = "",
    password?: Secret,
    registryService?: Service,
    authority?: File,
    plainHttp = false,
    embedded = false,
  ): Promise<Container> {
    const settings = await this.written()
    return debugStage(stage, {
      service: { ...this, settings },
      access: this.access(),
      deploying: this.deploying(),
      secrets,
      registry: { username, password, service: registryService, authority, plainHttp, embedded },
    })
  }

  /** The same with other fields: the engine hands on no object that was changed in place. */
  private changed(fields: Partial<Slipway>): Slipway {
    return Object.assign(new Slipway(this.source, this.invocation, this.now), { ...this, ...fields })
  }

  /** What `withInfra`, `withDeploy` and `withNotify` said, but for what is secret; of a file, its digest. */
  private async said() {
    const { environment, root, detailedExitcode, deployEnvironment, reference, rollback } = this
    return {
      environment,
      root,
      detailedExitcode,
      deployEnvironment,
      reference,
      rollback,
      scale: this.scale === 1 ? "" : String(this.scale),
      who: this.who,
      runUrl: this.runUrl,
      history: (await this.history?.digest({ excludeMetadata: true })) ?? "",
    }
  }

  private deploying(): DeployAccess {
    const { deploySecrets: secrets, deployEnvironment: environment, clusterService: cluster } = this
    const { reference, rollback, scale, who } = this
    return {
      secrets,
      environment,
      reference,
      rollback,
      scale,
      who,
      ...(cluster !== undefined && { cluster }),
    }
  }

  private announcing(): Announcing {
    const { who, runUrl, history } = this
    return { who, runUrl, ...(history !== undefined && { history }) }
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
    }
  }

  /** The text of `slipway.yaml`, empty without one. */
  private async settings(): Promise<string> {
    const files = await this.source.entries()
    if (files.length === 0) throw fail("EMPTY_SOURCE", [])
    const python = await this.source.glob("**/*.py")
    if (python.length === 0) throw fail("NOT_PYTHON", [files.slice(0, 5)])
    return this.written()
  }

  /** The same of a source that may be anything: what is published can be looked at without its sources. */
  private async written(): Promise<string> {
    const exists = await this.source.exists("slipway.yaml")
    return exists ? this.source.file("slipway.yaml").contents() : ""
  }
}

/** What labels say of a commit. A remote's address may hold a password, and goes without. */
const revisionOf = ({ ref, origin, ...known }: Omit<Revision, "version"> & { ref: string }): Revision => {
  const version = versionOfRef(ref)
  return { ...known, origin: webAddress(origin), version: version === undefined ? "" : versionText(version) }
}
