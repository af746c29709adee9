import { describe, expect, it } from "vitest"
import { trialName, volumeName } from "../../../src/lib/volumes/names.js"
import { isStrange, trustOf, volumeSpace } from "../../../src/lib/volumes/trust.js"

const ORIGIN = "https://github.com/team/service"

describe("trustOf", () => {
  it.each([
    ["pull_request", "refs/pull/7/merge", true, "fork"],
    // Some hosts run a fork's commit as a push, even to a branch named like ours.
    ["push", "refs/heads/main", true, "fork"],
    ["tag", "refs/tags/v1.2.3", true, "fork"],
    ["local", "", true, "fork"],
    ["pull_request", "refs/pull/7/merge", false, "change"],
    ["pull_request", "refs/heads/main", false, "change"],
    ["pull_request", "", false, "change"],
    ["push", "refs/heads/feature/x", false, "change"],
    ["push", "refs/heads/main/x", false, "change"],
    ["push", "refs/heads/v1.2.3", false, "change"],
    ["tag", "refs/tags/main", false, "change"],
    ["tag", "main", false, "change"],
    ["tag", "refs/tags/nightly", false, "change"],
    ["manual", "refs/heads/feature/x", false, "change"],
    ["schedule", "refs/heads/old", false, "change"],
    ["push", "refs/heads/hotfix/1", false, "hotfix"],
    ["push", "refs/heads/main", false, "protected"],
    ["push", "develop", false, "protected"],
    ["schedule", "refs/heads/main", false, "protected"],
    ["manual", "refs/heads/main", false, "protected"],
    ["push", "refs/tags/v1.2.3", false, "protected"],
    ["tag", "v1.2.3", false, "protected"],
    ["local", "refs/heads/main", false, "local"],
    ["local", "", false, "local"],
    ["manual", "", false, "local"],
  ])("%s of %s, fork %s: %s", (event, ref, fork, trust) => {
    expect(trustOf({ event, ref, fork })).toBe(trust)
  })

  it("takes forks, pull requests and branches for strange", () => {
    const all = ["fork", "change", "hotfix", "protected", "local"] as const
    expect(all.filter(isStrange)).toEqual(["fork", "change"])
  })
})

describe("volumes", () => {
  const levels = ["fork", "change", "hotfix", "protected", "local"] as const
  const spaces = levels.map((trust) => volumeSpace(trust, ORIGIN, "x"))

  it.each(["mypy", "trivy", "plugins", "mount"] as const)("%s has one for each level of trust", (volume) => {
    expect(new Set(spaces.map((space) => volumeName(space, volume))).size).toBe(levels.length)
  })

  it.each(["ledger", "load", "sent"] as const)("%s is shared by all but strangers' code", (volume) => {
    const [fork, change, ...own] = spaces.map((space) => volumeName(space, volume))
    expect(new Set(own).size).toBe(1)
    expect(new Set([fork, change, own[0]]).size).toBe(3)
  })

  it("are each repository's own, whatever its service is called", () => {
    const name = (origin: string) =>
      volumeName(volumeSpace("protected", origin, "orders"), "ledger", "orders")
    expect(name(ORIGIN)).not.toBe(name("https://github.com/other/service"))
    expect(name("git@github.com:team/service.git")).toBe(name(ORIGIN))
    expect(name("/srv/git/a.git")).not.toBe(name("/srv/git/b.git"))
  })

  it("of an unknown repository are those of a service, and of no repository", () => {
    const name = (origin: string, service: string) =>
      volumeName(volumeSpace("local", origin, service), "mypy")
    expect(name("", "orders")).toBe(name("", "orders"))
    expect(name("", "orders")).not.toBe(name("", "users"))
    expect(name("", "x")).not.toBe(name("service x", ""))
    expect(name("", ORIGIN)).not.toBe(name(ORIGIN, ""))
  })

  it("can't be named by a part", () => {
    const [fork = ""] = spaces
    expect(volumeName(fork, "load", "a", "b-c")).not.toBe(volumeName(fork, "load", "a-b", "c"))
    expect(volumeName(fork, "load", "a/b", "c")).not.toBe(volumeName(fork, "load", "a", "b/c"))
    expect(volumeName(fork, "load", "/../../own")).not.toContain("..%2F../")
    expect(spaces.map((space) => volumeName(space, "mypy"))).not.toContain(trialName("mypy"))
  })
})
