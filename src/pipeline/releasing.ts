import { dag } from "@dagger.io/dagger"
import { type Signer, trusted, withSigner, withSigstore } from "../registry/cosign.js"
import { destinationOf } from "../registry/destination.js"
import { embeddedSigner, embeddedTrust } from "../registry/embedded.js"
import type { BuiltImage } from "../image/build.js"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import { refusedJudges } from "../lib/gates/comparison.js"
import { effectivePolicy } from "../lib/gates/effective.js"
import type { ImageRevision } from "../lib/image/revision.js"
import { requiredGates, expected, isCommit } from "../lib/release/expected.js"
import { gates, judgeGates, runOfGates } from "../lib/release/gates.js"
import { BUILDER_ID, provenance, runOfProvenance } from "../lib/release/provenance.js"
import { gatesBelowFloor } from "../lib/release/floor.js"
import { readFloor } from "../registry/floor.js"
import { toolImages } from "./toolImages.js"
import { tagsFor } from "../lib/release/tags.js"
import { stopped } from "../lib/run/command.js"
import type { StageProgress } from "../lib/pipeline/journal.js"
import { isSignedFor } from "../lib/pipeline/policy.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import { STAGES, type StageName } from "../lib/pipeline/stages.js"
import type { Run } from "../lib/run/verdict.js"
import { cosignContainer, registryTools } from "../registry/access.js"
import { trivyVersion } from "../security/scan.js"
import { type ReleaseInputs, runRelease } from "./releaseSteps.js"
import type { RunGates } from "./gates.js"
import type { Signing } from "../release/signing.js"
import { attempted, identity, skipped, type Stage } from "../stage/stage.js"
import type { PlacedSource } from "../stage/place.js"
import { askedVersion } from "../stage/toolVersion.js"
import { Publishing } from "../release/publishing.js"
import { registryWords, signerWords } from "../registry/words.js"
import { jsonText } from "../lib/text/json.js"

/** A run that may release its image. */
export interface Released extends PlacedSource {
  config: Config
  run: Run
  revision: ImageRevision
  invocation: string
  image: BuiltImage | undefined
  /** The results of the gates. */
  stages: readonly Stage[]
  /** The requested groups, in place of the event's. */
  only: readonly string[]
  /** The gates of the run; absent in runs without any. */
  gates: Promise<RunGates> | undefined
  /** What sources may have in the place of Slipway's own, as `key=value`. */
  allowed: readonly string[]
}

/**
 * Releases an image that passed every gate; else skips the stages with the reason. Never throws. Reports
 * each stage as it begins and as it ends.
 */
export async function release(
  released: Released,
  publishing: Publishing,
  progress: StageProgress,
): Promise<Stage[]> {
  const { stages, image } = released
  const repro = await reproOf(released, publishing)
  const failures = stages.filter(stopped).map(({ name }) => name)
  if (failures.length > 0) return skippedStages(STAGES.release, `${failures.join(", ")} stopped it`, repro)
  let inputs: ReleaseInputs | undefined
  const prepared = await attempted(identity("release", "publish", "", ""), async () => {
    if (image === undefined) throw fail("NOT_SCANNED", [])
    inputs = await releaseInputs({ ...released, image }, publishing, repro)
    return skipped("")
  })
  if (inputs !== undefined) return runRelease(inputs, progress)
  const others = skippedStages(STAGES.release.slice(1), "publish did not pass", repro)
  return [{ ...prepared, repro: repro("publish") }, ...others]
}

/** The command that repeats a stage. */
type Repro = (name: StageName, reference?: string) => string

const skippedStages = (names: readonly StageName[], why: string, repro: Repro): Stage[] =>
  names.map((name) => ({ ...identity("release", name, "", ""), repro: repro(name), ...skipped(why) }))

async function releaseInputs(
  released: Released & { image: BuiltImage },
  publishing: Publishing,
  repro: Repro,
): Promise<ReleaseInputs> {
  const { config, image, stages, run, revision } = released
  const trial = publishing.embedded
  if (!trial && !isCommit(revision.sha)) throw fail("NO_COMMIT", [revision.sha])
  const source = config.release.source ?? revision.origin
  if (!trial && source === "") throw fail("NO_ORIGIN", [])
  const refused = trial ? [] : refusedJudges(effectivePolicy(config), released.allowed)
  if (refused.length > 0) throw fail("JUDGES_REPLACED", [refused])
  const policy = (await released.gates)?.policy ?? effectivePolicy(config)
  const verdict = gates(run, stages, { policy, images: await toolImages(released) })
  const faults = judgeGates(verdict, requiredGates(config))
  if (faults.length > 0) throw fail("GATES_MISSING", [faults])
  const { access } = await destinationOf(publishing, released.source, config)
  const floor = await readFloor(publishing.policy, access, config)
  const below = gatesBelowFloor(verdict, floor)
  if (below.length > 0) throw fail("BELOW_FLOOR", [below])
  const scanned = stages.find(({ name }) => name === "scan")?.files
  if (scanned === undefined) throw fail("NOT_SCANNED", [])
  const { repository, ...reached } = await destination(released, publishing)
  const versions = await releaseVersions(config)
  const tagging = { event: run.event, ref: run.ref, sha: run.sha, kinds: config.release.tags }
  return {
    image,
    scanned,
    repository,
    tags: (existing) => tagsFor(tagging, existing),
    provenance: {
      text: jsonText(provenance(await buildOf(released, versions))),
      same: (predicate) => runOfProvenance(predicate) === run.id,
    },
    gates: { text: jsonText(verdict), same: (predicate) => runOfGates(predicate) === run.id },
    expected: expected(config, { sha: revision.sha, ref: run.ref, origin: revision.origin, trial, floor }),
    ...reached,
    versions,
    repro: (name) => repro(name, `${repository}@${image.digest}`),
  }
}

/** The repository, and the signer of what is released to it; a pull request's image has none. */
async function destination({ source, config, run }: Released, publishing: Publishing) {
  const { access, repository } = await destinationOf(publishing, source, config)
  const tools = await registryTools(access, config)
  if (!isSignedFor(run.event)) return { repository, tools, signing: undefined }
  const { identity, issuer } = publishing
  const own = publishing.embedded ? await embeddedSigner(config) : undefined
  const signer: Signer = own ?? publishing
  const whom =
    own === undefined
      ? await trusted({ identity, issuer }, signer, source, config)
      : await embeddedTrust(config)
  const reached = withSigstore(tools, whom, source, config)
  const by = signer.token === undefined ? "key" : "identity"
  const signing: Signing = { tools: withSigner(reached, signer), access, trusted: whom, by }
  return { repository, tools: signing.tools, signing }
}

async function releaseVersions(config: Config): Promise<ReleaseInputs["versions"]> {
  const tools = cosignContainer(config)
  const [regctl, cosign] = await Promise.all(
    ["regctl", "cosign"].map((tool) => askedVersion(tools, [tool, "version"])),
  )
  return { regctl: regctl ?? "", cosign: cosign ?? "" }
}

async function buildOf(
  { config, image, run, revision }: Released & { image: BuiltImage },
  versions: ReleaseInputs["versions"],
) {
  const { platforms, target, args } = config.image
  const { dockerfile, bases } = image
  return {
    source: config.release.source ?? revision.origin,
    ref: run.ref,
    sha: revision.sha,
    parameters: { platforms, args, ...(dockerfile && { dockerfile }), ...(target && { target }) },
    baseImages: bases,
    builder: BUILDER_ID,
    versions: { dagger: await dag.version(), ...versions, trivy: await trivyVersion(config) },
    run: { id: run.id, event: run.event, startedAt: run.startedAt, finishedAt: new Date().toISOString() },
  }
}

/** Builds the command that repeats a stage, with secrets by their addresses. */
async function reproOf(
  { run, revision, invocation, only }: Released,
  publishing: Publishing,
): Promise<Repro> {
  const { embedded, identity: who, issuer } = publishing
  const trust = { identity: who, issuer }
  const registry = await registryWords(publishing)
  const signer = await signerWords(embedded ? {} : publishing, trust)
  const commit = [
    "with-commit",
    `--sha=${run.sha}`,
    `--committed=${revision.committed}`,
    `--origin=${revision.origin}`,
  ]
  const ci = [
    "ci",
    `--event=${run.event}`,
    `--ref=${run.ref}`,
    `--run-id=${run.id}`,
    ...only.map((group) => `--only=${group}`),
  ]
  const verifier = await signerWords({}, trust)
  return (name, reference = "") => {
    const of = ["release", `--reference=${reference}`]
    const words =
      name === "verify" && reference !== ""
        ? [...registry, ...verifier, ...of, "verify"]
        : name === "sign" && reference !== ""
          ? [...registry, ...signer, ...of, "sign"]
          : [...registry, ...signer, ...commit, ...ci]
    return `${invocation} ${shellQuote(words)}`
  }
}
