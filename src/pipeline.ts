import { dag, type Directory } from "@dagger.io/dagger"
import { type Signer, trusted, withSigner, withSigstore } from "./cosign.js"
import { type Destination, destinationOf } from "./destination.js"
import { EMBEDDED, embeddedSigner, embeddedTrust } from "./embedded.js"
import type { BuiltImage } from "./imageBuild.js"
import { REGCTL_VERSION } from "./imageLayout.js"
import type { Config } from "./lib/config/config.js"
import { fail } from "./lib/errors.js"
import type { Revision } from "./lib/image/revision.js"
import { expected } from "./lib/release/expected.js"
import { gates, runOfGates } from "./lib/release/gates.js"
import { provenance, runOfProvenance } from "./lib/release/provenance.js"
import { tagsFor } from "./lib/release/tags.js"
import { stopped } from "./lib/report/place.js"
import { shellQuote } from "./lib/shellQuote.js"
import { STAGES, type StageName } from "./lib/stages.js"
import type { Run } from "./lib/verdict.js"
import { COSIGN_VERSION, registryTools } from "./registry.js"
import { type ReleaseInputs, runRelease } from "./releaseRun.js"
import type { Signing } from "./signing.js"
import { attempted, identity, skipped, type Stage } from "./stage.js"
import { TRIVY_VERSION } from "./trivy.js"

/** Where a run publishes, and with what it signs. */
export type Publishing = Destination & Signer

/** What is released. */
export interface Released {
  source: Directory
  config: Config
  run: Run
  revision: Revision
  invocation: string
  image: BuiltImage | undefined
  /** What became of the gates. */
  stages: readonly Stage[]
}

/** Who made the image, for the provenance. */
const BUILDER = "https://slipway.dev/builders/dagger/v1"

/** Releases what passed every gate; else says why not. Throws for nothing that can be missing. */
export async function release(released: Released, publishing: Publishing): Promise<Stage[]> {
  const { stages, image } = released
  const inTheWay = stages.filter(stopped).map(({ name }) => name)
  if (inTheWay.length > 0) return passedOver(STAGES.release, `${inTheWay.join(", ")} stopped it`)
  if (image === undefined) return passedOver(STAGES.release, "there is no image")
  let inputs: ReleaseInputs | undefined
  const prepared = await attempted(identity("release", "publish", REGCTL_VERSION, ""), async () => {
    inputs = await releaseInputs({ ...released, image }, publishing)
    return skipped("")
  })
  if (inputs !== undefined) return runRelease(inputs)
  const repro = reproOf(released, publishing, "")("publish")
  return [{ ...prepared, repro }, ...passedOver(STAGES.release.slice(1), "publish did not pass")]
}

const passedOver = (names: readonly StageName[], why: string): Stage[] =>
  names.map((name) => ({ ...identity("release", name, "", ""), ...skipped(why) }))

async function releaseInputs(
  released: Released & { image: BuiltImage },
  publishing: Publishing,
): Promise<ReleaseInputs> {
  const { config, image, stages, run, revision } = released
  const { signing, repository } = await destination(released, publishing)
  const scanned = stages.find(({ name }) => name === "scan")?.files
  if (scanned === undefined) throw fail("NOT_SCANNED", [])
  const tagging = { event: run.event, ref: run.ref, sha: run.sha, kinds: config.release.tags }
  return {
    image,
    scanned,
    repository,
    tags: (existing) => tagsFor(tagging, existing),
    provenance: {
      text: json(provenance(await buildOf(released))),
      same: (predicate) => runOfProvenance(predicate) === run.id,
    },
    gates: { text: json(gates(run, stages)), same: (predicate) => runOfGates(predicate) === run.id },
    expected: expected(config, revision.sha),
    signing,
    repro: reproOf(released, publishing, `${repository}@${image.digest}`),
  }
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Where it goes, and who signs. */
async function destination({ source, config }: Released, publishing: Publishing) {
  const { access, repository } = await destinationOf(publishing, source, config)
  const own = publishing.embedded ? await embeddedSigner(config) : undefined
  const signer: Signer = own ?? publishing
  const whom = own === undefined ? await trusted({}, signer, source, config) : await embeddedTrust(config)
  const reached = withSigstore(await registryTools(access, config), whom, source, config)
  const by = signer.token === undefined ? "key" : "identity"
  const signing: Signing = { tools: withSigner(reached, signer), access, trusted: whom, by }
  return { signing, repository }
}

async function buildOf({ config, image, run, revision }: Released & { image: BuiltImage }) {
  const { platforms, target, args } = config.image
  const { dockerfile, bases } = image
  return {
    source: config.release.source ?? revision.origin,
    ref: run.ref,
    sha: revision.sha,
    parameters: { platforms, args, ...(dockerfile && { dockerfile }), ...(target && { target }) },
    baseImages: bases,
    builder: BUILDER,
    versions: {
      dagger: await dag.version(),
      regctl: REGCTL_VERSION,
      cosign: COSIGN_VERSION,
      trivy: TRIVY_VERSION,
    },
    run: { id: run.id, event: run.event, startedAt: run.startedAt, finishedAt: new Date().toISOString() },
  }
}

/** The command that repeats a stage, with secrets by the names that `slipway` reads them from. */
function reproOf({ run, revision, invocation }: Released, publishing: Publishing, reference: string) {
  const { embedded, username, plainHttp } = publishing
  const registry = embedded
    ? [EMBEDDED]
    : [
        ...(username === "" ? [] : [`--username=${username}`, "--password=env://REGISTRY_PASSWORD"]),
        ...(plainHttp ? ["--plain-http"] : []),
      ]
  const signer = embedded ? [] : ["--key=env://COSIGN_PRIVATE_KEY", "--passphrase=env://COSIGN_PASSWORD"]
  const ci = [
    ...[
      "ci",
      `--event=${run.event}`,
      `--ref=${run.ref}`,
      `--sha=${run.sha}`,
      `--committed=${revision.committed}`,
    ],
    ...[`--origin=${revision.origin}`, `--run-id=${run.id}`, ...registry, ...signer],
  ]
  const of = ["release", `--reference=${reference}`, ...registry]
  return (name: StageName): string => {
    const words = name === "verify" ? [...of, "verify"] : name === "sign" ? [...of, "sign", ...signer] : ci
    return `${invocation} ${shellQuote(words)}`
  }
}
