import { randomUUID } from "node:crypto"
import { type Container, dag, type Directory, type File, type Secret } from "@dagger.io/dagger"
import { cosignContainer } from "./access.js"
import type { PolicySource } from "./floor.js"
import type { Config } from "../lib/config/config.js"
import { identityRule } from "../lib/config/rules.js"
import { fail } from "../lib/errors/catalogue.js"
import type { ToolRun } from "../lib/run/finding.js"
import {
  cosignFailure,
  FILES,
  hasCertificateLog,
  NO_SERVICES,
  type Sigstore,
  type Trust,
} from "../lib/release/cosign.js"
import { limited } from "../lib/run/command.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"

/** The credentials for signing: cosign's private key, or an OIDC token. */
export interface Signer {
  key?: Secret
  passphrase?: Secret
  token?: Secret
}

/** The key or identity whose signatures are trusted, and its Sigstore. */
export interface Trusted {
  trust: Trust
  sigstore: Sigstore
  /** cosign's public key, if trust is by key. */
  publicKey?: string
}

/** The caller's trust, which takes precedence over the service's settings. */
export interface Wanted {
  key?: File
  identity?: string
  issuer?: string
  /** The address of the service's repository, for services whose settings have none. */
  origin?: string
  /** The floor of releases. */
  policy?: PolicySource
}

/** The fields in which the module's objects hold the trust of `withSigner`. */
export interface TrustFields {
  /** cosign's public key. */
  publicKey?: File
  /** Empty for the one in the settings. */
  identity: string
  issuer: string
  /** The address of the service's repository. */
  origin: string
  /** The floor of releases: a file, or its address; empty for none. */
  policyFile?: File
  policyAddress: string
}

/** Returns the trust in an object's fields. */
export const wantedOf = ({
  publicKey,
  identity,
  issuer,
  origin,
  policyFile,
  policyAddress,
}: TrustFields): Wanted => ({
  key: publicKey,
  identity: identity || undefined,
  issuer: issuer || undefined,
  origin,
  policy: { file: policyFile, address: policyAddress },
})

/** Returns the Sigstore of the service's settings. Fails with SIGSTORE_SETTINGS if they contradict each other. */
function sigstoreOf({ release }: Config): Sigstore {
  const own = [release.signingConfig, release.trustedRoot].filter((file) => file !== undefined).length
  const contradiction = (what: string) => fail("SIGSTORE_SETTINGS", [what])
  if (own === 1) throw contradiction("only one of signingConfig and trustedRoot is set")
  if (release.log) return own === 0 ? "public" : "own"
  if (own > 0) throw contradiction("log is off, and a Sigstore with a log is named")
  if (release.key === undefined && release.identity !== undefined)
    throw contradiction("log is off, and who signs without a key is known by the log alone")
  return "none"
}

/**
 * Returns the trust: the caller's, else that of the settings, else the signer's own key.
 *
 * Fails with NO_TRUST without any of them, as keyless trust needs both identity and issuer, and with INVALID_IDENTITY for
 * a pattern that names nobody.
 */
export async function trusted(
  wanted: Wanted,
  signer: Signer,
  source: Directory,
  config: Config,
): Promise<Trusted> {
  const { release } = config
  const sigstore = sigstoreOf(config)
  const byKey = (publicKey: string): Trusted => ({ trust: { by: "key" }, sigstore, publicKey })
  const { identity = release.identity, issuer = release.issuer } = wanted
  if (wanted.key !== undefined) return byKey(await wanted.key.contents())
  if (wanted.identity === undefined && release.key !== undefined)
    return byKey(await source.file(release.key).contents())
  if (identity !== undefined && issuer !== undefined) {
    const { pattern, expected } = identityRule
    if (!pattern.test(identity)) throw fail("INVALID_IDENTITY", [identity, expected])
    const root = release.trustedRoot
    const logged = root === undefined || hasCertificateLog(await source.file(root).contents())
    return { trust: { by: "identity", identity, issuer, logged }, sigstore }
  }
  if (signer.key === undefined) throw fail("NO_TRUST", [])
  return byKey(await publicKeyOf(signer, config))
}

/** Returns the public key of a private key. */
async function publicKeyOf(signer: Signer, config: Config): Promise<string> {
  const command = ["cosign", "public-key", "--key=env://COSIGN_PRIVATE_KEY"]
  const [run] = await runEach(withSigner(cosignContainer(config), signer), [command])
  if (run?.exitCode === 0) return run.stdout
  const { reason, exitCode } = cosignFailure(run ?? { exitCode: 1, stderr: "" })
  throw fail("SIGN", ["the private key", reason, exitCode])
}

/** Adds the signer's key or token for cosign. */
export function withSigner(container: Container, { key, passphrase, token }: Signer): Container {
  if (key !== undefined && token !== undefined) throw fail("TWO_SIGNERS", [])
  if (token !== undefined) return container.withSecretVariable("SIGSTORE_ID_TOKEN", token)
  if (key === undefined) throw fail("NO_SIGNER", [])
  return container
    .withSecretVariable("COSIGN_PRIVATE_KEY", key)
    .withSecretVariable("COSIGN_PASSWORD", passphrase ?? dag.setSecret("slipway no passphrase", ""))
}

/** Adds the files with the Sigstore's configuration and the trusted public key. */
export function withSigstore(
  container: Container,
  { sigstore, publicKey }: Trusted,
  source: Directory,
  { release }: Config,
): Container {
  const keyed = publicKey === undefined ? container : container.withNewFile(FILES.publicKey, publicKey)
  if (sigstore === "none")
    return keyed
      .withNewFile(FILES.signingConfig, NO_SERVICES.signingConfig)
      .withNewFile(FILES.trustedRoot, NO_SERVICES.trustedRoot)
  const files = [
    [FILES.signingConfig, release.signingConfig],
    [FILES.trustedRoot, release.trustedRoot],
  ] as const
  return files.reduce(
    (all, [path, name]) => (name === undefined ? all : all.withMountedFile(path, source.file(name))),
    keyed,
  )
}

/** Seconds per command, since cosign waits forever for a service that accepts a connection and never answers. */
const COMMAND_SECONDS = 600

/** Runs each command even if earlier ones fail; throws only if the container fails. */
export async function runEach(
  container: Container,
  commands: readonly (readonly string[])[],
): Promise<ToolRun[]> {
  if (commands.length === 0) return []
  // Commands are listed one per line, so a line break would make two of one.
  if (commands.flat().some((word) => word.includes("\n"))) throw new Error("a command may hold no line break")
  const list = commands.map((command) => `${shellQuote(limited(command, COMMAND_SECONDS))}\n`).join("")
  const printed = await withScripts(container, "slipway_each.sh")
    .withEnvVariable("SLIPWAY_CALL", randomUUID()) // never from the cache
    .withNewFile("/slipway/commands", list)
    .withExec(["sh", `${SCRIPTS}/slipway_each.sh`, "/slipway/commands"])
    .stdout()
  const runs = printed.trimEnd().split("\n").map(readRun)
  if (runs.length !== commands.length) throw new Error("not every command was run")
  return runs
}

/** Parses the result of a command; throws for an invalid line, so that it can't pass for success. */
function readRun(line: string): ToolRun {
  const match = /^(\d+) ([\w+/=]*):([\w+/=]*)$/.exec(line)
  if (match === null) throw new Error("the account of a command can't be read")
  const [, exitCode, stdout = "", stderr = ""] = match
  const decoded = (text: string) => Buffer.from(text, "base64").toString()
  return { exitCode: Number(exitCode), stdout: decoded(stdout), stderr: decoded(stderr) }
}
