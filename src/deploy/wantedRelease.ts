/** The release to deploy: found by its reference, and verified. */

import { registryTools } from "../registry/access.js"
import { parseReference } from "../lib/release/reference.js"
import { verifierNote } from "../lib/gates/comparison.js"
import { effectivePolicy } from "../lib/gates/effective.js"
import { fail, SlipwayError } from "../lib/errors/catalogue.js"
import type { Wanted } from "../registry/cosign.js"
import { accessTo, type Destination, destinationOf } from "../registry/destination.js"
import { DeployInputs } from "./environment.js"
import { type Resolved, resolveReference } from "../registry/publish.js"
import { bareImageName } from "../lib/deploy/manifests.js"
import type { RollbackTarget } from "../lib/deploy/rollback.js"
import {
  badSignatures,
  failedCheck,
  failedChecks,
  judgeRelease,
  type Check,
} from "../lib/release/verification.js"
import { shaOfGates } from "../lib/release/gates.js"
import { oneLine } from "../lib/text/words.js"
import { versionName, versionOfTag } from "../lib/release/version.js"
import { releaseOf } from "../release/release.js"

/** A release to deploy. */
export interface WantedRelease {
  /** Its name for people. */
  name: string
  repository: string
  digest: string
  digests: string[]
  commit: string
  /** The result of its verification. */
  verified: string
}

/** The access to releases, and what their verification demands. */
export interface ReleaseAccess extends Destination {
  wanted: Wanted
}

/** Resolves a tag, a digest or a whole reference. Fails with NO_REFERENCE, INVALID_REFERENCE and REGISTRY. */
export async function resolveRelease(
  { source, config }: Pick<DeployInputs, "source" | "config">,
  access: Destination,
  wanted: string,
) {
  if (wanted === "") throw fail("NO_REFERENCE", [])
  const { repository } = await destinationOf(access, source, config)
  const parsed = parseReference(referenceText(wanted, repository))
  const reached = accessTo(parsed.host, access, config)
  const tools = await registryTools(reached, config)
  return { parsed, reached, tools, resolved: await resolveReference(parsed, tools) }
}

/**
 * Finds a release by a tag, a digest or a whole reference, and verifies it.
 *
 * Fails with NOT_VERIFIED if the environment refuses unverified releases.
 */
export async function findRelease(
  inputs: DeployInputs,
  access: ReleaseAccess,
  wanted: string,
): Promise<WantedRelease> {
  const { config, environment } = inputs
  const { parsed, resolved, reference, checks, commit } = await checkedRelease(inputs, access, wanted)
  const { status, reason } = judgeRelease(checks, reference)
  if (status !== "passed" && !isNamedOnly(inputs))
    throw fail("NOT_VERIFIED", [reference, failedChecks(checks)])
  return {
    name: nameOf(parsed.tag) ?? resolved.digest.slice(0, 19),
    ...digestsOf(resolved),
    commit,
    verified:
      (status === "passed" ? reason : `NOT VERIFIED, which ${environment} only names: ${reason}`) +
      verifierNote(effectivePolicy(config)),
  }
}

/**
 * Finds a release that ran in the environment before, by the digest in its ledger.
 *
 * It was verified on its way there. So neither a gate that was added since nor a registry that is away stops a rollback;
 * a signature that is bad does. Fails with NOT_VERIFIED.
 */
export async function findKnownRelease(
  inputs: DeployInputs,
  access: ReleaseAccess,
  { version, digest, image, commit }: RollbackTarget,
): Promise<WantedRelease> {
  const known = { name: version, commit }
  try {
    const wanted = image === "" ? digest : image
    const { resolved, reference, checks } = await checkedRelease(inputs, access, wanted)
    const bad = badSignatures(checks)
    if (bad.length > 0 && !isNamedOnly(inputs)) throw fail("NOT_VERIFIED", [reference, bad])
    const { status, reason } = judgeRelease(checks, reference)
    const why = oneLine(failedChecks(checks).join("; "))
    const named = `it ran here before, and is restored though today's checks refuse it: ${why}`
    return { ...known, ...digestsOf(resolved), verified: status === "passed" ? reason : named }
  } catch (error) {
    if (!(error instanceof SlipwayError && error.code === "REGISTRY") || image === "") throw error
    return {
      ...known,
      repository: bareImageName(image),
      digest,
      digests: [digest],
      verified: `it ran here before, and is restored by its digest without the registry: ${oneLine(error.message)}`,
    }
  }
}

/** A release's name by its tag: the same as that of the run that released it. */
function nameOf(tag: string | undefined): string | undefined {
  const version = versionOfTag(tag ?? "")
  return version === undefined ? tag : versionName(version)
}

/** True if the environment only names what is wrong with a release. */
const isNamedOnly = ({ config, environment }: DeployInputs): boolean =>
  config.deploy.verify[environment] === "warn"

const digestsOf = ({ repository, digest, images }: Resolved) => ({
  repository,
  digest,
  digests: [digest, ...images.map((image) => image.digest)],
})

/** Resolves a release, and makes all checks of it. */
async function checkedRelease(inputs: DeployInputs, access: ReleaseAccess, wanted: string) {
  const { environment } = inputs
  const { parsed, reached, resolved } = await resolveRelease(inputs, access, wanted)
  const version = versionOfTag(parsed.tag ?? "")
  const ref = version === undefined ? "" : `refs/tags/${versionName(version)}`
  const release = releaseOf(resolved, reached, inputs, { ref, embedded: access.embedded })
  const evidence = await release.evidence(access.wanted, environment).catch((error: unknown) => {
    if (isNamedOnly(inputs) && error instanceof SlipwayError && error.code === "NO_TRUST")
      return { checks: [unsigned(error)], gates: [] }
    throw error
  })
  const { checks, gates } = evidence
  return { parsed, resolved, reference: release.reference, checks, commit: shaOfGates(gates.at(-1)) }
}

/** Returns the failed check of a service without trusted signers. */
export const unsigned = ({ message, exitCode }: SlipwayError): Check => ({
  name: "signature",
  subject: "the index",
  digest: "",
  ...failedCheck(message.split("\n")[0] ?? "", exitCode),
})

/** Completes a reference: `v1.2.3` equals `1.2.3`; a bare digest or tag belongs to the service's repository. */
export function referenceText(wanted: string, repository: string): string {
  if (/^sha256:/.test(wanted)) return `${repository}@${wanted}`
  if (wanted.includes("/")) return wanted
  return `${repository}:${wanted.replace(/^v(?=\d+\.\d+\.\d+)/, "")}`
}
