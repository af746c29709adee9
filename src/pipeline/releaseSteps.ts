import { type Container, dag, type Directory } from "@dagger.io/dagger"
import type { BuiltImage } from "../image/build.js"
import { sbomPath } from "../image/scan.js"
import { stageExitCode } from "../lib/run/command.js"
import { difference } from "../lib/image/layout.js"
import type { Expected } from "../lib/release/expected.js"
import { highestVersion, type Tag } from "../lib/release/tags.js"
import { type Requirement, requirements, judgeRelease, releaseExitCode } from "../lib/release/verification.js"
import type { StageName } from "../lib/pipeline/stages.js"
import type { StageProgress } from "../lib/pipeline/journal.js"
import { passed } from "../lib/run/outcome.js"
import { oneLine } from "../lib/text/words.js"
import { count } from "../lib/text/words.js"
import { imageExists, pushImage, refuseTakenTags, setTags, sizesOf } from "../registry/publish.js"
import { tagsOf } from "../registry/regctl.js"
import { attest, signImages, type Signing, type Attestation } from "../release/signing.js"
import { attempted, identity, skipped, type Stage } from "../stage/stage.js"
import { messageOf } from "../lib/run/execError.js"
import { verifyRelease } from "../release/verify.js"
import { jsonText } from "../lib/text/json.js"

/** Inputs of a release. */
export interface ReleaseInputs {
  image: BuiltImage
  /** The scan's files: the SBOMs. */
  scanned: Directory
  /** Host and repository. */
  repository: string
  /** Chooses the tags to set, given the existing ones. */
  tags: (existing: readonly string[]) => readonly Tag[]
  provenance: OfRun
  gates: OfRun
  expected: Expected
  /** Tools that reach the registry. */
  tools: Container
  /** Absent for an image that isn't signed. */
  signing: Signing | undefined
  /** Versions of the tools, as they say. */
  versions: Readonly<Record<"regctl" | "cosign", string>>
  /** The command that repeats a stage. */
  repro: (name: StageName) => string
}

type SignedInputs = ReleaseInputs & { signing: Signing }

/** An attestation's predicate, made by this run. */
interface OfRun {
  text: string
  /** True if an existing predicate is this run's too. */
  same: (predicate: unknown) => boolean
}

const UNSIGNED = "an image of a pull request isn't signed, as nobody has reviewed it"

/**
 * Publishes, signs, attests and verifies, one after the other, and sets the tags only then; a failure
 * skips the rest. Reports each stage as it begins and as it ends.
 */
export async function runRelease(inputs: ReleaseInputs, progress: StageProgress): Promise<Stage[]> {
  const stages: Stage[] = []
  let failed: Stage | undefined
  for (const { name, tool, work } of stepsOf(inputs)) {
    const stage = { ...identity("release", name, inputs.versions[tool], ""), repro: inputs.repro(name) }
    const why = failed === undefined ? UNSIGNED : `${failed.name} did not pass`
    const runs = work !== undefined && failed === undefined
    if (runs) progress.started(name)
    const ended = runs ? await attempted(stage, () => measured(work)) : { ...stage, ...skipped(why) }
    if (runs && ended.status !== "passed") failed = ended
    stages.push(ended)
    progress.ended([ended])
  }
  return stages
}

/** The steps of a release; those that need a signer do nothing without one. */
function stepsOf(inputs: ReleaseInputs) {
  const { signing } = inputs
  const signed = <R>(work: (inputs: SignedInputs) => Promise<R>) =>
    signing === undefined ? undefined : () => work({ ...inputs, signing })
  return [
    { name: "publish", tool: "regctl", work: () => publishStep(inputs) },
    { name: "sign", tool: "cosign", work: signed(signStep) },
    { name: "attest", tool: "cosign", work: signed(attestStep) },
    { name: "verify", tool: "cosign", work: signed(verifyStep) },
    { name: "tag", tool: "regctl", work: () => tagStep(inputs) },
  ] as const
}

/** Measures an effect, which never comes from a cache. */
async function measured<S extends object>(work: () => Promise<S>) {
  const began = Date.now()
  const result = await work()
  const milliseconds = Date.now() - began
  return { exitCode: stageExitCode("passed", false), log: "", ...result, began, cached: false, milliseconds }
}

async function publishStep({ image, repository, tags, tools }: ReleaseInputs) {
  const { digest } = image
  const existing = await tagsOf(repository, tools)
  // Checked before pushing and signing, and again before a tag is set.
  await refuseTakenTags({ repository, digest }, tags(existing), tools)
  const there = await imageExists({ repository, digest }, tools)
  await pushImage(image, repository, tools)
  return {
    ...passed(`${repository}@${digest}${there ? ", published already" : ""}`),
    facts: await growth(image, repository, highestVersion(existing), tools),
  }
}

async function tagStep({ image, repository, tags, tools }: ReleaseInputs) {
  const { digest, images } = image
  const chosen = tags(await tagsOf(repository, tools))
  await setTags({ repository, digest }, chosen, tools)
  const names = chosen.map(({ name }) => name)
  const platforms = images.map(({ platform, digest: of }) => ({ platform, digest: of }))
  const record = { repository, digest, tags: names, images: platforms }
  return {
    ...passed(names.length === 0 ? "no tag is asked for" : names.join(", ")),
    files: dag.directory().withNewFile("release/release.json", jsonText(record)),
  }
}

/** Compares the image's size with the previous release's, for reports only. */
async function growth(
  { images }: BuiltImage,
  repository: string,
  before: string | undefined,
  tools: Container,
): Promise<Record<string, string>> {
  if (before === undefined) return {}
  try {
    const sizes = await sizesOf(repository, before, tools)
    const entries = images.flatMap(({ platform, compressed }): [string, string][] => {
      const size = sizes.get(platform)
      return size === undefined ? [] : [[`${platform} against ${before}`, difference(compressed, size)]]
    })
    return Object.fromEntries(entries)
  } catch (error) {
    return { [`size against ${before}`]: oneLine(messageOf(error)) }
  }
}

async function signStep(inputs: SignedInputs) {
  const wanted = demandsOf(inputs).filter(({ predicate }) => predicate === "signature")
  const made = await signImages(inputs.repository, wanted, inputs.signing)
  return passed(`the index and ${count(wanted.length - 1, "image")}${made === 0 ? ", signed already" : ""}`)
}

async function attestStep(inputs: SignedInputs) {
  const { scanned, provenance, gates, repository, signing } = inputs
  const files = scanned.withNewFile("provenance.json", provenance.text).withNewFile("gates.json", gates.text)
  const statements = demandsOf(inputs).flatMap((demand) => statementOf(demand, inputs))
  const made = await attest(repository, statements, files, signing)
  const left = dag.directory().withDirectory("release", files.filter({ include: ["*.json"] }))
  return { ...passed(`${count(statements.length, "attestation")}, ${made} of them new`), files: left }
}

/** The file of an attestation's predicate. A platform's SBOMs are the same in every run. */
function statementOf(demand: Requirement, { provenance, gates }: ReleaseInputs): Attestation[] {
  const { predicate, subject } = demand
  const always = () => true
  if (predicate === "spdx") return [{ ...demand, file: sbomPath(subject, "spdx-json"), same: always }]
  if (predicate === "cyclonedx") return [{ ...demand, file: sbomPath(subject, "cyclonedx"), same: always }]
  if (predicate === "provenance") return [{ ...demand, file: "provenance.json", same: provenance.same }]
  if (predicate === "gates") return [{ ...demand, file: "gates.json", same: gates.same }]
  return []
}

async function verifyStep({ image, repository, expected, signing }: SignedInputs) {
  const { digest, images } = image
  const checks = await verifyRelease({ repository, digest, images }, expected, signing)
  const outcome = judgeRelease(checks, `${repository}@${digest}`)
  const lines = checks.map(
    ({ name, subject, problem }) =>
      `${problem === undefined ? "✓" : "✗"} ${name} of ${subject}${problem === undefined ? "" : `: ${problem}`}\n`,
  )
  return { ...outcome, exitCode: releaseExitCode(checks), log: lines.join("") }
}

const demandsOf = ({ image }: ReleaseInputs): Requirement[] => requirements(image.digest, image.images)
