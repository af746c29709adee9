import { describe, expect, it } from "vitest"
import { intersectPlans, unreadManifests } from "../../../src/lib/cleanup/decide.js"
import { deletionWaves } from "../../../src/lib/cleanup/order.js"
import { addRelease, digest, releases, Repository } from "./repository.js"

const RELEASE = ["", "-amd", "-arm"]

/** All that goes with a release. */
const whole = (name: string): string[] =>
  RELEASE.flatMap((part) => ["", "-sig", "-list"].map((end) => `${name}${part}${end}`)).sort()

describe("releases", () => {
  it("are kept by their number, the newest; the others go with all that refers to them", () => {
    const repository = releases(5)
    const plan = repository.plan({ releases: 3 })
    expect(repository.kept(plan)).toEqual({
      v3: "one of the newest releases",
      v4: "one of the newest releases",
      v5: "one of the newest releases",
    })
    expect(repository.going(plan).sort()).toEqual([...whole("v1"), ...whole("v2")].sort())
  })

  it("go in an order in which nothing is left without what it refers to", () => {
    const repository = releases(3)
    const order = repository.going(repository.plan({ releases: 1 }))
    const at = (name: string) => order.indexOf(name)
    for (const name of ["v1", "v2"])
      for (const part of RELEASE) {
        expect(at(`${name}${part}-sig`)).toBeLessThan(at(`${name}${part}-list`))
        expect(at(`${name}${part}-list`)).toBeLessThan(at(`${name}${part}`))
        expect(at(name)).toBeLessThanOrEqual(at(`${name}${part}`))
      }
  })

  it("are counted by their dates, and those of one date by version", () => {
    const repository = new Repository().image("fix of the old line", 8, ["1.9.1"])
    for (const minor of [9, 11, 8, 10, 7]) repository.image(`of 2.${minor}`, 20, [`2.${minor}.0`])
    expect(Object.keys(repository.kept(repository.plan({ releases: 3 }))).sort()).toEqual([
      "fix of the old line",
      "of 2.10",
      "of 2.11",
    ])
  })

  it("before a release are builds, and take no release's place", () => {
    const repository = new Repository().image("rc", 8, ["2.0.0-rc.1"]).image("old", 90, ["1.0.0"])
    const plan = repository.plan({ releases: 1, builds: 1 })
    expect(repository.kept(plan)).toEqual({
      rc: "one of the newest builds",
      old: "one of the newest releases",
    })
  })

  it("that are young stay, by when they were signed", () => {
    const repository = releases(3).refers("late signature", "v1-arm", 2)
    const kept = repository.kept(repository.plan({ releases: 1, minimumAge: 7 * 86_400 }))
    expect(kept).toMatchObject({ v1: "younger than 7 days" })
    expect(Object.keys(kept)).toEqual(["v1", "v3"])
  })

  it("of unknown age stay, and are asked about", () => {
    const repository = new Repository()
      .image("new", 9, ["2.0.0"])
      .image("undated", undefined, ["1.0.0"], ["child"])
    repository.referrers.clear()
    const plan = repository.plan({ releases: 1 })
    expect(repository.kept(plan)["undated"]).toBe("its age isn't known")
    expect(plan.unreadReferrers.map(repository.nameOf).sort()).toEqual(["child", "undated"])
    expect(repository.going(repository.plan({ releases: 1, minimumAge: 0 }))).toEqual(["undated", "child"])
  })
})

describe("what stays", () => {
  it("has a tag that is protected, whatever else holds", () => {
    const repository = releases(3).tag("stable-1", "v1")
    expect(repository.kept(repository.plan({ releases: 1, protect: ["stable-*"] }))).toMatchObject({
      v1: "its tag is protected (stable-*)",
    })
  })

  it("has no tag of those that Slipway sets", () => {
    const repository = releases(1).image("golden", 999, ["golden"])
    expect(repository.kept(repository.plan())["golden"]).toBe("it has no tag that Slipway sets")
  })

  it("is used: by digest, by that of one of its images, or by tag", () => {
    const repository = releases(5)
    const uses = [
      { digest: digest("v1"), why: "production runs it" },
      { digest: digest("v2-arm"), why: "staging runs it" },
      { tag: "3.0.0", why: "a CronJob of production" },
    ]
    const plan = repository.plan({ releases: 1 }, uses)
    expect(repository.kept(plan)).toMatchObject({
      v1: "production runs it",
      v2: "staging runs it",
      v3: "a CronJob of production",
    })
    expect(repository.going(plan).sort()).toEqual(whole("v4"))
  })

  it("is used without any tag, with its images", () => {
    const repository = releases(2).image("moved on", 50, [], ["v1-amd"])
    const plan = repository.plan({ releases: 1 }, [{ digest: digest("moved on"), why: "production runs it" }])
    const going = repository.going(plan)
    expect(going).toContain("v1")
    expect(going.filter((name) => name.startsWith("v1-amd"))).toEqual([])
  })

  it("is an image that another index has too, with its signatures", () => {
    const repository = new Repository()
      .image("old", 90, ["1.0.0"], ["shared", "own"])
      .image("new", 9, ["2.0.0"], ["shared"])
      .refers("signature", "shared")
    expect(repository.going(repository.plan({ releases: 1 }))).toEqual(["old", "own"])
  })

  it("is referred to by what stays", () => {
    const repository = releases(2).artifact("report", "audit-2025", "v1-amd")
    const plan = repository.plan({ releases: 1, protect: ["audit-*"] })
    expect(repository.kept(plan)).toMatchObject({
      report: "its tag is protected (audit-*)",
      v1: expect.stringMatching(/^sha256:[0-9a-f]{12} refers to it, and stays$/) as string,
    })
    expect(plan.going).toEqual([])
  })
})

describe("what goes along", () => {
  it("is deleted once where two indexes have it, after both", () => {
    const repository = new Repository()
      .image("one", 90, ["1.0.0"], ["shared"])
      .image("two", 80, ["2.0.0"], ["shared"])
      .image("three", 9, ["3.0.0"])
    const plan = repository.plan({ releases: 1 })
    expect(repository.going(plan).at(-1)).toBe("shared")
    expect(plan.going.at(-1)?.after.map(repository.nameOf).sort()).toEqual(["one", "two"])
  })

  it("is what refers to it, of whatever kind and under whatever tag, and what refers to that", () => {
    const repository = new Repository()
      .image("old", 90, ["1.0.0"])
      .image("new", 9, ["2.0.0"])
      .refers("nobody knows", "old")
      .refers("signature of that", "nobody knows")
      .attach("by cosign 2", "old", ".sig")
      .attach("attested by cosign 2", "old", ".att")
      .artifact("bill", "sbom-of-1", "old")
    const order = repository.going(repository.plan({ releases: 1 }))
    expect(order.at(-1)).toBe("old")
    expect(order.indexOf("signature of that")).toBeLessThan(order.indexOf("nobody knows"))
    expect([...order].sort()).toEqual(
      ["attested by cosign 2", "bill", "by cosign 2", "nobody knows", "old", "signature of that"].sort(),
    )
  })

  it("is an index with all of its tags", () => {
    const repository = releases(2).tag("1.0", "v1").tag("1", "v1")
    const [found] = repository.plan({ releases: 1 }).going.filter(({ kind }) => kind === "release")
    expect(found?.tags).toEqual(["1.0.0", "sha-000000000001", "1.0", "1"])
  })

  it("has to be asked about first", () => {
    const repository = releases(2)
    repository.referrers.clear()
    const plan = repository.plan({ releases: 1, minimumAge: 0 })
    expect(plan.unreadReferrers.map(repository.nameOf).sort()).toEqual(["v1", "v1-amd", "v1-arm"])
  })
})

describe("what a cleanup that was interrupted has left", () => {
  it("is an image without an index, which its signature's tag tells of", () => {
    const repository = releases(1)
      .image("left", undefined, [])
      .refers("left-sig", "left", 30)
      .attach("left-list", "left")
    expect(repository.going(repository.plan())).toEqual(["left-sig", "left-list", "left"])
  })

  it("is left alone for a day: it may be about to get its tags", () => {
    const repository = releases(1)
      .image("new", undefined, [])
      .refers("new-sig", "new", 0.5)
      .attach("new-list", "new")
    const plan = repository.plan({ minimumAge: 0 })
    expect(plan.going).toEqual([])
    expect(repository.kept(plan)["new"]).toBe("younger than 1 day")
  })

  it("is a signature whose image is gone, once that was looked for", () => {
    const repository = releases(1).attach("lost", "nowhere", ".sig")
    expect(unreadManifests(repository.inventory, [])).toEqual([digest("nowhere")])
    expect(repository.plan().going).toEqual([])
    expect(repository.gone("nowhere").going(repository.plan())).toEqual(["lost"])
  })
})

it("what is attached to a referrer stays with that, though nobody knows what it refers to", () => {
  const repository = releases(1).untagged("bill", "elsewhere").attach("signature", "bill", ".sig")
  expect(repository.plan().going).toEqual([])
})

describe("two plans", () => {
  it("leave a release whole that was signed in between", () => {
    const before = releases(3)
    const after = releases(3).refers("new signature", "v1-arm", 30)
    const { plan } = intersectPlans(before.plan({ releases: 1 }), after.plan({ releases: 1 }))
    expect(after.going(plan).sort()).toEqual(whole("v2"))
  })

  it("agree on nothing whose tag has moved to it in between", () => {
    const before = releases(3)
    const after = releases(3).tag("develop", "v1")
    const { plan, changed } = intersectPlans(before.plan({ releases: 1 }), after.plan({ releases: 1 }))
    expect(changed.map(({ digest: found, why }) => [after.nameOf(found), why])).toEqual([
      ["v1", "its tag is protected (develop)"],
    ])
    expect(after.going(plan).sort()).toEqual(whole("v2"))
  })

  it("spare what a new index shares", () => {
    const before = releases(2)
    const after = releases(2).image("v9", 0, ["9.0.0"], ["v1-amd"])
    const { plan } = intersectPlans(before.plan({ releases: 1 }), after.plan({ releases: 2 }))
    expect(after.going(plan)).not.toContain("v1-amd")
    expect(after.going(plan)).toContain("v1")
  })

  it("leave what only the later one would delete, with what waits for it", () => {
    const before = releases(3)
    const after = releases(3)
    addRelease(after, 4, 0)
    after.image("v1b", 99, ["1.0.1"], ["v1-arm"])
    const { plan } = intersectPlans(before.plan({ releases: 2 }), after.plan({ releases: 2 }))
    // v2 is one too many only now; v1b came in between, and needs one of v1's images.
    const going = after.going(plan)
    expect(going.filter((name) => /^v2|^v1b|^v1-arm$/.test(name))).toEqual([])
    expect(going).toContain("v1-amd")
  })
})

it("waves hold what waits for none of the others", () => {
  const list = [
    { digest: "c", after: ["a", "b"] },
    { digest: "a", after: [] },
    { digest: "b", after: ["a", "elsewhere"] },
  ]
  expect(deletionWaves(list).map((wave) => wave.map((each) => each.digest))).toEqual([["a"], ["b"], ["c"]])
  expect(deletionWaves([{ digest: "x", after: ["x"] }])).toEqual([])
})
