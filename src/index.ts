/**
 * Takes a Python service from a commit to production.
 *
 * Every stage is a function that runs in containers, so that the same graph runs on a laptop and in any CI host. A
 * stage has checks, which fail, and a report, which doesn't and carries every artifact.
 */
import { argument, Container, dag, Directory, File, func, object, Secret, Service } from "@dagger.io/dagger"
import { ci } from "./ci.js"
import { embeddedRegistry } from "./embedded.js"
import { Image, imageOf } from "./image.js"
import { parseConfig } from "./lib/config/parse.js"
import { fail } from "./lib/errors.js"
import { type Revision, webAddress } from "./lib/image/revision.js"
import { fullRef } from "./lib/release/ref.js"
import { once } from "./lib/once.js"
import { policy } from "./lib/policy.js"
import { parseReference } from "./lib/release/reference.js"
import { versionOfRef, versionOfTag, versionText } from "./lib/release/version.js"
import { type Group, GROUPS, hasStage, STAGE_NAMES } from "./lib/stages.js"
import type { Run } from "./lib/verdict.js"
import { type Publishing, release, type Released } from "./pipeline.js"
import { resolve } from "./publish.js"
import { Quality } from "./quality.js"
import { registryTools } from "./registry.js"
import { Release, releaseOf } from "./release.js"
import { Security } from "./security.js"
import { runTasks, type Stage, type Task } from "./stage.js"
import { Tests } from "./tests.js"
import { verificationOf } from "./verify.js"

/** What is never a part of a service, and would only make uploads slow. */
const IGNORED = [
  ".git",
  "**/.venv",
  "**/venv",
  "**/node_modules",
  "**/__pycache__",
  "**/.*_cache",
  "**/.terraform",
  "out",
]

/** The pipeline of one service. */
@object()
export class Slipway {
  /** The service's sources. */
  source: Directory
  /** How this module was called. */
  invocation: string
  /** The time by which dates are judged, RFC 3339; empty for the present. */
  now: string

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
    const resolved = await resolve(parsed, await registryTools(access, config))
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
   * `sarif/`, `coverage/`, `trivy/`, `sbom/`, `release/` and `logs/`. Never fails: the verdict holds the exit code.
   * Runs anew each time; what it calls comes from the cache. Publishes where the event asks for it and every gate was
   * passed, which is an effect.
   *
   * @param event What happened: `local`, `push`, `pull_request`, `tag`, `schedule` or `manual`.
   * @param ref The git reference it happened to, for example `refs/heads/develop`.
   * @param baseRef The branch that a pull request is to be merged into.
   * @param sha The commit.
   * @param committed The commit's date, RFC 3339.
   * @param origin The web address of the sources.
   * @param runId Names this run; the same id has the same effects only once.
   * @param only The groups of stages to run, in place of those that the event asks for.
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
   */
  @func({ cache: "never" })
  async ci(
    event = "local",
    ref = "",
    baseRef = "",
    sha = "",
    committed = "",
    origin = "",
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
  ): Promise<Directory> {
    const startedAt = new Date().toISOString()
    const run = { id: runId || startedAt, event, ref: fullRef(event, ref), sha, startedAt }
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
    const revision = revisionOf({ sha, committed, origin, ref: run.ref })
    return ci(run, async () => {
      const settings = await this.settings()
      const groups = this.groups(run, baseRef, only, settings, embedded)
      return this.run(groups, { run, revision, only }, settings, secrets, publishing)
    })
  }

  /**
   * A stage's container as it stands before the stage's command, for `terminal` or further calls. `again` runs that
   * command. Fails with UNKNOWN_STAGE. Pure.
   *
   * @param stage A stage's name as the verdict has it, for example `mypy`. Those of a release have nothing to look into.
   * @param secrets What the Dockerfile's commands may mount.
   */
  @func()
  async debug(stage: string, secrets: Secret[] = []): Promise<Container> {
    if (hasStage("quality", stage)) return (await this.quality()).debug(stage)
    if (hasStage("security", stage)) return (await this.security()).debug(stage)
    if (hasStage("tests", stage)) return (await this.tests()).debug(stage)
    if (hasStage("image", stage)) return (await this.image("", "", "", "", secrets)).debug(stage)
    throw fail("UNKNOWN_STAGE", [stage, STAGE_NAMES.filter((name) => !hasStage("release", name))])
  }

  /** The groups that are asked for, else those that the event asks for. */
  private groups(
    run: Run,
    baseRef: string,
    only: readonly string[],
    settings: string,
    embedded: boolean,
  ): Group[] {
    const unknown = only.find((group) => !GROUPS.some((known) => known === group))
    if (unknown !== undefined) throw fail("UNKNOWN_STAGE", [unknown, GROUPS])
    if (only.length > 0) return GROUPS.filter((group) => only.includes(group))
    const { release: own } = parseConfig(settings || undefined)
    const release = embedded ? { ...own, registry: own.registry ?? "embedded" } : own
    const decisions = policy({ event: run.event, ref: run.ref, baseRef }, { release })
    return GROUPS.filter((group) => decisions[group].runs)
  }

  private async run(
    groups: readonly Group[],
    { run, revision, only }: Pick<Released, "run" | "revision" | "only">,
    settings: string,
    secrets: Secret[],
    publishing: Publishing,
  ): Promise<Stage[]> {
    const { source, invocation, now } = this
    const config = parseConfig(settings || undefined)
    const image = once(() => imageOf(this, settings, revision, run.ref, secrets).stages())
    const tasksOf: Record<Exclude<Group, "release">, () => Promise<Task[]>> = {
      quality: () => new Quality(source, settings, invocation, now).tasks(),
      security: () =>
        new Security(source, settings, invocation, now).tasks({ bandit: !groups.includes("quality") }),
      tests: () => new Tests(source, settings, invocation).tasks(),
      image: async () => (await image()).tasks,
    }
    const chosen = groups.filter((group) => group !== "release")
    const tasks = await Promise.all(chosen.map((group) => tasksOf[group]()))
    const stages = await runTasks(config.parallel, tasks.flat())
    if (!groups.includes("release")) return stages
    const built = groups.includes("image") ? await (await image()).image() : undefined
    return [
      ...stages,
      ...(await release(
        { source, config, run, revision, invocation, only, image: built, stages },
        publishing,
      )),
    ]
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
