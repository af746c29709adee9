import { describe, expect, test } from "vitest"
import { downloadFailure } from "../../../src/lib/security/download.js"

/** Output of Trivy 0.70.0 when it can't download its database, with a given end. */
const stderr = (end: string): string => `2026-11-23T13:14:19Z\tINFO\t[vulndb] Need to update DB
2026-11-23T13:14:19Z\tINFO\t[vulndb] Downloading artifact...\trepo="r.example/aqua/trivy-db:2"
2026-11-23T13:14:19Z\tFATAL\tFatal error\trun error: init error: DB error: failed to download vulnerability DB: OCI artifact error: failed to download vulnerability DB: failed to download artifact from ${end}`

/** The usual end: a list of one. */
const answer = (said: string): string =>
  stderr(`r.example/aqua/trivy-db:2: OCI repository error: 1 error occurred:\n\t* ${said}\n\n\n`)

const GET = "GET https://r.example/v2/aqua/trivy-db/manifests/2: "

describe("downloadFailure with real messages", () => {
  test.each([
    [
      `${GET}MANIFEST_UNKNOWN: manifest unknown`,
      "the registry does not have it (MANIFEST_UNKNOWN: manifest unknown)",
    ],
    [
      `${GET}unexpected status code 401 Unauthorized`,
      "the registry refuses access (unexpected status code 401 Unauthorized)",
    ],
    [`${GET}DENIED: requested access to the resource is denied`, "the registry refuses access (DENIED: "],
    [
      'Get "https://mirror.gcr.io/v2/": dial tcp: lookup mirror.gcr.io on 10.0.0.53:53: no such host',
      "the registry's name can't be resolved (dial tcp: lookup mirror.gcr.io on 10.0.0.53:53: no such host)",
    ],
    [
      'Get "https://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused; Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
      "nothing answers at the registry's address (dial tcp 127.0.0.1:1: connect: connection refused; ",
    ],
    [
      `Get "https://127.0.0.2:39510/v2/": tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.2 because it doesn't contain any IP SANs`,
      "the registry's certificate is not trusted (tls: failed to verify certificate: x509: ",
    ],
  ])("%s", (said, reason) => {
    expect(downloadFailure(answer(said))).toContain(
      `Trivy's database could not be downloaded from r.example/aqua/trivy-db:2: ${reason}`,
    )
  })

  test("reports a full disk", () => {
    const end =
      "localhost:39520/aqua/trivy-db:2: oci download error: copy error: write /tmp/x/db.tar.gz: no space left on device\n"
    expect(downloadFailure(stderr(end))).toBe(
      "Trivy's database could not be downloaded from localhost:39520/aqua/trivy-db:2: no space is left on the disk (oci download error: copy error: write /tmp/x/db.tar.gz: no space left on device)",
    )
  })

  test("reports a file that is no database", () => {
    const end =
      "a.example/b:2: oci download error: download error: failed to download /tmp/x/db.tar.gz: Error opening a gzip reader for /tmp/y: gzip: invalid header\n"
    expect(downloadFailure(stderr(end))).toContain(
      "the registry's artifact is not a database (oci download error",
    )
  })

  test("reports several sources", () => {
    const end = `any source: 1 error occurred:\n\t* OCI repository error: 1 error occurred:\n\t* ${GET}TOOMANYREQUESTS: retry-after: 1ms, allowed: 44000/minute\n\n\n\n\n`
    expect(downloadFailure(stderr(end))).toContain(
      "the registry allows no more requests for now (TOOMANYREQUESTS: retry-after: 1ms, allowed: 44000/minute)",
    )
  })
})

describe("downloadFailure with other messages", () => {
  test.each([
    ["net/http: TLS handshake timeout", "the network failed (net/http: TLS handshake timeout)"],
    ["context deadline exceeded", "the network failed"],
    ["read tcp 10.0.0.1:5: connection reset by peer", "the network failed"],
    ["unexpected EOF", "the network failed"],
    ["dial tcp 10.0.0.1:443: connect: network is unreachable", "the network failed"],
    ["proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused", "the proxy can't be reached"],
    [`${GET}unexpected status code 503 Service Unavailable`, "the registry has an internal error"],
    [`${GET}NAME_UNKNOWN: repository name not known`, "the registry does not have it"],
    [`${GET}UNAUTHORIZED: authentication required`, "the registry refuses access"],
    ["something never seen", ": something never seen"],
  ])("%s", (said, reason) => {
    expect(downloadFailure(answer(said))).toContain(reason)
  })
})

test("downloadFailure isn't misled by the registry's name", () => {
  expect(downloadFailure(answer('Get "https://x509.example/EOF/UNAUTHORIZED": odd'))).toMatch(/:2: odd$/)
})

test("downloadFailure contains no password, and is one line of limited length", () => {
  const reason = downloadFailure(answer(`odd\nhttps://me:secret@r.example/ ${"x".repeat(5000)}`)) ?? ""
  expect(reason).toMatch(/^[^\n]{1,300}$/)
  expect(reason).not.toContain("secret")
})

test.each([
  "",
  "2026-11-23T13:15:06Z\tFATAL\tFatal error\trun error: init error: DB error: error in vulnerability DB initialize: failed to open db: invalid database",
  "2026-11-23T13:15:06Z\tERROR\t[vulndb] failed to download vulnerability DB, but it went on",
  'ERROR\t[misconfig] Falling back to embedded checks\terr="failed to download checks bundle: no such host"',
])("downloadFailure returns undefined for output of something else: %j", (other) => {
  expect(downloadFailure(other)).toBeUndefined()
})
