import { ExitCode } from "../errors/catalogue.js"
import type { ToolRun } from "../run/finding.js"
import { TIMED_OUT } from "../run/command.js"
import { fields, objects, parseJson, text } from "../text/json.js"
import { oneLine } from "../text/words.js"

/** The predicate type of cosign 3's signatures, which carry no statement beyond the signature itself. */
export const SIGNATURE_TYPE = "https://sigstore.dev/cosign/sign/v1"

/** The paths of cosign's files in its container. */
export const FILES = {
  publicKey: "/slipway/sigstore/cosign.pub",
  signingConfig: "/slipway/sigstore/signing-config.json",
  trustedRoot: "/slipway/sigstore/trusted-root.json",
} as const

/** The configuration of a Sigstore without services, for signatures without a transparency log. */
export const NO_SERVICES = {
  signingConfig: `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}`,
  trustedRoot: `{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`,
} as const

/** The Sigstore to use: the public one, the service's own by its files, or none. */
export type Sigstore = "public" | "own" | "none"

/** The key or identity whose signatures are trusted. */
export type Trust =
  | { by: "key" }
  | { by: "identity"; identity: string; issuer: string; /** Certificates are logged too. */ logged: boolean }

/** True if a trusted root has a certificate transparency log, without which no SCT can be required. */
export const hasCertificateLog = (trustedRoot: string): boolean =>
  objects(fields(parseJson(trustedRoot)).ctlogs).length > 0

const sigstoreFlags = (sigstore: Sigstore): string[] =>
  sigstore === "public" ? [] : [`--trusted-root=${FILES.trustedRoot}`]

/** Returns cosign's flags for signing with the key or the identity token in its environment. */
export const signFlags = (by: Trust["by"], sigstore: Sigstore): string[] => [
  "--yes",
  ...(by === "key" ? ["--key=env://COSIGN_PRIVATE_KEY"] : []),
  ...(sigstore === "public" ? [] : [`--signing-config=${FILES.signingConfig}`]),
  ...sigstoreFlags(sigstore),
]

/** Returns cosign's flag for an identity: exact, unless it has an asterisk, which stands for any text without a slash. */
function identityFlag(identity: string): string {
  if (!identity.includes("*")) return `--certificate-identity=${identity}`
  const literal = (part: string) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")
  return `--certificate-identity-regexp=^${identity.split("*").map(literal).join("[^/]*")}$`
}

/** Returns cosign's flags for verifying. */
export const verifyFlags = (trust: Trust, sigstore: Sigstore): string[] => [
  ...(trust.by === "key"
    ? [`--key=${FILES.publicKey}`]
    : [
        identityFlag(trust.identity),
        `--certificate-oidc-issuer=${trust.issuer}`,
        ...(trust.logged ? [] : ["--insecure-ignore-sct"]),
      ]),
  ...(sigstore === "none" ? ["--private-infrastructure"] : []),
  ...sigstoreFlags(sigstore),
]

/** Returns the verified predicates from the output of `verify-attestation`, one line per attestation. */
export const predicates = ({ stdout }: Pick<ToolRun, "stdout">): unknown[] =>
  stdout
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const payload = Buffer.from(text(fields(parseJson(line)).payload), "base64").toString()
      return fields(parseJson(payload)).predicate
    })

interface Failure {
  reason: string
  exitCode: ExitCode
}

const { gateFailed, infrastructure, badInput } = ExitCode

/** cosign's errors (texts of v3.0.6) with their reasons and exit codes; the first match counts. */
const MEANINGS: readonly [pattern: RegExp, reason: string, exitCode: ExitCode][] = [
  [/none of the attestations matched the predicate type/, "there is none", gateFailed],
  [/no matching attestations: *$|no signatures found|no valid bundles exist/m, "there is none", gateFailed],
  [
    /accepted signatures do not match threshold|invalid signature/,
    "it was made with another key",
    gateFailed,
  ],
  [/no matching CertificateIdentity|expected (SAN|issuer) value/, "it was made by somebody else", gateFailed],
  [/expected key signature, not certificate/, "it was made without a key", gateFailed],
  [
    /signed with a public key|no public key material|not signed with a certificate/,
    "it was made with a key",
    gateFailed,
  ],
  [/artifact digest does not match/, "it was made for another image", gateFailed],
  [
    /leaf certificate verification failed/,
    "its certificate is from an authority that isn't trusted",
    gateFailed,
  ],
  [
    /log entries from transparency log|log inclusion/,
    "the transparency log doesn't vouch for it",
    gateFailed,
  ],
  [/0 SCT entries/, "no log of certificates vouches for it", gateFailed],
  [/decryption failed/, "the passphrase doesn't fit the private key", badInput],
  [
    /invalid pem block|unsupported pem type|PEM decoding failed|unknown Public key PEM|decrypt: invalid character/,
    "the key is none of cosign's",
    badInput,
  ],
  [
    /processing the identity token|subject from identity token|illegal base64 data|not verified by identity provider/,
    "the identity token isn't accepted",
    badInput,
  ],
  [/MANIFEST_UNKNOWN|404 Not Found/, "the registry has no such image", badInput],
  [/UNAUTHORIZED|401 Unauthorized/, "the registry refuses the user name and password", infrastructure],
  [/DENIED|403 Forbidden/, "the registry refuses this user", infrastructure],
]

/** Returns the one-line reason and the exit code of a failed cosign command. */
export function cosignFailure({ stderr, exitCode }: Pick<ToolRun, "stderr" | "exitCode">): Failure {
  if (exitCode === TIMED_OUT) return { reason: "cosign took too long", exitCode: infrastructure }
  const known = MEANINGS.find(([pattern]) => pattern.test(stderr))
  if (known !== undefined) return { reason: known[1], exitCode: known[2] }
  const own = /^Error: (.*)$/m.exec(stderr)?.[1] ?? stderr
  return { reason: oneLine(own) || `cosign ended with ${exitCode}`, exitCode: infrastructure }
}
