import { describe, expect, it, test } from "vitest"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import {
  cosignFailure,
  FILES,
  hasCertificateLog,
  NO_SERVICES,
  predicates,
  signFlags,
  type Trust,
  verifyFlags,
} from "../../../src/lib/release/cosign.js"
import { attestation, failure } from "./cosignRuns.js"

const IDENTITY: Trust = {
  by: "identity",
  identity: "ci@example.com",
  issuer: "https://issuer.example.com",
  logged: true,
}

describe("signFlags", () => {
  it("use no internet service for a key without a log", () => {
    expect(signFlags("key", "none")).toEqual([
      "--yes",
      "--key=env://COSIGN_PRIVATE_KEY",
      `--signing-config=${FILES.signingConfig}`,
      `--trusted-root=${FILES.trustedRoot}`,
    ])
  })

  it("leave the public Sigstore to cosign's defaults", () => {
    expect(signFlags("key", "public")).toEqual(["--yes", "--key=env://COSIGN_PRIVATE_KEY"])
    expect(signFlags("identity", "public")).toEqual(["--yes"])
  })

  it("contain neither key nor token for an identity", () => {
    expect(signFlags("identity", "own")).toEqual([
      "--yes",
      `--signing-config=${FILES.signingConfig}`,
      `--trusted-root=${FILES.trustedRoot}`,
    ])
  })
})

describe("verifyFlags", () => {
  test.each<[string, Trust, Parameters<typeof verifyFlags>[1], string[]]>([
    ["by key, public Sigstore", { by: "key" }, "public", [`--key=${FILES.publicKey}`]],
    [
      "by key, own Sigstore",
      { by: "key" },
      "own",
      [`--key=${FILES.publicKey}`, `--trusted-root=${FILES.trustedRoot}`],
    ],
    [
      "by key, no Sigstore",
      { by: "key" },
      "none",
      [`--key=${FILES.publicKey}`, "--private-infrastructure", `--trusted-root=${FILES.trustedRoot}`],
    ],
    [
      "by identity, public Sigstore",
      IDENTITY,
      "public",
      ["--certificate-identity=ci@example.com", "--certificate-oidc-issuer=https://issuer.example.com"],
    ],
    [
      "by identity, without a certificate log",
      { ...IDENTITY, logged: false },
      "own",
      [
        "--certificate-identity=ci@example.com",
        "--certificate-oidc-issuer=https://issuer.example.com",
        "--insecure-ignore-sct",
        `--trusted-root=${FILES.trustedRoot}`,
      ],
    ],
  ])("%s", (_, trust, sigstore, flags) => {
    expect(verifyFlags(trust, sigstore)).toEqual(flags)
  })

  it("relax nothing if there are logs", () => {
    for (const sigstore of ["public", "own"] as const)
      for (const trust of [IDENTITY, { by: "key" } as const])
        expect(verifyFlags(trust, sigstore).join(" ")).not.toMatch(/insecure|private|regexp/)
  })

  it("match an identity with an asterisk by an anchored pattern, in which all else is literal", () => {
    const identity = "https://github.com/team/a.b/.github/workflows/ci.yml@refs/tags/v*"
    const [flag = ""] = verifyFlags({ ...IDENTITY, identity }, "public")
    const [name, source = ""] = flag.split("=")
    expect(name).toBe("--certificate-identity-regexp")
    // cosign takes Go's expressions, of which these are also JavaScript's.
    const pattern = new RegExp(source)
    const tag = identity.replace("*", "1.2.3")
    expect(tag).toMatch(pattern)
    for (const other of [
      tag.replace("a.b", "axb"),
      tag.replace("team", "evil"),
      `https://evil.example.com/?${tag}`,
      `${tag}/x`,
      tag.replace("refs/tags", "refs/heads"),
      tag.replace("v1.2.3", "x"),
    ])
      expect(other).not.toMatch(pattern)
  })

  it("keep an identity in its argument, even if it looks like a flag", () => {
    const flags = verifyFlags({ ...IDENTITY, identity: "--key=x", issuer: "" }, "public")
    expect(flags).toEqual(["--certificate-identity=--key=x", "--certificate-oidc-issuer="])
  })
})

it("NO_SERVICES has cosign's format of a Sigstore without services", () => {
  expect(JSON.parse(NO_SERVICES.signingConfig)).toEqual({
    mediaType: "application/vnd.dev.sigstore.signingconfig.v0.2+json",
    rekorTlogConfig: {},
    tsaConfig: {},
  })
  expect(JSON.parse(NO_SERVICES.trustedRoot)).toEqual({
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  })
})

test.each([
  ['{"ctlogs":[{"baseUrl":"https://ct.example.com"}]}', true],
  ['{"ctlogs":[null]}', true],
  ['{"ctlogs":[]}', false],
  ['{"ctlogs":{}}', false],
  ['{"tlogs":[{"baseUrl":"https://rekor.example.com"}]}', false],
  [NO_SERVICES.trustedRoot, false],
  ["[]", false],
  ["{", false],
  ["", false],
])("hasCertificateLog of the trusted root %j is %j", (root, has) => {
  expect(hasCertificateLog(root)).toBe(has)
})

describe("predicates", () => {
  it("returns the predicate of each line, in order", () => {
    expect(predicates(attestation({ a: 1 }, {}, "x"))).toEqual([{ a: 1 }, {}, "x"])
  })

  it("keeps all characters", () => {
    expect(predicates(attestation({ name: "ü → 💥\n" }))).toEqual([{ name: "ü → 💥\n" }])
  })

  it("skips empty lines, such as the first", () => {
    expect(predicates({ stdout: `\n\n${attestation({}).stdout}\r\n \n` })).toEqual([{}])
    expect(predicates({ stdout: "" })).toEqual([])
  })

  test.each([
    "nonsense",
    "{}",
    "[]",
    '{"payload":7}',
    '{"payload":"!!!"}',
    `{"payload":"${Buffer.from("[1]").toString("base64")}"}`,
  ])("returns undefined for %j", (stdout) => {
    expect(predicates({ stdout })).toEqual([undefined])
  })
})

describe("cosignFailure", () => {
  const { gateFailed, infrastructure, badInput } = ExitCode

  // Errors printed by cosign 3.0.6; each is printed twice.
  test.each<[error: string, reason: string, exitCode: ExitCode]>([
    ["no signatures found", "there is none", gateFailed],
    ["no matching attestations: ", "there is none", gateFailed],
    ["no valid bundles exist in registry", "there is none", gateFailed],
    [
      "none of the attestations matched the predicate type: vuln, found: https://slsa.dev/provenance/v1,https://sigstore.dev/cosign/sign/v1",
      "there is none",
      gateFailed,
    ],
    [
      "no matching attestations: failed to verify signature: could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1",
      "it was made with another key",
      gateFailed,
    ],
    [
      'no matching attestations: failed to verify certificate identity: no matching CertificateIdentity found, last error: expected SAN value "no@example.com", got "ci@example.com"',
      "it was made by somebody else",
      gateFailed,
    ],
    [
      'no matching attestations: failed to verify certificate identity: no matching CertificateIdentity found, last error: expected issuer value "http://a", got "http://b"',
      "it was made by somebody else",
      gateFailed,
    ],
    [
      "no matching attestations: expected key signature, not certificate",
      "it was made without a key",
      gateFailed,
    ],
    [
      "SCTs required but bundle is signed with a public key, which cannot contain SCTs",
      "it was made with a key",
      gateFailed,
    ],
    [
      "no matching attestations: failed to get signature verifier: no public key material available",
      "it was made with a key",
      gateFailed,
    ],
    [
      "no matching attestations: failed to verify signature: provided artifact digest does not match any digest in statement",
      "it was made for another image",
      gateFailed,
    ],
    [
      "no matching attestations: failed to verify leaf certificate: leaf certificate verification failed",
      "its certificate is from an authority that isn't trusted",
      gateFailed,
    ],
    [
      "no matching attestations: failed to verify log inclusion: not enough verified log entries from transparency log: 0 < 1",
      "the transparency log doesn't vouch for it",
      gateFailed,
    ],
    [
      "no matching attestations: failed to verify signed certificate timestamp: only able to verify 0 SCT entries; unable to meet threshold of 1",
      "no log of certificates vouches for it",
      gateFailed,
    ],
    [
      "getting keypair and token: getting signer: reading key: decrypt: encrypted: decryption failed",
      "the passphrase doesn't fit the private key",
      badInput,
    ],
    [
      "getting keypair and token: getting signer: reading key: invalid pem block",
      "the key is none of cosign's",
      badInput,
    ],
    [
      "getting keypair and token: getting signer: reading key: unsupported pem type: PUBLIC KEY",
      "the key is none of cosign's",
      badInput,
    ],
    [
      "getting keypair and token: getting signer: reading key: decrypt: invalid character 'i' looking for beginning of value",
      "the key is none of cosign's",
      badInput,
    ],
    [
      "loading verifier from key opts: loading public key: pem to public key: PEM decoding failed",
      "the key is none of cosign's",
      badInput,
    ],
    [
      "loading verifier from key opts: loading public key: pem to public key: unknown Public key PEM file type: ENCRYPTED SIGSTORE PRIVATE KEY. Are you passing the correct public key?",
      "the key is none of cosign's",
      badInput,
    ],
    [
      'signing bundle: error signing bundle: Fulcio returned 400: {"code":3, "message":"There was an error processing the identity token", "details":[]}',
      "the identity token isn't accepted",
      badInput,
    ],
    [
      "signing bundle: error signing bundle: unable to get subject from identity token",
      "the identity token isn't accepted",
      badInput,
    ],
    [
      "signing bundle: error signing bundle: illegal base64 data at input byte 0",
      "the identity token isn't accepted",
      badInput,
    ],
    [
      "signing bundle: error signing bundle: not verified by identity provider",
      "the identity token isn't accepted",
      badInput,
    ],
    [
      "recursively signing: GET http://r:5000/v2/a/manifests/sha256:aa: MANIFEST_UNKNOWN: manifest unknown",
      "the registry has no such image",
      badInput,
    ],
    [
      "signing digest: HEAD http://r:5000/v2/a/manifests/sha256:aa: unexpected status code 404 Not Found",
      "the registry has no such image",
      badInput,
    ],
    [
      "GET http://r:5000/v2/a/manifests/sha256:aa: UNAUTHORIZED: authentication required; [map[Action:pull]]",
      "the registry refuses the user name and password",
      infrastructure,
    ],
    [
      "HEAD http://r:5000/v2/a/manifests/sha256:aa: unexpected status code 401 Unauthorized",
      "the registry refuses the user name and password",
      infrastructure,
    ],
    [
      "PUT http://r:5000/v2/a/manifests/x: DENIED: requested access to the resource is denied",
      "the registry refuses this user",
      infrastructure,
    ],
  ])("%s", (error, reason, exitCode) => {
    expect(cosignFailure(failure(error))).toEqual({ reason, exitCode })
  })

  it("reports a timeout whatever the output", () => {
    expect(cosignFailure({ ...failure("no signatures found"), exitCode: 124 })).toEqual({
      reason: "cosign took too long",
      exitCode: infrastructure,
    })
  })

  it("finds the relevant one of several errors", () => {
    const errors = [
      "failed to verify signature: could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1",
      "failed to verify signature: could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1",
    ]
    const { reason } = cosignFailure(failure(`no matching attestations: ${errors.join("\n")}`))
    expect(reason).toBe("it was made with another key")
  })

  test.each([
    [
      'Get "https://r:5000/v2/": dial tcp 10.0.0.1:5000: connect: connection refused',
      'Get "https://r:5000/v2/": dial tcp 10.0.0.1:5000: connect: connection refused',
    ],
    ["two  words\tand a tab", "two words and a tab"],
  ])("returns cosign's own text if unknown: %s", (error, reason) => {
    expect(cosignFailure(failure(error))).toEqual({ reason, exitCode: infrastructure })
  })

  it("truncates an unknown text to one line", () => {
    expect(cosignFailure(failure("x".repeat(10_000))).reason).toHaveLength(300)
    expect(cosignFailure({ exitCode: 1, stderr: "WARNING: a\nsomething\n" }).reason).toBe(
      "WARNING: a something",
    )
  })

  it("reports the exit code if there is no output", () => {
    expect(cosignFailure({ exitCode: 137, stderr: " \n" })).toEqual({
      reason: "cosign ended with 137",
      exitCode: infrastructure,
    })
  })
})
