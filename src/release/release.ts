import { Directory, File, func, object, Secret, Service } from "@dagger.io/dagger"
import { type Signer, trusted, type Wanted, withSigner, withSigstore } from "../registry/cosign.js"
import { embeddedTrust } from "../registry/embedded.js"
import { parseConfig } from "../lib/config/parse.js"
import { fail } from "../lib/errors/catalogue.js"
import { expected } from "../lib/release/expected.js"
import { parseReference } from "../lib/release/reference.js"
import { type Check, requirements, judgeRelease } from "../lib/release/verification.js"
import { type Resolved, resolveReference } from "../registry/publish.js"
import { type RegistryAccess, registryTools } from "../registry/access.js"
import { signImages, type Signing } from "./signing.js"
import { gatesOf, verifyRelease } from "./verify.js"

/**
 * A published image, by its digest: nothing that happens to a tag changes what this is.
 *
 * Signatures and attestations are made and checked by cosign, for the index and for each platform's image.
 */
@object()
export class Release {
  /** Registry, repository and digest: what to deploy. */
  @func()
  reference: string
  /** The digest of the index of all platforms. */
  @func()
  digest: string
  /** Each platform with the digest of its image, such as `linux/arm64@sha256:…`. */
  @func()
  platforms: string[]
  source: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings: string
  username: string
  plainHttp: boolean
  password?: Secret
  registryService?: Service
  authority?: File
  /** Signed with Slipway's own key. */
  embedded: boolean
  /** The git reference that it must have been made for; empty where any will do. */
  ref: string

  constructor(
    reference: string,
    digest: string,
    platforms: string[],
    source: Directory,
    settings: string,
    username: string,
    plainHttp: boolean,
    password?: Secret,
    registryService?: Service,
    authority?: File,
    embedded = false,
    ref = "",
  ) {
    this.reference = reference
    this.digest = digest
    this.platforms = platforms
    this.source = source
    this.settings = settings
    this.username = username
    this.plainHttp = plainHttp
    this.password = password
    this.registryService = registryService
    this.authority = authority
    this.embedded = embedded
    this.ref = ref
  }

  /**
   * Fails with NOT_VERIFIED unless all that a release must carry is there, signed by exactly this key or identity.
   *
   * That is the signatures of index and images, the bills of material of each image, provenance, and the gates that it
   * passed; what doesn't hold is named. Whom to trust comes from `release` in slipway.yaml, if it isn't said. Runs each
   * time.
   *
   * @param key cosign's public key.
   * @param identity Who signed without a key, exactly as in the certificate.
   * @param issuer Who vouches for that identity.
   */
  @func({ cache: "never" })
  async verify(key?: File, identity?: string, issuer?: string): Promise<string> {
    const { reference } = this
    const checks = await this.checks({ key, identity, issuer })
    const { status, reason, findings } = judgeRelease(checks, reference)
    if (status === "passed") return `${reason}\n`
    throw fail("NOT_VERIFIED", [reference, findings.map(({ message }) => message)])
  }

  /**
   * Signs the index and each platform's image, unless that is done already. An effect: it runs each time.
   *
   * @param key A private key of cosign's.
   * @param passphrase What the key is encrypted with.
   * @param token In place of a key: the token of who signs.
   */
  @func({ cache: "never" })
  async sign(key?: Secret, passphrase?: Secret, token?: Secret): Promise<Release> {
    const signer = { key, passphrase, token }
    const signing = await this.signing({}, signer)
    const tools = withSigner(signing.tools, signer)
    const { repository, digest, images } = await resolveReference(parseReference(this.reference), tools)
    const wanted = requirements(digest, images).filter(({ predicate }) => predicate === "signature")
    await signImages(repository, wanted, { ...signing, tools })
    return this
  }

  /** The attestation that the release passed every gate, as JSON, if it is good. Fails as `verify` does. Runs each time. */
  @func({ cache: "never" })
  async gates(key?: File, identity?: string, issuer?: string): Promise<string> {
    await this.verify(key, identity, issuer)
    const [repository = ""] = this.reference.split("@")
    const found = await gatesOf(repository, this.digest, await this.signing({ key, identity, issuer }, {}))
    return `${JSON.stringify(found, null, 2)}\n`
  }

  /** Each thing that is verified, and what is wrong with it. For other stages; it is no part of the API. */
  async checks(wanted: Wanted): Promise<Check[]> {
    const signing = await this.signing(wanted, {})
    const resolved = await resolveReference(parseReference(this.reference), signing.tools)
    const known = { trial: this.embedded, ...(this.ref !== "" && { ref: this.ref }) }
    return verifyRelease(resolved, expected(parseConfig(this.settings || undefined), known), signing)
  }

  /** The same, with the gates that it passed. For other stages; it is no part of the API. */
  async evidence(wanted: Wanted): Promise<{ checks: Check[]; gates: unknown[] }> {
    const [repository = ""] = this.reference.split("@")
    const checks = await this.checks(wanted)
    const good = checks.every(({ problem }) => problem === undefined)
    return {
      checks,
      gates: good ? await gatesOf(repository, this.digest, await this.signing(wanted, {})) : [],
    }
  }

  private async signing(wanted: Wanted, signer: Signer): Promise<Signing> {
    const { source, username, plainHttp, password, registryService: service, authority } = this
    const config = parseConfig(this.settings || undefined)
    const { host } = parseReference(this.reference)
    const access = { host, username, plainHttp, password, service, authority }
    const whom = this.embedded ? await embeddedTrust(config) : await trusted(wanted, signer, source, config)
    const tools = withSigstore(await registryTools(access, config), whom, source, config)
    return { tools, access, trusted: whom, by: signer.token === undefined ? "key" : "identity" }
  }
}

/** A release of a service. */
export const releaseOf = (
  { repository, digest, images }: Resolved,
  { username, plainHttp, password, service, authority }: RegistryAccess,
  { source, settings, ref, embedded }: Pick<Release, "source" | "settings" | "ref" | "embedded">,
): Release =>
  new Release(
    `${repository}@${digest}`,
    digest,
    images.map((image) => `${image.platform}@${image.digest}`),
    source,
    settings,
    username,
    plainHttp,
    password,
    service,
    authority,
    embedded,
    ref,
  )
