import { describe, expect, it } from "vitest"
import { intersectPlans, unreadManifests } from "../../../src/lib/cleanup/decide.js"
import { deletionWaves } from "../../../src/lib/cleanup/order.js"
import { addRelease, digest, releases, Repository } from "./repository.js"

const RELEASE = ["", "-amd", "-arm"]

/** All manifests that are deleted with a release. */
const whole = (name: string): string[] =>
  RELEASE.flatMap((part) => ["", "-sig", "-list"].map((end) => `${name}${part}${end}`)).sort()

describe("decide on releases", () => {
  it("keeps the newest and deletes the others with their referrers", () => {
    const repository = releases(5)
    const plan = repository.plan({ releases: 3 })
    expect(repository.kept(plan)).toEqual({
      v3: "one of the newest releases",
      v4: "one of the newest releases",
      v5: "one of the newest releases",
    })
    expect(repository.going(plan).sort()).toEqual([...whole("v1"), ...whole("v2")].sort())
  })

  it("deletes signatures before their image, an index before its images, and the lists by which they are found last", () => {
    const repository = releases(3)
    const order = repository.going(repository.plan({ releases: 1 }))
    const at = (name: string) => order.indexOf(name)
    for (const name of ["v1", "v2"])
      for (const part of RELEASE) {
        expect(at(`${name}${part}-sig`)).toBeLessThan(at(`${name}${part}`))
        expect(at(`${name}${part}`)).toBeLessThan(at(`${name}${part}-list`))
        expect(at(name)).toBeLessThanOrEqual(at(`${name}${part}`))
        if (part !== "") expect(at(name)).toBeLessThan(at(`${name}${part}-sig`))
      }
  })

  it("sorts by date, then by version", () => {
    const repository = new Repository().image("fix of the old line", 8, ["1.9.1"])
    for (const minor of [9, 11, 8, 10, 7]) repository.image(`of 2.${minor}`, 20, [`2.${minor}.0`])
    expect(Object.keys(repository.kept(repository.plan({ releases: 3 }))).sort()).toEqual([
      "fix of the old line",
      "of 2.10",
      "of 2.11",
    ])
  })

  it("counts pre-releases as builds", () => {
    const repository = new Repository().image("rc", 8, ["2.0.0-rc.1"]).image("old", 90, ["1.0.0"])
    const plan = repository.plan({ releases: 1, builds: 1 })
    expect(repository.kept(plan)).toEqual({
      rc: "one of the newest builds",
      old: "one of the newest releases",
    })
  })

  it("keeps young ones, by the date of their signature", () => {
    const repository = releases(3).refers("late signature", "v1-arm", 2)
    const kept = repository.kept(repository.plan({ releases: 1, minimumAge: 7 * 86_400 }))
    expect(kept).toMatchObject({ v1: "younger than 7 days" })
    expect(Object.keys(kept)).toEqual(["v1", "v3"])
  })

  it("keeps those of unknown age and reads their referrers", () => {
    const repository = new Repository()
      .image("new", 9, ["2.0.0"])
      .image("undated", undefined, ["1.0.0"], ["child"])
    repository.referrers.clear()
    const plan = repository.plan({ releases: 1 })
    expect(repository.kept(plan)["undated"]).toBe("its age is unknown")
    expect(plan.unreadReferrers.map(repository.nameOf).sort()).toEqual(["child", "undated"])
    expect(repository.going(repository.plan({ releases: 1, minimumAge: 0 }))).toEqual(["undated", "child"])
  })
})

describe("decide keeps an image that", () => {
  it("has a protected tag", () => {
    const repository = releases(3).tag("stable-1", "v1")
    expect(repository.kept(repository.plan({ releases: 1, protect: ["stable-*"] }))).toMatchObject({
      v1: "its tag is protected (stable-*)",
    })
  })

  it("has only tags that aren't from Slipway", () => {
    const repository = releases(1).image("golden", 999, ["golden"])
    expect(repository.kept(repository.plan())["golden"]).toBe("its tags aren't from Slipway")
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

  it("is also in another index, with its signatures", () => {
    const repository = new Repository()
      .image("old", 90, ["1.0.0"], ["shared", "own"])
      .image("new", 9, ["2.0.0"], ["shared"])
      .refers("signature", "shared")
    expect(repository.going(repository.plan({ releases: 1 }))).toEqual(["old", "own"])
  })

  it("has a referrer that is kept", () => {
    const repository = releases(2).artifact("report", "audit-2025", "v1-amd")
    const plan = repository.plan({ releases: 1, protect: ["audit-*"] })
    expect(repository.kept(plan)).toMatchObject({
      report: "its tag is protected (audit-*)",
      v1: expect.stringMatching(/^sha256:[0-9a-f]{12} refers to it and is kept$/) as string,
    })
    expect(plan.going).toEqual([])
  })
})

describe("decide deletes with an image", () => {
  it("a shared image once, after both indexes", () => {
    const repository = new Repository()
      .image("one", 90, ["1.0.0"], ["shared"])
      .image("two", 80, ["2.0.0"], ["shared"])
      .image("three", 9, ["3.0.0"])
    const plan = repository.plan({ releases: 1 })
    expect(repository.going(plan).at(-1)).toBe("shared")
    expect(plan.going.at(-1)?.after.map(repository.nameOf).sort()).toEqual(["one", "two"])
  })

  it("its referrers of any kind and tag, and their referrers", () => {
    const repository = new Repository()
      .image("old", 90, ["1.0.0"])
      .image("new", 9, ["2.0.0"])
      .refers("nobody knows", "old")
      .refers("signature of that", "nobody knows")
      .attach("by cosign 2", "old", ".sig")
      .attach("attested by cosign 2", "old", ".att")
      .artifact("bill", "sbom-of-1", "old")
    const order = repository.going(repository.plan({ releases: 1 }))
    expect(order.indexOf("old")).toBeGreaterThan(order.indexOf("nobody knows"))
    // What is attached by its tag alone leads the next cleanup to what an interrupted one leaves.
    expect(order.indexOf("by cosign 2")).toBeGreaterThan(order.indexOf("old"))
    expect(order.indexOf("signature of that")).toBeLessThan(order.indexOf("nobody knows"))
    expect([...order].sort()).toEqual(
      ["attested by cosign 2", "bill", "by cosign 2", "nobody knows", "old", "signature of that"].sort(),
    )
  })

  it("the index with all of its tags", () => {
    const repository = releases(2).tag("1.0", "v1").tag("1", "v1")
    const [found] = repository.plan({ releases: 1 }).going.filter(({ kind }) => kind === "release")
    expect(found?.tags).toEqual(["1.0.0", "sha-000000000001", "1.0", "1"])
  })

  it("nothing until its referrers are read", () => {
    const repository = releases(2)
    repository.referrers.clear()
    const plan = repository.plan({ releases: 1, minimumAge: 0 })
    const unread = plan.unreadReferrers.map(repository.nameOf)
    // Those of what is kept as well: they may contain what is to be deleted.
    for (const name of ["v1", "v1-amd", "v1-arm", "v2", "v2-amd", "v2-amd-sig"])
      expect(unread).toContain(name)
  })
})

describe("decide after an interrupted cleanup", () => {
  it("deletes an image without an index, found by its signature's tag", () => {
    const repository = releases(1)
      .image("left", undefined, [])
      .refers("left-sig", "left", 30)
      .attach("left-list", "left")
    expect(repository.going(repository.plan())).toEqual(["left-sig", "left", "left-list"])
  })

  it("keeps an untagged image for a day, since it may still get its tags", () => {
    const repository = releases(1)
      .image("new", undefined, [])
      .refers("new-sig", "new", 0.5)
      .attach("new-list", "new")
    const plan = repository.plan({ minimumAge: 0 })
    expect(plan.going).toEqual([])
    expect(repository.kept(plan)["new"]).toBe("younger than 1 day")
  })

  it("deletes a signature whose image was looked up and doesn't exist", () => {
    const repository = releases(1).attach("lost", "nowhere", ".sig")
    expect(unreadManifests(repository.inventory, [])).toEqual([digest("nowhere")])
    expect(repository.plan().going).toEqual([])
    expect(repository.gone("nowhere").going(repository.plan())).toEqual(["lost"])
  })
})

it("decide keeps referrers of a referrer with an unknown subject", () => {
  const repository = releases(1).untagged("bill", "elsewhere").attach("signature", "bill", ".sig")
  expect(repository.plan().going).toEqual([])
})

describe("intersectPlans", () => {
  it("keeps a release that was signed in between", () => {
    const before = releases(3)
    const after = releases(3).refers("new signature", "v1-arm", 30)
    const { plan } = intersectPlans(before.plan({ releases: 1 }), after.plan({ releases: 1 }))
    expect(after.going(plan).sort()).toEqual(whole("v2"))
  })

  it("keeps an image whose tag moved to it in between", () => {
    const before = releases(3)
    const after = releases(3).tag("develop", "v1")
    const { plan, changed } = intersectPlans(before.plan({ releases: 1 }), after.plan({ releases: 1 }))
    expect(changed.map(({ digest: found, why }) => [after.nameOf(found), why])).toEqual([
      ["v1", "its tag is protected (develop)"],
    ])
    expect(after.going(plan).sort()).toEqual(whole("v2"))
  })

  it("keeps an image that a new index shares", () => {
    const before = releases(2)
    const after = releases(2).image("v9", 0, ["9.0.0"], ["v1-amd"])
    const { plan } = intersectPlans(before.plan({ releases: 1 }), after.plan({ releases: 2 }))
    expect(after.going(plan)).not.toContain("v1-amd")
    expect(after.going(plan)).toContain("v1")
  })

  it("keeps what only the later plan would delete, with its dependents", () => {
    const before = releases(3)
    const after = releases(3)
    addRelease(after, 4, 0)
    after.image("v1b", 99, ["1.0.1"], ["v1-arm"])
    const { plan } = intersectPlans(before.plan({ releases: 2 }), after.plan({ releases: 2 }))
    // v2 exceeds the limit only now; v1b was added in between, and shares one of v1's images.
    const going = after.going(plan)
    expect(going.filter((name) => /^v2|^v1b|^v1-arm$/.test(name))).toEqual([])
    expect(going).toContain("v1-amd")
  })
})

it("deletionWaves groups deletions that don't depend on each other", () => {
  const list = [
    { digest: "c", after: ["a", "b"] },
    { digest: "a", after: [] },
    { digest: "b", after: ["a", "elsewhere"] },
  ]
  expect(deletionWaves(list).map((wave) => wave.map((each) => each.digest))).toEqual([["a"], ["b"], ["c"]])
  expect(deletionWaves([{ digest: "x", after: ["x"] }])).toEqual([])
})
