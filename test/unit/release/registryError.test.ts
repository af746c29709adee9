import { describe, expect, it, test } from "vitest"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import {
  registryError,
  type RegistryProblem,
  registryFailure,
} from "../../../src/lib/release/registryError.js"

const run = (stderr: string, exitCode = 1) => ({ exitCode, stderr })
const TAGS = "failed to list tags for r:5000/team/app:latest: "
const HEAD = "failed to request manifest head r:5000/team/app:1: "
const FULL = `sha256:${"0".repeat(64)}`

// Output of regctl v0.11.7 against distribution 2.8 and servers that answer every request with one code.
test.each<[string, RegistryProblem, string]>([
  [`${TAGS}unauthorized\n`, "denied", "the registry refuses the user name and password"],
  [
    `${TAGS}no credentials available: unauthorized\n`,
    "denied",
    "the registry wants a user name and password, and none were given",
  ],
  [
    `time=2026-11-23T16:07:22.422Z level=WARN msg="Failed to push blob" src=ocidir://lay err="request failed: not found [http 404]: EOF"\n` +
      `failed to send blob post, ref r:5000/team/app@${FULL}: unauthorized\n`,
    "denied",
    "the registry refuses the user name and password",
  ],
  [
    `${TAGS}request failed: unauthorized [http 403]: {"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}\n`,
    "forbidden",
    "the registry refuses this to the user: DENIED, requested access to the resource is denied",
  ],
  [
    `failed to delete manifest r:5000/team/app@${FULL}: request failed: unexpected http status code: Method Not Allowed [http 405]: {"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}\n`,
    "unsupported",
    "the registry doesn't do this (405): UNSUPPORTED, The operation is unsupported.",
  ],
  [
    `${TAGS}request failed: not found [http 404]: {"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry","detail":{"name":"team/app"}}]}\n\n`,
    "missing",
    "the registry doesn't have it: NAME_UNKNOWN, repository name not known to registry",
  ],
  [`${HEAD}request failed: not found [http 404]: \n`, "missing", "the registry doesn't have it"],
  [
    `copy failed, error getting source: failed to get manifest r:5000/team/app@${FULL}: request failed: not found [http 404]: {"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}\n`,
    "missing",
    "the registry doesn't have it: MANIFEST_UNKNOWN, manifest unknown",
  ],
  [
    `${HEAD}request failed: rate limit exceeded [http 429]: \n`,
    "rateLimited",
    "the registry takes no more requests for now (429)",
  ],
  [`${TAGS}retry limit exceeded\n`, "rateLimited", "the registry put every try off to a later time"],
  [
    `${TAGS}request failed: unexpected http status code: Service Unavailable [http 503]: <html>busy</html>\n`,
    "unavailable",
    "the registry answered 503",
  ],
  [
    `${TAGS}request failed: unexpected http status code: Bad Gateway [http 502]: upstream is\ndown\n`,
    "unavailable",
    "the registry answered 502: upstream is down",
  ],
  [
    `${TAGS}request failed: unexpected http status code: Insufficient Storage [http 507]: \n`,
    "other",
    "the registry answered 507",
  ],
  [
    `${TAGS}request failed: unexpected http status code: Bad Request [http 400]: Client sent an HTTP request to an HTTPS server.\n\n`,
    "protocol",
    "the registry speaks TLS, and was asked without",
  ],
  [
    `failed to send manifest: request failed: unexpected http status code: Precondition Failed [http 412]: {"errors":[{"code":"PRECONDITION","message":"configured as immutable"}]}`,
    "immutable",
    "the registry holds the tag to be immutable: PRECONDITION, configured as immutable",
  ],
  [
    `failed to access target registry: ${HEAD}Head "https://registry.invalid/v2/a/manifests/1": dial tcp: lookup registry.invalid on 10.255.255.53:53: no such host\n`,
    "unknownHost",
    "no host of the name registry.invalid is known",
  ],
  [
    `${HEAD}Head "http://127.0.0.1:5/v2/a/manifests/1": dial tcp 127.0.0.1:5: connect: connection refused\n`,
    "unreachable",
    "nothing listens on 127.0.0.1:5",
  ],
  [
    `${HEAD}Head "https://r/v2/": dial tcp 10.0.0.1:443: i/o timeout\n`,
    "unreachable",
    "the registry can't be reached: i/o timeout",
  ],
  [
    `${TAGS}Get "https://r/v2/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-23T16:21:36Z is after 2020-01-02T00:00:00Z\n`,
    "certificate",
    "the registry's certificate expired on 2020-01-02",
  ],
  [
    `${TAGS}Get "https://r/v2/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-23T16:21:36Z is before 2030-01-02T00:00:00Z\n`,
    "certificate",
    "the registry's certificate holds from 2030-01-02 on",
  ],
  [
    `${TAGS}Get "https://r/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority\n`,
    "certificate",
    "the registry's certificate is from an authority that isn't trusted",
  ],
  [
    `${TAGS}Get "https://r/v2/": tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs\n`,
    "certificate",
    "the registry's certificate is for another host",
  ],
  [
    `${TAGS}Get "https://r/v2/": remote error: tls: handshake failure\n`,
    "certificate",
    "no safe connection to the registry: tls: handshake failure",
  ],
  [
    `${HEAD}Head "https://r/v2/": http: server gave HTTP response to HTTPS client\nTry updating your registry with "regctl registry set --tls disabled <registry>"\n`,
    "protocol",
    "the registry speaks plain HTTP, and TLS was expected",
  ],
  [
    `failed to send blob (chunk), ref r:5000/a@${FULL}: http do: Patch "http://r:5000/v2/a/blobs/uploads/d216?_state=KJ78dhp6": readfrom tcp 1.2.3.4:1->1.2.3.4:2: write: connection reset by peer\n`,
    "interrupted",
    "the connection to the registry broke off",
  ],
  [
    `${TAGS}Get "http://r:5000/v2/a/tags/list": EOF\n`,
    "interrupted",
    "the connection to the registry broke off",
  ],
  [
    `failed to send blob post, ref r:5000/a@${FULL}: context canceled\n`,
    "tooLong",
    "the registry took too long",
  ],
  [
    `invalid reference "r:5000/Team/app:x", repo must be lowercase\n`,
    "invalid",
    `invalid reference "r:5000/Team/app:x"`,
  ],
  [`platform not found: linux/riscv64\n`, "noPlatform", "the index has no image for linux/riscv64"],
  ["", "other", "regctl failed and said nothing"],
])("registryFailure of %s", (stderr, kind, reason) => {
  expect(registryFailure(run(stderr))).toMatchObject({ kind, reason })
})

it("registryFailure recognises a timeout whatever the output", () => {
  expect(registryFailure(run(`${TAGS}unauthorized`, 124)).kind).toBe("tooLong")
})

it.each<[string, boolean]>([
  ["request failed: rate limit exceeded [http 429]: ", true],
  ["retry limit exceeded", true],
  ["request failed: unexpected http status code: Request Timeout [http 408]: ", true],
  ["request failed: unexpected http status code: Internal Server Error [http 500]: ", true],
  ["request failed: unexpected http status code: Service Unavailable [http 503]: ", true],
  ["dial tcp 1.2.3.4:5: connect: connection refused", true],
  ["dial tcp 1.2.3.4:5: i/o timeout", true],
  ["unexpected EOF", true],
  ["request failed: unauthorized [http 401]: ", false],
  ["request failed: unauthorized [http 403]: ", false],
  ["request failed: not found [http 404]: ", false],
  ["request failed: unexpected http status code: Insufficient Storage [http 507]: ", false],
  ["unauthorized", false],
  ["context canceled", false],
  ["dial tcp: lookup r.invalid on 1.2.3.4:53: no such host", false],
  ["tls: failed to verify certificate: x509: certificate signed by unknown authority", false],
])("registryFailure retries only transient failures: %s, %s", (what, retry) => {
  expect(registryFailure(run(`${TAGS}${what}\n`)).retry).toBe(retry)
})

describe("registryError", () => {
  it("is an infrastructure error for a wrong password, with a remedy", () => {
    const error = registryError(run(`${TAGS}unauthorized\n`), "r:5000/team/app")
    expect(error).toMatchObject({ code: "REGISTRY", exitCode: ExitCode.infrastructure })
    expect(error.message).toMatch(
      /^"r:5000\/team\/app": the registry refuses the user name and password\n→ see whether the user may pull there/,
    )
  })

  it("is bad input for a missing image", () => {
    expect(registryError(run(`${HEAD}request failed: not found [http 404]: `), "r:5000/a").exitCode).toBe(
      ExitCode.badInput,
    )
  })
})

describe("registryFailure of a token without a right", () => {
  const acr = "team.azurecr.io/shop/api"

  it.each<[string, string]>([
    [`failed to list tags for ${acr}: unauthorized\n`, "metadata/read"],
    [
      `failed to list tags for ${acr}: request failed: unauthorized [http 403]: {"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`,
      "metadata/read",
    ],
    [`failed to request manifest head ${acr}:1: unauthorized\n`, "content/read"],
    [`failed to send blob post, ref ${acr}@${FULL}: unauthorized\n`, "content/read content/write"],
    [`failed to delete manifest ${acr}@${FULL}: unauthorized\n`, "content/delete"],
  ])("says which right Azure's registry wants: %s %s", (stderr, right) => {
    const { remedy } = registryFailure(run(stderr))
    expect(remedy).toContain(`--add-repository REPOSITORY ${right} (`)
    expect(remedy).toMatch(/; otherwise give the user name and password/)
  })

  it("repeats the right that the registry names", () => {
    const detail = '"detail":[{"Type":"repository","Name":"shop/api","Action":"metadata_read"}]'
    const body = `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required",${detail}}]}`
    const { reason } = registryFailure(
      run(`failed to list tags for ${acr}: request failed: unauthorized [http 401]: ${body}`),
    )
    expect(reason).toBe("the registry refuses the user name and password: the right metadata/read is missing")
  })

  it("names the common rights of other registries", () => {
    expect(registryFailure(run(`${HEAD}unauthorized\n`)).remedy).toMatch(
      /^see whether the user may pull there, which reading takes; otherwise give/,
    )
    expect(registryFailure(run(`failed to send manifest: unauthorized\n`)).remedy).toMatch(/may push there/)
  })
})

describe("registryFailure of a hostile response", () => {
  const answer = (body: string) =>
    registryFailure(run(`${TAGS}request failed: not found [http 404]: ${body}`))

  it("has one short line as the reason", () => {
    expect(answer(`one\n::error::two\r\n${"x".repeat(5000)}`).reason).toMatch(/^[^\n\r]{1,400}$/)
  })

  it("keeps the kind of the status code", () => {
    expect(answer("[http 503]: unauthorized").kind).toBe("missing")
    expect(answer("no such host EOF").kind).toBe("missing")
  })

  it("ignores messages that aren't strings", () => {
    expect(answer('{"errors":[{"code":1,"message":{}}]}').reason).toBe("the registry doesn't have it")
    expect(answer('{"errors":null}').reason).toBe("the registry doesn't have it")
  })
})

it("registryFailure hides the token of an upload URL", () => {
  const { reason } = registryFailure(
    run('http do: Put "http://r/v2/a/blobs/uploads/1?_state=s3cret&digest=x": strange'),
  )
  expect(reason).toContain("strange")
  expect(reason).not.toContain("s3cret")
})
