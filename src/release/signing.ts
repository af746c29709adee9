import type { Container, Directory } from "@dagger.io/dagger"
import { runEach, type Trusted } from "../registry/cosign.js"
import { ExitCode, fail } from "../lib/errors/catalogue.js"
import type { ToolRun } from "../lib/run/finding.js"
import { cosignFailure, predicates, signFlags, type Trust, verifyFlags } from "../lib/release/cosign.js"
import { type Requirement, PREDICATES } from "../lib/release/verification.js"
import { cosignFlags, type RegistryAccess } from "../registry/access.js"

/** The tools, registry and trust for signing and verifying. */
export interface Signing {
  /** Tools that reach the registry, with the signer's key or token. */
  tools: Container
  access: RegistryAccess
  trusted: Trusted
  /** The kind of signer; the trust may be of another kind. */
  by: Trust["by"]
}

/** A statement about an image. */
export interface Attestation extends Requirement {
  /** Its file in the folder of predicates. */
  file: string
  /** True for the predicate of an existing attestation that makes this one unnecessary. */
  same: (predicate: unknown) => boolean
}

const PREDICATE_FILES = "/slipway/predicates"

/** Signs an index and each platform's image; returns how many of these signatures are new. */
export const signImages = (
  repository: string,
  wanted: readonly Requirement[],
  signing: Signing,
): Promise<number> =>
  addMissing(repository, wanted, signing, signing.tools, ({ digest }) => [
    "cosign",
    "sign",
    ...writeFlags(signing),
    `${repository}@${digest}`,
  ])

/** Attaches signed statements with predicates from a folder; returns how many of them are new. */
export const attest = (
  repository: string,
  statements: readonly Attestation[],
  files: Directory,
  signing: Signing,
): Promise<number> =>
  addMissing(
    repository,
    statements,
    signing,
    signing.tools.withMountedDirectory(PREDICATE_FILES, files),
    ({ predicate, digest, file }) => [
      "cosign",
      "attest",
      ...writeFlags(signing),
      `--type=${PREDICATES[predicate]}`,
      `--predicate=${PREDICATE_FILES}/${file}`,
      `${repository}@${digest}`,
    ],
  )

/** Attempts to add missing signatures, since another run may write to the same list concurrently. */
const ATTEMPTS = 3

/**
 * Adds missing signatures one after the other, and checks that they are kept.
 *
 * A registry without a referrers API keeps signatures in a list that is read, changed and written back, so that a
 * concurrent writer can overwrite an entry, which is then added again.
 */
async function addMissing<D extends Requirement & Partial<Attestation>>(
  repository: string,
  wanted: readonly D[],
  signing: Signing,
  tools: Container,
  command: (requirement: D) => string[],
): Promise<number> {
  const before = await unsigned(repository, wanted, signing)
  let missing = before
  for (let attempt = 0; attempt < ATTEMPTS && missing.length > 0; attempt++) {
    await runAll(tools, missing.map(command))
    missing = await unsigned(repository, missing, signing)
  }
  const [lost] = missing
  if (lost !== undefined)
    throw fail("SIGN", [
      `${repository}@${lost.digest}`,
      "what was signed is not there",
      ExitCode.infrastructure,
    ])
  return before.length
}

/** Returns the command that verifies a signed statement. */
export const verifyCommand = (
  repository: string,
  { predicate, digest }: Requirement,
  { trusted, access }: Pick<Signing, "trusted" | "access">,
): string[] => [
  "cosign",
  "verify-attestation",
  ...verifyFlags(trusted.trust, trusted.sigstore),
  ...cosignFlags(access),
  `--type=${PREDICATES[predicate]}`,
  `${repository}@${digest}`,
]

/** Returns the unsigned requirements, since cosign would add a second signature to a signed one. */
async function unsigned<D extends Requirement & Partial<Attestation>>(
  repository: string,
  wanted: readonly D[],
  signing: Signing,
): Promise<D[]> {
  const runs = await runEach(
    signing.tools,
    wanted.map((requirement) => verifyCommand(repository, requirement, signing)),
  )
  return wanted.filter(({ same = () => true, digest }, index) => {
    const run = runs[index]
    if (run?.exitCode === 0) return !predicates(run).some(same)
    const { reason, exitCode } = cosignFailure(run ?? { exitCode: 1, stderr: "" })
    // A signature that can't be looked up isn't known to be missing.
    if (exitCode !== ExitCode.gateFailed) throw fail("SIGN", [`${repository}@${digest}`, reason, exitCode])
    return true
  })
}

const writeFlags = ({ trusted, access, by }: Signing): string[] => [
  ...signFlags(by, trusted.sigstore),
  ...cosignFlags(access),
]

async function runAll(tools: Container, commands: readonly string[][]): Promise<void> {
  const runs = await runEach(tools, commands)
  runs.forEach((run, index) => ensureSigned(run, commands[index] ?? []))
}

function ensureSigned(run: ToolRun, command: readonly string[]): void {
  if (run.exitCode === 0) return
  const { reason, exitCode } = cosignFailure(run)
  throw fail("SIGN", [command.at(-1) ?? "", reason, exitCode])
}
