import { Directory, File, func, object, Secret, Service } from "@dagger.io/dagger"
import {
  type Signer,
  trusted,
  type TrustFields,
  type Wanted,
  wantedOf,
  withSigner,
  withSigstore,
} from "../registry/cosign.js"
import { accessTo, destinationOfFields, type RegistryFields } from "../registry/destination.js"
import { readFloor } from "../registry/floor.js"
import { embeddedTrust } from "../registry/embedded.js"
import { versionName, versionOfTag } from "../lib/release/version.js"
import { create } from "../stage/create.js"
import { configOf, type PythonService, type ServiceFields } from "../stage/service.js"
import type { Environment } from "../lib/config/environments.js"
import { fail } from "../lib/errors/catalogue.js"
import { expected } from "../lib/release/expected.js"
import { parseReference } from "../lib/release/reference.js"
import { type Check, failedChecks, judgeRelease, requirements } from "../lib/release/verification.js"
import { type Resolved, resolveReference } from "../registry/publish.js"
import { type RegistryAccess, registryTools } from "../registry/access.js"
import { signImages, type Signing } from "./signing.js"
import { gatesOf, verifyRelease } from "./verify.js"
import { jsonText } from "../lib/text/json.js"

/**
 * A published image by its digest.
 *
 * Moving a tag doesn't change it. Signatures and attestations are created and verified by cosign, for the index and for
 * each platform's image.
 */
@object()
export class Release {
  /** The image's reference by digest, for deployments. */
  @func()
  reference!: string
  /** The digest of the index of all platforms. */
  @func()
  digest!: string
  /** The platforms with the digests of their images, such as `linux/arm64@sha256:…`. */
  @func()
  platforms!: string[]
  source!: Directory
  /** The text of `slipway.yaml`; empty without one. */
  settings!: string
  invocation!: string
  now!: string
  username!: string
  plainHttp!: boolean
  password?: Secret
  registryService?: Service
  authority?: File
  /** The key to sign with. */
  key?: Secret
  passphrase?: Secret
  token?: Secret
  /** The trusted signer: a public key, or identity and issuer. */
  publicKey?: File
  identity!: string
  issuer!: string
  /** The address of the service's repository, where the settings have none. */
  origin!: string
  /** The floor that it must meet: a file, or its address; empty for none. */
  policyFile?: File
  policyAddress!: string
  /** True if it is signed with the embedded key. */
  embedded!: boolean
  /** The git reference that it must have been built for; empty for any. */
  ref!: string

  /**
   * Verifies signatures, attestations and gates of the release.
   *
   * Checks the signatures of index and images, the SBOMs of each image, the gates that it passed, and by its provenance
   * that a known builder made it of the service's own repository, all signed by the key or identity of `withSigner`, else
   * of `release` in slipway.yaml. Runs each time. Fails with NOT_VERIFIED, which names each failed check.
   */
  @func({ cache: "never" })
  async verify(): Promise<string> {
    const { reference } = this
    const checks = await this.checks()
    const { status, reason } = judgeRelease(checks, reference)
    if (status === "passed") return `${reason}\n`
    throw fail("NOT_VERIFIED", [reference, failedChecks(checks)])
  }

  /**
   * Signs the index and each platform's image, unless they are signed already.
   *
   * Uses the key or token of `withSigner`. An effect: it runs each time. Fails with NO_SIGNER, TWO_SIGNERS and SIGN.
   */
  @func({ cache: "never" })
  async sign(): Promise<Release> {
    const { key, passphrase, token } = this
    const signer = { key, passphrase, token }
    const signing = await this.signing({}, signer)
    const tools = withSigner(signing.tools, signer)
    const { repository, digest, images } = await resolveReference(parseReference(this.reference), tools)
    const wanted = requirements(digest, images).filter(({ predicate }) => predicate === "signature")
    await signImages(repository, wanted, { ...signing, tools })
    return this
  }

  /**
   * Returns the verified attestations of passed gates, as JSON.
   *
   * Fails as `verify` does. Runs each time.
   */
  @func({ cache: "never" })
  async gates(): Promise<string> {
    await this.verify()
    const [repository = ""] = this.reference.split("@")
    const found = await gatesOf(repository, this.digest, await this.signing(wantedOf(this), {}))
    return jsonText(found)
  }

  /** Returns the result of each check, for an environment if one is given. For other stages; not part of the API. */
  async checks(wanted: Wanted = wantedOf(this), environment?: Environment): Promise<Check[]> {
    const signing = await this.signing(wanted, {})
    const resolved = await resolveReference(parseReference(this.reference), signing.tools)
    const required = expected(configOf(this.settings), {
      trial: this.embedded,
      ref: this.ref || undefined,
      origin: wanted.origin,
      environment,
      floor: await readFloor(wanted.policy, signing.access, configOf(this.settings)),
    })
    return verifyRelease(resolved, required, signing)
  }

  /** Returns the checks and the gates that it passed. For other stages; not part of the API. */
  async evidence(wanted: Wanted, environment?: Environment): Promise<{ checks: Check[]; gates: unknown[] }> {
    const [repository = ""] = this.reference.split("@")
    const checks = await this.checks(wanted, environment)
    const good = checks.every(({ problem }) => problem === undefined)
    return {
      checks,
      gates: good ? await gatesOf(repository, this.digest, await this.signing(wanted, {})) : [],
    }
  }

  private async signing(wanted: Wanted, signer: Signer): Promise<Signing> {
    const { username, plainHttp, password, registryService: service, authority } = this
    const { source } = this
    const config = configOf(this.settings)
    const { host } = parseReference(this.reference)
    const access = { host, username, plainHttp, password, service, authority }
    const signerTrust = this.embedded
      ? await embeddedTrust(config)
      : await trusted(wanted, signer, source, config)
    const tools = withSigstore(await registryTools(access, config), signerTrust, source, config)
    return { tools, access, trusted: signerTrust, by: signer.token === undefined ? "key" : "identity" }
  }
}

/** Resolves a reference to its current release. Fails with INVALID_REFERENCE, TAG_MOVED and REGISTRY. */
export async function findPublished(
  reference: string,
  service: PythonService,
  registry: RegistryFields,
  signer: Signer & TrustFields,
): Promise<Release> {
  const { config } = service
  const parsed = parseReference(reference)
  const access = accessTo(parsed.host, destinationOfFields(registry), config)
  const resolved = await resolveReference(parsed, await registryTools(access, config))
  const version = versionOfTag(parsed.tag ?? "")
  const ref = version === undefined ? "" : `refs/tags/${versionName(version)}`
  return releaseOf(resolved, access, service, { ref, embedded: registry.embedded, ...signer })
}

/** Creates the release of a service. */
export const releaseOf = (
  { repository, digest, images }: Resolved,
  { username, plainHttp, password, service, authority }: RegistryAccess,
  { source, settings, invocation, now }: ServiceFields,
  { ref, embedded, ...signer }: Pick<Release, "ref" | "embedded"> & Signer & Partial<TrustFields>,
): Release =>
  create(Release, {
    reference: `${repository}@${digest}`,
    digest,
    platforms: images.map((image) => `${image.platform}@${image.digest}`),
    source,
    settings,
    invocation,
    now,
    username,
    plainHttp,
    password,
    registryService: service,
    authority,
    embedded,
    ref,
    identity: "",
    issuer: "",
    origin: "",
    policyAddress: "",
    ...signer,
  })
