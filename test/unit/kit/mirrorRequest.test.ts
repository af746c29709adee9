import { describe, expect, it } from "vitest"
import { mirrorRequest } from "../../../dagger/kit/images/mirrorRequest.js"

const DIGEST = `sha256:${"0a".repeat(32)}`

describe("the mirror answers", () => {
  it.each([
    ["GET", "/v2/", { kind: "ping" }],
    [
      "HEAD",
      "/v2/library/python/manifests/3.11-slim",
      { kind: "tag", name: "library/python", tag: "3.11-slim" },
    ],
    [
      "GET",
      "/v2/library/python/manifests/3.11-slim?ns=docker.io",
      { kind: "tag", name: "library/python", tag: "3.11-slim" },
    ],
    ["GET", `/v2/pause/manifests/${DIGEST}`, { kind: "manifest", name: "pause", digest: DIGEST }],
    [
      "GET",
      `/v2/sigstore/rekor-tiles/posix/blobs/${DIGEST}?ns=ghcr.io`,
      { kind: "blob", name: "sigstore/rekor-tiles/posix", digest: DIGEST },
    ],
  ])("%s %s", (method, target, request) => {
    expect(mirrorRequest(method, target)).toEqual(request)
  })
})

describe("the mirror refuses", () => {
  const MANIFEST = "/v2/library/python/manifests/3.11-slim"

  it.each(["PUT", "POST", "PATCH", "DELETE", "OPTIONS", "CONNECT", "get", "GET ", ""])(
    "method %j",
    (method) => {
      expect(mirrorRequest(method, MANIFEST)).toBeUndefined()
    },
  )

  it.each([
    ["absolute form", `http://x${MANIFEST}`],
    ["a path without its first slash", MANIFEST.slice(1)],
    ["an encoded slash", "/v2/library%2Fpython/manifests/3.11-slim"],
    ["an encoded letter", "/v2/library/pytho%6e/manifests/3.11-slim"],
    ["a doubled slash", "/v2//library/python/manifests/3.11-slim"],
    ["a doubled slash at the start", `/${MANIFEST}`],
    ["a folder above", "/v2/x/../library/python/manifests/3.11-slim"],
    ["this folder", "/v2/./library/python/manifests/3.11-slim"],
    ["capital letters", "/v2/library/Python/manifests/3.11-slim"],
    ["an upload", "/v2/library/python/blobs/uploads/"],
    ["a blob by tag", "/v2/library/python/blobs/3.11-slim"],
    ["a short digest", "/v2/library/python/manifests/sha256:00"],
    ["another algorithm", `/v2/library/python/blobs/sha512:${"0".repeat(128)}`],
    ["a list of tags", "/v2/library/python/tags/list"],
    ["the catalogue", "/v2/_catalog"],
    ["another query", `${MANIFEST}?ns=docker.io&digest=x`],
    ["two queries", `${MANIFEST}?ns=docker.io?ns=x`],
    ["a line break", `${MANIFEST}\nx`],
    ["a null byte", `${MANIFEST}\0`],
    ["another service", "/metrics"],
    ["an endless name", `/v2/${"a/".repeat(100_000)}b/manifests/1`],
    ["a name that almost matches", `/v2/${"a-".repeat(400)}!/manifests/1`],
  ])("%s", (_, target) => {
    expect(mirrorRequest("GET", target)).toBeUndefined()
  })
})
