import { describe, expect, it } from "vitest"
import { packageFailure } from "../../../src/lib/python/buildFailure.js"
import {
  indexVariables,
  isIndexSecret,
  isNetrcText,
  netrcPasswords,
  refusedIndex,
} from "../../../src/lib/python/indexSecrets.js"

describe("indexVariables", () => {
  it("are those of uv and Poetry that are set", () => {
    const set = {
      UV_INDEX_TEAM_PASSWORD: "b",
      UV_INDEX_TEAM_USERNAME: "a",
      POETRY_HTTP_BASIC_TEAM_PASSWORD: "c",
    }
    expect(indexVariables({ ...set, UV_INDEX_URL: "d", UV_INDEX_OTHER_PASSWORD: "", HOME: "/" })).toEqual(
      Object.keys(set).sort(),
    )
  })

  it("are index secrets by name, as NETRC is", () => {
    for (const name of ["NETRC", "UV_INDEX_TEAM_PASSWORD"]) expect(isIndexSecret(name), name).toBe(true)
    for (const name of ["UV_INDEX_URL", "REGISTRY_PASSWORD"]) expect(isIndexSecret(name), name).toBe(false)
  })
})

describe("a netrc", () => {
  const TEXT =
    'machine a.example login me password s3cret\nmachine b.example\n\tlogin x\n\tpassword "a b\\"c"\n'

  it("gives its passwords, so that they can be masked", () => {
    expect(netrcPasswords(TEXT)).toEqual(["s3cret", '"a b\\"c"', 'a b\\"c'])
    expect(netrcPasswords("machine a login password")).toEqual([])
  })

  it("is told from a path", () => {
    expect(isNetrcText(TEXT)).toBe(true)
    for (const path of ["/home/me/.netrc", "~/machine", "default.netrc"])
      expect(isNetrcText(path)).toBe(false)
  })
})

describe("refusedIndex", () => {
  it.each([
    [
      "uv's fetch",
      "error: Failed to fetch: `https://pypi.example/simple/team/`\n  Caused by: HTTP status client error (401 Unauthorized) for url (https://me:pw@pypi.example/simple/team/)",
      { address: "https://pypi.example/simple/team/", status: 401 },
    ],
    [
      "uv's hint",
      "  × No solution found\n  hint: An index URL (https://pypi.example/simple/) could not be queried due to a lack of valid authentication credentials (403 Forbidden).",
      { address: "https://pypi.example/simple/", status: 403 },
    ],
    [
      "pip",
      "WARNING: 401 Error, Credentials not correct for https://pypi.example/simple/team/\nERROR: No matching distribution found for team",
      { address: "https://pypi.example/simple/team/", status: 401 },
    ],
    [
      "Poetry",
      "Source (team): Authorization error accessing https://pypi.example/simple/team/",
      { address: "https://pypi.example/simple/team/", status: 401 },
    ],
    [
      "requests",
      "requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: http://127.0.0.1:8080/simple/team/",
      { address: "http://127.0.0.1:8080/simple/team/", status: 403 },
    ],
  ])("is found in the message of %s", (_, message, expected) => {
    expect(refusedIndex(message)).toEqual(expected)
  })

  it("becomes the reason of packages that can't be installed, with what to pass", () => {
    const hint = "hint: An index URL (https://pypi.example/simple) could not be queried (401 Unauthorized)"
    const { reason, remedy, needsToolchain } = packageFailure(`error: No solution found\n${hint}`)
    expect(reason).toBe("the index https://pypi.example/simple refuses access (401)")
    expect(remedy).toContain("--netrc FILE")
    expect(needsToolchain).toBe(false)
  })

  it.each([
    "No solution found: there is no version of six==4.403",
    "error: 404 Client Error for url: https://a/b",
  ])("is none in: %s", (message) => {
    expect(refusedIndex(message)).toBeUndefined()
  })
})
