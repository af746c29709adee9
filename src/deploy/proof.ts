import { type Container, dag, ReturnType } from "@dagger.io/dagger"
import { type DeployInputs } from "./environment.js"
import { resolveRelease } from "./wantedRelease.js"
import { type WantedRelease } from "./wantedRelease.js"
import type { Destination } from "../registry/destination.js"
import type { Revision } from "../lib/deploy/facts.js"
import { demandProof, proofLines, schemaText } from "../lib/deploy/proof.js"
import type { RolloutPlan } from "../lib/deploy/rollout.js"
import { fail } from "../lib/errors/catalogue.js"
import type { Proof } from "../lib/migration/proof.js"
import { registryError } from "../lib/release/registryError.js"
import { proveMigration } from "./migrationProof.js"

/** Seconds for the previous version to answer. */
const ANSWERS_WITHIN = 60

type ProofInputs = Pick<DeployInputs, "source" | "config">

/** A proof, and the digests of both releases. */
export interface ReleaseProof extends Proof {
  schema: 1
  previous: string
  next: string
}

/** Proves that one release works on the schema of another. Fails only for images that can't be read. */
export async function proveReleases(
  inputs: ProofInputs,
  access: Destination,
  { previous, next }: { previous: string; next: string },
): Promise<ReleaseProof> {
  const [before, after] = [await imageOf(inputs, access, previous), await imageOf(inputs, access, next)]
  const { source, config } = inputs
  const { proof, health } = config.deploy
  const made = await proveMigration({
    source,
    config,
    previous: before.container,
    next: after.container,
    smoke: {
      port: config.image.port,
      paths: proof.paths ?? [health.path ?? config.image.health],
      seconds: ANSWERS_WITHIN,
    },
    ...(proof.sample !== undefined && { sample: proof.sample }),
    timeout: config.deploy.migrate.timeout,
  })
  return { schema: 1, previous: before.reference, next: after.reference, ...made }
}

/**
 * Fetches a release's image for this machine's platform, as an archive.
 *
 * The engine's own pull knows no credentials, authorities or plain HTTP of this registry.
 */
async function imageOf(
  inputs: ProofInputs,
  access: Destination,
  wanted: string,
): Promise<{ reference: string; container: Container }> {
  const { resolved, tools } = await resolveRelease(inputs, access, wanted)
  const { repository, digest, images } = resolved
  const platform = await dag.defaultPlatform()
  const found = images.find((image) => platform.startsWith(image.platform))
  if (images.length > 0 && found === undefined)
    throw fail("NO_IMAGE_HERE", [`${repository}@${digest}`, platform, images.map((image) => image.platform)])
  const reference = `${repository}@${found?.digest ?? digest}`
  const run = tools.withExec(["regctl", "-v", "error", "image", "export", reference, "/tmp/image.tar"], {
    expect: ReturnType.Any,
  })
  const exitCode = await run.exitCode()
  if (exitCode !== 0) throw registryError({ exitCode, stderr: await run.stderr() }, reference)
  const container = dag.container({ platform }).import_(run.file("/tmp/image.tar"))
  return { reference: `${repository}@${digest}`, container }
}

/** The release to deploy, and the version that it replaces. */
export interface Replacement {
  deployed: WantedRelease
  /** The version with the traffic now; undefined for a first deployment. */
  previous: Revision | undefined
}

/** Extends a plan: where required, migrates only once the previous version is proven to work on the new schema. */
export function withProof(
  plan: RolloutPlan,
  inputs: DeployInputs,
  access: Destination,
  { deployed, previous }: Replacement,
): RolloutPlan {
  const { migrate } = plan
  if (migrate === undefined || previous === undefined) return plan
  const { config, environment, say } = inputs
  const proving: RolloutPlan = { ...plan, schema: schemaText(previous.version) }
  // The same image with other settings migrates nothing.
  const same = deployed.digests.includes(previous.digest)
  if (config.deploy.proof.required[environment] !== true || same) return proving
  const next = `${deployed.repository}@${deployed.digest}`
  // A version that wasn't deployed by Slipway may have no known digest.
  const before = previous.digest === "" ? previous.image : `${deployed.repository}@${previous.digest}`
  proving.migrate = async (held, template, log) => {
    say(`proving that ${previous.version} works on the schema of ${deployed.name}`)
    const proof = await proveReleases(inputs, access, { previous: before, next })
    demandProof(proof, previous.version, environment)
    proving.schema = schemaText(previous.version, proof)
    log.push(...proofLines(proof))
    return `${await migrate(held, template, log)}; ${previous.version} was proven to work with it`
  }
  return proving
}
