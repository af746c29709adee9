import { describe, expect, it, test } from "vitest"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { TAG_KINDS } from "../../../src/lib/config/supplyChain.js"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { checkedTag, immutableConflict, tagsFor, type Tagging } from "../../../src/lib/release/tags.js"

const SHA = "0123456789abcdef0123456789abcdef01234567"
const COMMIT = "sha-0123456789ab"

const named = (from: Partial<Tagging>, existing: string[] = []): string[] =>
  tagsFor({ event: "push", ref: "", sha: SHA, kinds: TAG_KINDS, ...from }, existing).map(({ name }) => name)

const released = (tag: string, existing: string[] = []): string[] =>
  named({ event: "tag", ref: `refs/tags/${tag}`, sha: "" }, existing)

const branch = (ref: string): string[] => named({ ref, kinds: ["branch"] })

describe("tagsFor a version", () => {
  it("returns the version, its release lines, and latest only if configured", () => {
    expect(released("v1.2.3")).toEqual(["1.2.3", "1.2", "1", "latest"])
    const { tags: kinds } = DEFAULTS.release
    expect(named({ event: "tag", ref: "refs/tags/v1.2.3", kinds })).toEqual(["1.2.3", COMMIT, "1.2", "1"])
  })

  test.each<[string, string[], string[]]>([
    ["the same again", ["1.2.3", "1.2", "1", "latest"], ["1.2.3", "1.2", "1", "latest"]],
    ["a higher patch", ["1.2.4"], ["1.2.3"]],
    ["a higher minor", ["1.3.0"], ["1.2.3", "1.2"]],
    ["a higher major", ["2.0.0"], ["1.2.3", "1.2", "1"]],
    ["a line of the same minor", ["2.2.9"], ["1.2.3", "1.2", "1"]],
    ["lower ones", ["1.2.2", "1.1.9", "0.9.0"], ["1.2.3", "1.2", "1", "latest"]],
    ["10 is higher than 2", ["1.2.10"], ["1.2.3"]],
    ["a higher pre-release", ["1.2.4-rc.1", "2.0.0-rc.1"], ["1.2.3", "1.2", "1", "latest"]],
    ["a build of a higher patch", ["1.2.4_5"], ["1.2.3"]],
    ["no versions", ["1.9", "9", "v9.9.9", "main", COMMIT, "9.9.9+1"], ["1.2.3", "1.2", "1", "latest"]],
  ])("next to %s", (_, existing, expected) => {
    expect(released("v1.2.3", existing)).toEqual(expected)
  })

  it("returns only the tag of a pre-release", () => {
    expect(released("v1.2.3-rc.1")).toEqual(["1.2.3-rc.1"])
  })

  it("replaces the + of build metadata by _", () => {
    expect(released("v1.2.3+5.a")).toEqual(["1.2.3_5.a", "1.2", "1", "latest"])
  })

  it("rejects a version that is too long for a tag", () => {
    expect(() => released(`v1.2.3-${"a".repeat(130)}`)).toThrow("[INVALID_TAG]")
  })

  it("returns only the commit's tag if the git tag is no version", () => {
    expect(named({ event: "tag", ref: "refs/tags/nightly" })).toEqual([COMMIT])
  })
})

describe("tagsFor a branch", () => {
  test.each([
    ["refs/heads/main", "main"],
    ["main", "main"],
    ["refs/heads/feature/x", "feature-x"],
    ["refs/heads/hotfix/a/b", "hotfix-a-b"],
    ["refs/heads/hotfix-a-b", "hotfix-a-b"],
    ["refs/heads/hotfix/a-b", "hotfix-a-b-b158e538"],
    ["refs/heads/feature/x y", "feature-x-y-1ae9fd29"],
    ["refs/heads/Feature/ABC_1.x", "Feature-ABC_1.x"],
    ["refs/heads/a+b@{c}", "a-b-c-e5ed4f45"],
    ["refs/heads/.-x", "x-e155693d"],
    ["refs/heads/x-", "x-c8b60efc"],
    ["refs/heads/1.2", "branch-1.2"],
    ["refs/heads/1", "branch-1"],
    ["refs/heads/1.2.3", "branch-1.2.3"],
    ["refs/heads/1.2.3-rc.1", "branch-1.2.3-rc.1"],
    ["refs/heads/1.2.3_5", "branch-1.2.3_5"],
    ["refs/heads/2024-plan", "2024-plan"],
    ["refs/heads/1.x", "1.x"],
    ["refs/heads/v1", "v1"],
    ["refs/heads/latest", "branch-latest"],
    [`refs/heads/${COMMIT}`, `branch-${COMMIT}`],
    [`refs/heads/sha256-${"a".repeat(64)}.sig`, `branch-sha256-${"a".repeat(64)}.sig`],
  ])("returns for %s the tag %s", (ref, tag) => {
    expect(branch(ref)).toEqual([tag])
    expect(checkedTag(tag).immutable).toBe(false)
  })

  it("returns a hash if no letter of the branch is valid in a tag", () => {
    const [one = "", other = ""] = [...branch("refs/heads/日本"), ...branch("refs/heads/中国")]
    expect(one).toMatch(/^branch-[0-9a-f]{8}$/)
    expect(one).not.toBe(other)
  })

  it("returns a tag of its own for each branch, except if only - and / differ", () => {
    const branches = [
      "a/b/c",
      "a/b-c",
      "a-b/c",
      "a/b+c",
      "a+b/c",
      "a+b+c",
      "a/b c",
      "a-b+c",
      "a-b-c-",
      ".a-b-c",
    ]
    const tags = branches.flatMap((name) => branch(`refs/heads/${name}`))
    expect(new Set(tags).size).toBe(branches.length)
    expect(branch("refs/heads/a-b-c")).toEqual(branch("refs/heads/a/b/c"))
  })

  it("truncates a long branch to a distinct tag", () => {
    const [one = "", other = ""] = [
      ...branch(`refs/heads/${"a".repeat(200)}1`),
      ...branch(`refs/heads/${"a".repeat(200)}2`),
    ]
    expect(one).toHaveLength(128)
    expect(one).not.toBe(other)
    expect(branch(`refs/heads/${"a".repeat(128)}`)).toEqual(["a".repeat(128)])
  })

  it("returns none for pull requests, tags and other references", () => {
    expect(branch("refs/pull/7/merge")).toEqual([])
    expect(branch("refs/tags/v1.2.3")).toEqual([])
    expect(branch("")).toEqual([])
    expect(named({ event: "pull_request", ref: "refs/heads/x", kinds: ["branch"] })).toEqual([])
  })
})

it("tagsFor tags the commit if there is one", () => {
  const commit = (sha: string) => named({ sha, kinds: ["commit"] })
  expect(commit(SHA)).toEqual([COMMIT])
  expect(commit("f".repeat(64))).toEqual(["sha-ffffffffffff"])
  for (const sha of ["", "main", SHA.slice(1), SHA.toUpperCase(), "g".repeat(40)])
    expect(commit(sha)).toEqual([])
})

it("tagsFor returns versions first, and only these as immutable", () => {
  const tags = tagsFor({ event: "tag", ref: "refs/tags/v1.2.3", sha: SHA, kinds: TAG_KINDS }, [])
  expect(tags.map(({ immutable }) => immutable)).toEqual([true, false, false, false, false])
  expect(tagsFor({ event: "push", ref: "refs/heads/main", sha: SHA, kinds: TAG_KINDS }, [])).toEqual([
    { name: COMMIT, immutable: false },
    { name: "main", immutable: false },
  ])
})

describe("checkedTag", () => {
  test.each([
    ["1.2.3", true],
    ["1.2.3-rc.1", true],
    ["1.2.3_5", true],
    [COMMIT, false],
    ["1.2", false],
    ["_a.b-C", false],
    ["v1.2.3", false],
  ])("accepts %s, immutable: %j", (name, immutable) => {
    expect(checkedTag(name)).toEqual({ name, immutable })
  })

  test.each(["", "a b", "a+b", ".a", "-a", "a/b", "a:b", "a\n", "a".repeat(129), `sha256-${"a".repeat(64)}`])(
    "rejects %j",
    (name) => {
      expect(() => checkedTag(name)).toThrow("[INVALID_TAG]")
    },
  )
})

describe("immutableConflict", () => {
  const [one, two] = [`sha256:${"1".repeat(64)}`, `sha256:${"2".repeat(64)}`]
  const wanted = { repository: "r.io/a", digest: two, tags: [checkedTag("1.2.3"), checkedTag("1.2")] }

  it("is an error with both digests if a version points to another image", () => {
    const error = immutableConflict(new Map([["1.2.3", one]]), wanted)
    expect(error).toMatchObject({ code: "TAG_TAKEN", exitCode: ExitCode.badInput })
    expect(error?.message).toContain(`the tag "r.io/a:1.2.3" already exists: it is "${one}", not "${two}"`)
  })

  it("is undefined for the same image, new tags and mutable tags", () => {
    expect(immutableConflict(new Map([["1.2.3", two]]), wanted)).toBeUndefined()
    expect(immutableConflict(new Map([["1.2", one]]), wanted)).toBeUndefined()
    expect(immutableConflict(new Map(), wanted)).toBeUndefined()
  })
})
