import { describe, expect, it, test } from "vitest"
import { isTime, labels, NO_TIME, webAddress } from "../../../src/lib/image/revision.js"
import { cost } from "../cost.js"

const REVISION = {
  sha: "0123456789abcdef0123456789abcdef01234567",
  committed: "2026-11-23T12:00:00+01:00",
  origin: "https://github.com/team/service",
  version: "1.2.3",
}

describe("labels", () => {
  it("name an image's origin by the keys of OCI", () => {
    expect(labels("upscaler-api", REVISION)).toEqual({
      "org.opencontainers.image.title": "upscaler-api",
      "org.opencontainers.image.revision": REVISION.sha,
      "org.opencontainers.image.source": REVISION.origin,
      "org.opencontainers.image.version": "1.2.3",
      "org.opencontainers.image.created": "2026-11-23T12:00:00+01:00",
    })
  })

  it("leave out unknown values", () => {
    const nothing = { sha: "", committed: "", origin: "", version: "" }
    expect(labels(undefined, nothing)).toEqual({})
    expect(labels("", { ...nothing, sha: "abc" })).toEqual({ "org.opencontainers.image.revision": "abc" })
  })
})

it("NO_TIME can be stored in zip and tar files", () => {
  expect(new Date(NO_TIME).toISOString()).toBe("1980-01-01T00:00:00.000Z")
})

test.each([
  ["2026-03-01T12:00:00Z", true],
  ["2026-03-01T12:00:00.25+01:00", true],
  ["2024-02-29T23:59:59-11:30", true],
  [NO_TIME, true],
  ["2026-03-01", false],
  ["2026-03-01T12:00:00", false],
  ["2026-03-01T12:00Z", false],
  ["2026-03-01 12:00:00Z", false],
  ["2026-03-01t12:00:00z", false],
  ["2026-02-30T12:00:00Z", false],
  ["2026-13-01T12:00:00Z", false],
  ["2026-03-01T24:00:00Z", false],
  ["2026-03-01T12:00:00Z\n", false],
  ["Sun, 01 Mar 2026 12:00:00 GMT", false],
  ["1772366400", false],
  ["", false],
])("isTime(%j) is %j", (text, whole) => {
  expect(isTime(text)).toBe(whole)
})

describe("webAddress", () => {
  test.each([
    ["https://github.com/team/service.git", "https://github.com/team/service"],
    ["https://github.com/team/service", "https://github.com/team/service"],
    ["https://github.com/team/service.git/", "https://github.com/team/service"],
    ["https://github.com/team/service/", "https://github.com/team/service"],
    ["http://git.example.com:8080/a/b.git", "http://git.example.com:8080/a/b"],
    ["git@github.com:team/service.git", "https://github.com/team/service"],
    ["github.com:team/service.git", "https://github.com/team/service"],
    ["git@git.example.com:/srv/team/service.git", "https://git.example.com/srv/team/service"],
    ["ssh://git@github.com/team/service.git", "https://github.com/team/service"],
    ["ssh://git@git.example.com:2222/team/service.git", "https://git.example.com/team/service"],
    ["ssh://git@[::1]:2222/team/service.git", "https://[::1]/team/service"],
    ["git://git.example.com:9418/service.git", "https://git.example.com/service"],
    ["https://dev.azure.com/org/project/_git/a%20b", "https://dev.azure.com/org/project/_git/a%20b"],
    ["https://github.com/team/my.git.service", "https://github.com/team/my.git.service"],
    ["https://github.com/", "https://github.com"],
  ])("converts %s to %s", (remote, address) => {
    expect(webAddress(remote)).toBe(address)
  })

  test.each([
    "https://me:s3cret@git.example.com/a.git",
    "https://s3cret@git.example.com/a.git",
    "https://git.example.com/a.git?token=s3cret",
    "https://git.example.com/a.git#s3cret",
    "ssh://me:s3cret@git.example.com:22/a.git",
    "me:s3cret@git.example.com:a.git",
  ])("never contains the secrets of %s", (remote) => {
    expect(webAddress(remote)).toBe("https://git.example.com/a")
  })

  test.each([
    "",
    "origin",
    "/srv/git/service.git",
    "./service",
    "../service.git",
    "./a:b",
    "file:///srv/git/service.git",
    "C:\\Users\\me\\service",
    "C:/Users/me/service",
    "ext::sh -c evil",
    "javascript://github.com/%0aalert(1)",
    "ftp://git.example.com/a",
    "https://",
    "https://a b/c",
    "git@github.com:",
    "git@github.com:a\nb",
    "ssh://",
  ])("is empty for %j", (remote) => {
    expect(webAddress(remote)).toBe("")
  })

  it("takes linear time", () => {
    for (const unit of ["a", "@", ":", "/", ".git", "a@", "a:", "git@a:"])
      expect(cost(() => webAddress(unit.repeat(50_000)))).toBeLessThan(1000)
  })
})
