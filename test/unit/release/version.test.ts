import { describe, expect, it, test } from "vitest"
import {
  compareVersions,
  parseVersion,
  type Version,
  versionOfRef,
  versionOfTag,
  versionTag,
  versionText,
} from "../../../src/lib/release/version.js"

const version = (text: string): Version => {
  const parsed = parseVersion(text)
  if (parsed === undefined) throw new Error(`${text} is no version`)
  return parsed
}

// From https://semver.org and its suggested regular expression.
describe("parseVersion", () => {
  test.each([
    "0.0.0",
    "1.2.3",
    "10.20.30",
    "1.1.2-prerelease+meta",
    "1.0.0-alpha.0valid",
    "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay",
    "1.0.0-0A.is.legal",
    "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
    "1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
    "99999999999999999999999.999999999999999999.99999999999999999",
    "1.0.0+001",
    "1.0.0--",
  ])("accepts %s", (text) => {
    expect(versionText(version(text))).toBe(text)
  })

  test.each([
    "",
    "1",
    "1.2",
    "1.2.3.4",
    "v1.2.3",
    " 1.2.3",
    "1.2.3\n",
    "01.2.3",
    "1.02.3",
    "1.2.03",
    "-1.2.3",
    "1.2.3-",
    "1.2.3+",
    "1.2.3-+b",
    "1.2.3-01",
    "1.2.3-a.01",
    "1.2.3-a..b",
    "1.2.3-a.",
    "1.2.3+a..b",
    "1.2.3+a+b",
    "1.2.3-ä",
    "1.2.3-a_b",
    "1.2.3 -a",
    `1.2.3-${"a".repeat(300)}`,
  ])("rejects %j", (text) => {
    expect(parseVersion(text)).toBeUndefined()
  })
})

describe("compareVersions", () => {
  const ordered = [
    "0.9.9",
    "1.0.0-0",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0-99999999999999999999",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.2",
    "1.0.10",
    "1.9.0",
    "1.10.0",
    "2.0.0",
    "9007199254740993.0.0",
    "9007199254740994.0.0",
  ]

  it("orders by precedence, numbers as numbers", () => {
    for (const [index, text] of ordered.entries())
      for (const [other, otherText] of ordered.entries())
        expect(Math.sign(compareVersions(version(text), version(otherText))), `${text} ${otherText}`).toBe(
          Math.sign(index - other),
        )
  })

  it("ignores build metadata", () => {
    expect(compareVersions(version("1.2.3+a"), version("1.2.3+b"))).toBe(0)
  })
})

test.each([
  ["refs/tags/v1.2.3", "1.2.3"],
  ["refs/tags/v1.2.3-rc.1+5", "1.2.3-rc.1+5"],
  ["refs/tags/1.2.3", undefined],
  ["refs/tags/vv1.2.3", undefined],
  ["refs/tags/release/v1.2.3", undefined],
  ["refs/heads/v1.2.3", undefined],
  ["v1.2.3", undefined],
])("versionOfRef of %s is %s", (ref, text) => {
  const found = versionOfRef(ref)
  expect(found && versionText(found)).toBe(text)
})

it("versionTag formats a version as a tag, and versionOfTag parses it", () => {
  expect(versionTag(version("1.2.3-rc.1+build.5"))).toBe("1.2.3-rc.1_build.5")
  expect(versionOfTag("1.2.3-rc.1_build.5")).toEqual(version("1.2.3-rc.1+build.5"))
  expect(versionOfTag("1.2.3")).toEqual(version("1.2.3"))
  for (const tag of ["1.2", "latest", "1.2.3+5", "1.2.3_", "1.2.3_a_b", "v1.2.3"])
    expect(versionOfTag(tag)).toBeUndefined()
})
