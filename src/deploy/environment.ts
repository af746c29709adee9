import { dag, type Container, type Directory, type Service } from "@dagger.io/dagger"
import { kubeconfigOfAks } from "./aks.js"
import { KUBECTL_VERSION } from "../cluster/cluster.js"
import { embeddedRegistry } from "../registry/embedded.js"
import { execute } from "../stage/execute.js"
import { REGCTL_VERSION } from "../registry/ociLayout.js"
import { imageReference } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"
import { ENVIRONMENTS, type Environment } from "../lib/config/deploy.js"
import type { Context } from "../lib/deploy/context.js"
import { deployedMigration } from "../lib/migration/command.js"
import { ClusterLedger } from "../lib/deploy/ledgerStore.js"
import { type Manifests, readManifests, withVersion } from "../lib/deploy/manifests.js"
import { migrate, smokeCommand, smokeK6 } from "../lib/deploy/migrate.js"
import { askOutside } from "../lib/deploy/outside.js"
import { schemaText } from "../lib/deploy/proof.js"
import type { Plan } from "../lib/deploy/walk.js"
import { fail, SlipwayError } from "../lib/errors/catalogue.js"
import { type Access, readKubeconfig } from "../lib/kube/access.js"
import { Kube, type KubeOptions } from "../lib/kube/client.js"
import { parseReference } from "../lib/release/reference.js"
import { type Check, failedCheck, judgeRelease } from "../lib/release/verification.js"
import { versionOfTag, versionText } from "../lib/release/version.js"
import { ownMessage } from "../lib/run/outcome.js"
import { destinationOf, type Destination } from "../registry/destination.js"
import { resolve } from "../registry/publish.js"
import { registryTools, type RegistryAccess } from "../registry/access.js"
import { releaseOf } from "../release/release.js"
import type { Wanted } from "../registry/cosign.js"
import { scriptText } from "../stage/scripts.js"
import type { NamedSecret } from "../stage/secrets.js"

export const K6_VERSION = "1.3.0"

/** What a deployment is made of and with. */
export interface DeployInputs {
  source: Directory
  settings: string
  config: Config
  environment: Environment
  /** What was given, by its name: KUBECONFIG, DATABASE_URL, AZURE_…, LEDGER_…, each also with the environment's name before it. */
  secrets: readonly NamedSecret[]
  /** Where the cluster's API answers, if not at the address in the kubeconfig. */
  cluster: Service | undefined
  run: string
  /** Who deploys, for the ledger. */
  who?: string
  say: (line: string) => void
}

/** The environment of that name. Fails with UNKNOWN_ENVIRONMENT. */
export function environmentOf(name: string): Environment {
  const found = ENVIRONMENTS.find((known) => known === name)
  if (found === undefined) throw fail("UNKNOWN_ENVIRONMENT", [name, ENVIRONMENTS])
  return found
}

/** A secret of this environment's own, else one for all. */
export const secretNamed = (
  secrets: readonly NamedSecret[],
  environment: string,
  name: string,
): NamedSecret | undefined =>
  secrets.find((secret) => secret.name === `${environment.toUpperCase()}_${name}`) ??
  secrets.find((secret) => secret.name === name)

/** The folder of an environment's kustomization. */
export const overlayOf = ({ deploy }: Config, environment: Environment): string =>
  deploy.overlay.replace("{environment}", environment)

/** The environment's objects, as its kustomization renders them. Fails with NO_OVERLAY and MANIFESTS. */
export async function render(
  { source, config, environment }: DeployInputs,
  namespace: string,
): Promise<Manifests> {
  const { deployment, service, namespace: namespaces } = config.deploy
  const folder = overlayOf(config, environment)
  const files = await source.glob(`${folder}/kustomization.y*ml`)
  if (files.length === 0) throw fail("NO_OVERLAY", [folder])
  const [top = ""] = folder.split("/")
  const container = kubectl(config)
    .withMountedDirectory(`/src/${top}`, source.directory(top))
    .withWorkdir("/src")
  const run = await execute(container, ["/usr/local/bin/kubectl", "kustomize", folder], config.timeout)
  if (run.exitCode !== 0) throw fail("MANIFESTS", [ownMessage(run)])
  return readManifests(run.stdout, {
    namespace: namespaces[environment] ?? namespace,
    ...(deployment !== undefined && { deployment }),
    ...(service !== undefined && { service }),
  })
}

/** A container with kubectl: its own image has no shell to look around in. */
export const kubectl = (config: Config): Container =>
  dag
    .container()
    .from(imageReference("regctl", REGCTL_VERSION, config.images))
    .withUser("0")
    .withDirectory("/slipway", dag.directory())
    .withFile(
      "/usr/local/bin/kubectl",
      dag
        .container()
        .from(imageReference("kubectl", KUBECTL_VERSION, config.images))
        .file("/bin/kubectl"),
    )

/** Reaches the cluster of an environment. Fails with NO_CLUSTER and what a kubeconfig may have wrong. */
export async function clusterOf(
  inputs: DeployInputs,
  options: Partial<KubeOptions> = {},
): Promise<{ kube: Kube; access: Access; namespace: string }> {
  const { secrets, environment, cluster } = inputs
  const named = secretNamed(secrets, environment, "KUBECONFIG")
  const text = named === undefined ? await kubeconfigOfAks(inputs) : await named.secret.plaintext()
  if (text === undefined) throw fail("NO_CLUSTER", [environment])
  const access = readKubeconfig(text)
  const { namespace } = access
  if (cluster === undefined) return { kube: new Kube(access, options), access, namespace }
  const started = await cluster.start()
  const [port] = await started.ports()
  const connectTo = { host: await started.hostname(), port: (await port?.port()) ?? 6443 }
  return { kube: new Kube(access, { ...options, connectTo }), access, namespace }
}

/** All that steps need to know of where they are. */
export async function contextOf(inputs: DeployInputs): Promise<{ context: Context; manifests: Manifests }> {
  const { config, environment, run, who = "", say } = inputs
  const { kube, namespace: fallback } = await clusterOf(inputs)
  const manifests = await render(inputs, fallback)
  const { deployment, service, namespace } = manifests
  const names = { deployment: deployment.metadata.name, service: service.metadata.name }
  const context: Context = {
    kube,
    environment,
    namespace,
    names,
    run,
    who,
    say,
    settings: config.deploy,
    healthPath: config.deploy.health.path ?? config.image.health,
    ledger: new ClusterLedger(kube, namespace, names.deployment),
    clock: { now: Date.now, sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)) },
    mustHold: () => undefined,
    ask: askOutside,
  }
  return { context, manifests }
}

/** What is deployed: by its digest, as it was verified. */
export interface Deployed {
  /** What a person calls it. */
  name: string
  repository: string
  digest: string
  digests: string[]
  commit: string
  /** What was found when it was verified. */
  verified: string
}

/** How releases are looked up and verified. */
export interface ReleaseAccess extends Destination {
  wanted: Wanted
}

/** What a tag, a digest or a whole reference stands for now, and how its registry is reached. */
export async function resolveRelease(
  { source, config }: Pick<DeployInputs, "source" | "config">,
  access: Destination,
  wanted: string,
) {
  if (wanted === "") throw fail("NO_REFERENCE", [])
  const { access: registry, repository } = await destinationOf(access, source, config)
  const parsed = parseReference(referenceText(wanted, repository))
  const reached: RegistryAccess = access.embedded
    ? embeddedRegistry(config)
    : { ...registry, host: parsed.host }
  const tools = await registryTools(reached, config)
  return { parsed, reached, tools, resolved: await resolve(parsed, tools) }
}

/**
 * Finds a release by a tag, a digest or a whole reference, and verifies it. Fails with NOT_VERIFIED where the
 * environment refuses what isn't.
 */
export async function findRelease(
  inputs: DeployInputs,
  access: ReleaseAccess,
  wanted: string,
): Promise<Deployed> {
  const { source, settings, config, environment } = inputs
  const { parsed, reached, resolved } = await resolveRelease(inputs, access, wanted)
  const version = versionOfTag(parsed.tag ?? "")
  const ref = version === undefined ? "" : `refs/tags/v${versionText(version)}`
  const release = releaseOf(resolved, reached, { source, settings, ref, embedded: access.embedded })
  const named = config.deploy.verify[environment] === "name"
  const checks = await release.checks(access.wanted).catch((error: unknown) => {
    if (named && error instanceof SlipwayError && error.code === "NO_TRUST") return [unsigned(error)]
    throw error
  })
  const { status, reason, findings } = judgeRelease(checks, release.reference)
  if (status !== "passed" && !named)
    throw fail("NOT_VERIFIED", [release.reference, findings.map(({ message }) => message)])
  return {
    name: parsed.tag ?? resolved.digest.slice(0, 19),
    repository: resolved.repository,
    digest: resolved.digest,
    digests: [resolved.digest, ...resolved.images.map(({ digest }) => digest)],
    commit: "",
    verified: status === "passed" ? reason : `NOT VERIFIED, which ${environment} only names: ${reason}`,
  }
}

/** Where nobody is trusted, nothing can be verified. */
const unsigned = ({ message, exitCode }: SlipwayError): Check => ({
  name: "signature",
  subject: "the index",
  digest: "",
  ...failedCheck(message.split("\n")[0] ?? "", exitCode),
})

/** `v1.2.3` and `1.2.3` are the same version; a digest or a tag is one of the service's own repository. */
function referenceText(wanted: string, repository: string): string {
  if (/^sha256:/.test(wanted)) return `${repository}@${wanted}`
  if (wanted.includes("/")) return wanted
  return `${repository}:${wanted.replace(/^v(?=\d+\.\d+\.\d+)/, "")}`
}

/** What the steps of a deployment are to do. */
export async function planOf(
  inputs: DeployInputs,
  rendered: Manifests,
  deployed: Deployed,
  migrates = true,
): Promise<Plan> {
  const { environment, secrets } = inputs
  const version = {
    name: deployed.name,
    repository: deployed.repository,
    digest: deployed.digest,
    commit: deployed.commit,
  }
  const manifests = withVersion(rendered, version)
  const command = migrates ? await migrationOf(inputs) : undefined
  const url = secretNamed(secrets, environment, "DATABASE_URL")
  if (command !== undefined && url === undefined) throw fail("NO_MIGRATION_URL", [environment, command])
  const script = scriptText("slipway_migrate.py")
  return {
    kind: "deploy",
    version,
    digests: deployed.digests,
    manifests,
    smokes: await smokesOf(inputs),
    migrate:
      command === undefined || url === undefined
        ? undefined
        : async (held, _, log) =>
            migrate(held, { command, script, url: await url.secret.plaintext() }, manifests.deployment, log),
    schema: schemaText("the version before"),
  }
}

/** The command that brings the database up to date, if there is one. */
const migrationOf = async ({ source, config }: DeployInputs): Promise<string | undefined> =>
  deployedMigration(config, await source.entries())

async function smokesOf({ source, config }: DeployInputs): Promise<Plan["smokes"]> {
  const { command, k6 } = config.deploy.smoke
  const script = k6 === undefined ? undefined : await source.file(k6).contents()
  const image = imageReference("k6", K6_VERSION, config.images)
  return [
    ...(command === undefined
      ? []
      : [
          ((context, address, template, log) =>
            smokeCommand(context, command, address, template, log)) satisfies Plan["smokes"][number],
        ]),
    ...(script === undefined
      ? []
      : [
          ((context, address, _, log) =>
            smokeK6(context, { image, script }, address, log)) satisfies Plan["smokes"][number],
        ]),
  ]
}
