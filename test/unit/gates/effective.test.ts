import { describe, expect, it } from "vitest"
import { spec } from "../../../src/lib/config/config.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import type { Spec } from "../../../src/lib/config/spec.js"
import { refusedJudges, verifierNote } from "../../../src/lib/gates/comparison.js"
import { effectivePolicy, NO_FACTS, policyDigest } from "../../../src/lib/gates/effective.js"
import { KEY_RULES, ruleOf, UNGATED } from "../../../src/lib/gates/keys.js"

const settings = (yaml?: string) => effectivePolicy(parseConfig(yaml)).settings

/** The dotted keys of `slipway.yaml`, those of maps for each of their keys. */
const keysOf = (field: Spec, path: string): string[] => {
  const below = (name: string) => (path === "" ? name : `${path}.${name}`)
  if (field.kind === "section")
    return Object.entries(field.fields).flatMap(([name, each]) => keysOf(each, below(name)))
  // Services of tests are compared by their names alone.
  if (field.kind === "named") return field.known ? [path] : [below("any")]
  return field.kind === "map" ? field.keys.map(below) : [path]
}
const ALL = keysOf(spec, "")

const covered = (key: string): boolean =>
  UNGATED.some((known) => known === key || (known.endsWith(".*") && key.startsWith(known.slice(0, -1))))

describe("the rules of the keys of slipway.yaml", () => {
  it.each(ALL)("%s either decides what passes or doesn't", (key) => {
    expect([ruleOf(key) !== undefined, covered(key)].filter(Boolean)).toHaveLength(1)
  })

  it("are of keys that there are", () => {
    const stale = (rule: string) =>
      !ALL.some((key) => key === rule || (rule.endsWith(".*") && key.startsWith(rule.slice(0, -1))))
    expect([...Object.keys(KEY_RULES), ...UNGATED].filter(stale)).toEqual([])
  })
})

describe("effectivePolicy", () => {
  it("has the defaults of a service without slipway.yaml", () => {
    expect(settings()).toMatchObject({
      "quality.checks": ["black", "isort", "flake8", "mypy", "bandit"],
      "tests.coverage.above": 80,
      "security.severity": "critical",
      "deploy.soak": 300,
      "deploy.verify.production": "enforce",
      "deploy.proof.required.production": false,
      "load.load.ramps": ["60s:10", "300s:10", "60s:20", "240s:20", "60s:0"],
    })
    expect(
      Object.keys(settings()).filter((key) => /^(images|python|security\.database\.file)/.test(key)),
    ).toEqual([])
  })

  it("has what is in the place of Slipway's own", () => {
    const own = settings(
      "images: {replace: {trivy: 'x.example.com/t:1'}}\nsecurity: {database: {file: db.tar.gz}}\ntests: {coverage: {above: 0}}",
    )
    expect(own).toMatchObject({
      "images.replace.trivy": "x.example.com/t:1",
      "security.database.file": "db.tar.gz",
      "tests.coverage.above": 0,
    })
  })

  it("fills in what holds for the environment that a map leaves out", () => {
    expect(settings("deploy: {verify: {staging: enforce}}")["deploy.verify.production"]).toBe("enforce")
    expect(settings("deploy: {verify: {production: warn}}")["deploy.verify.production"]).toBe("warn")
  })
})

describe("refusedJudges", () => {
  const replaced = effectivePolicy(
    parseConfig(`images:
  prefix: m.example.com/hub
  replace: {trivy: "x.example.com/t:1", cosign: "x.example.com/c:1", postgres: "x.example.com/pgvector:15"}
security: {database: {file: db.tgz}}
`),
  )

  it("names what judges or signs a release, and nothing for a service with Slipway's own", () => {
    expect(refusedJudges(replaced, []).sort()).toEqual([
      "images.prefix=m.example.com/hub",
      "images.replace.cosign=x.example.com/c:1",
      "images.replace.trivy=x.example.com/t:1",
      "security.database.file=db.tgz",
    ])
    expect(refusedJudges(effectivePolicy(parseConfig(undefined)), [])).toEqual([])
  })

  it("are named where a release is verified with them", () => {
    expect(verifierNote(replaced)).toBe(
      "; verified with images of slipway.yaml: images.replace.cosign=x.example.com/c:1, images.prefix=m.example.com/hub",
    )
    expect(
      verifierNote(effectivePolicy(parseConfig("images: {replace: {trivy: 'x.example.com/t:1'}}"))),
    ).toBe("")
  })

  it("allows exactly the values that a caller names", () => {
    const allowed = [
      "images.prefix=m.example.com/hub",
      "images.replace.trivy=other",
      "security.database.file=db.tgz",
    ]
    expect(refusedJudges(replaced, allowed)).toEqual([
      "images.replace.trivy=x.example.com/t:1",
      "images.replace.cosign=x.example.com/c:1",
    ])
  })
})

describe("policyDigest", () => {
  const policy = effectivePolicy(parseConfig(undefined))

  it("doesn't depend on the order of keys", () => {
    const reversed = Object.fromEntries(Object.entries(policy.settings).reverse())
    expect(policyDigest({ ...policy, settings: reversed })).toBe(policyDigest(policy))
    expect(policyDigest(policy)).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it("differs with any part of the policy", () => {
    const others = [
      effectivePolicy(parseConfig("tests: {coverage: {above: 79}}")),
      effectivePolicy(parseConfig(undefined), { ...NO_FACTS, markers: { noqa: 1 } }),
      effectivePolicy(parseConfig(undefined), { ...NO_FACTS, tests: { files: 1, tests: 1, skips: 0 } }),
    ]
    expect(new Set([policy, ...others].map(policyDigest)).size).toBe(4)
  })
})
