import { describe, expect, it } from "vitest"
import { digestOfText, readNode, readReferrers } from "../../../src/lib/cleanup/inventory.js"
import { expiringExceptions } from "../../../src/lib/cleanup/records.js"
import {
  clusterMarkdown,
  clusterText,
  registryMarkdown,
  type RegistryReport,
  registryText,
} from "../../../src/lib/cleanup/report.js"
import { digest, NOW, releases } from "./repository.js"

const plan = releases(3).plan({ releases: 1 })
const report: RegistryReport = { repository: "r.example/a", kept: plan.kept, going: plan.going }
const all = plan.going.map((each) => each.digest)

describe("the report on the registry", () => {
  it("counts images to delete, deleted and not deleted", () => {
    expect(registryText(report)).toBe("2 images to delete (18 manifests), 1 image kept")
    expect(registryText({ ...report, done: { deleted: all, left: [] } })).toBe(
      "18 manifests of 2 images deleted, 1 image kept",
    )
    expect(registryText({ ...report, going: [] })).toBe("nothing to delete, 1 image kept")
  })

  it("is a table of images with escaped tags", () => {
    const hostile = { ...report, kept: [{ digest: digest("x"), tags: ["`|<b>"], why: "<script>" }] }
    const text = registryMarkdown({ ...hostile, done: { deleted: [], left: [{ what: "|", why: "no" }] } })
    expect(text).toContain("with 2 images and 3 referrers")
    expect(text).toMatch(/^\| not deleted \| <code>sha256:/m)
    expect(text).not.toMatch(/<script|<b>|`/)
  })
})

it("the report on the clusters counts by kind", () => {
  const going = [
    { kind: "Job" as const, namespace: "a", name: "b", uid: "1", why: "c" },
    { kind: "Job" as const, namespace: "a", name: "c", uid: "2", why: "c" },
    { kind: "Namespace" as const, namespace: "", name: "p", uid: "3", why: "c" },
  ]
  const made = { environments: ["staging", "production"], going }
  expect(clusterText(made)).toBe("2 Jobs, 1 Namespace in staging and production to delete")
  expect(clusterText({ ...made, done: { deleted: ["x"], left: [{ what: "y", why: "z" }] } })).toBe(
    "1 of 2 Jobs, 1 Namespace in staging and production deleted, 1 not deleted",
  )
  expect(clusterMarkdown(made)).toContain("| delete | <code>Namespace p</code> | c |")
})

describe("the inventory", () => {
  it("takes only valid digests and dates from a registry", () => {
    const child = digest("child")
    const index = {
      schemaVersion: 2,
      manifests: [
        { digest: child, mediaType: "application/vnd.oci.image.index.v1+json" },
        { digest: "sha256:short" },
        { digest: 1 },
        "no",
      ],
      subject: { digest: "--help" },
      annotations: { "org.opencontainers.image.created": "2026-01-02T03:04:05Z" },
    }
    expect(readNode(JSON.stringify(index), "r.example/a:1")).toEqual({
      children: [{ digest: child, nested: true }],
      created: Date.parse("2026-01-02T03:04:05Z"),
    })
    expect(readReferrers('{"manifests":null}', child)).toEqual([])
    expect(
      readReferrers(
        JSON.stringify({
          manifests: [{ digest: child, annotations: { "org.opencontainers.image.created": "?" } }],
        }),
        child,
      ),
    ).toEqual([{ digest: child, nested: true }])
  })

  it("refuses an answer that is no manifest, since its references would be unknown", () => {
    for (const body of ["<html>", "{}", '{"schemaVersion":2,"annotations":{"a":"\uFFFD"}}'])
      expect(() => readNode(body, "1.0.0")).toThrow(/"1.0.0".*something other than a manifest/)
    expect(() => readReferrers("<html>", digest("child"))).toThrow(/other than a list of referrers/)
  })

  it("reads a child of unknown type, which may be an index", () => {
    const body = (mediaType: string) =>
      JSON.stringify({ schemaVersion: 2, manifests: [{ digest: digest("child"), mediaType }] })
    const nested = (mediaType: string) => readNode(body(mediaType), "1").children[0]?.nested
    expect(nested("application/vnd.oci.image.manifest.v1+json")).toBe(false)
    expect(nested("application/json")).toBe(true)
  })

  it("computes the digest of a manifest", () => {
    expect(digestOfText("")).toBe("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  })
})

it("expiringExceptions reports exceptions after they expire and two weeks before", () => {
  const of = (expires: string) => ({
    file: "f.yaml",
    line: 3,
    what: "the suppression of bandit B101",
    owner: "ann",
    expires,
  })
  const reported = expiringExceptions(
    [of("2026-05-31"), of("2026-06-01"), of("2026-06-15"), of("2026-06-16"), of("")],
    new Date(NOW + 3_600_000),
  )
  expect(reported.map(({ rule, level, message }) => `${rule} ${level} ${message}`)).toEqual([
    "expired warning the suppression of bandit B101 expired on 2026-05-31, owner ann: remove or renew it",
    "expires note the suppression of bandit B101 expires today, owner ann: remove or renew it in time",
    "expires note the suppression of bandit B101 expires on 2026-06-15, owner ann: remove or renew it in time",
  ])
})
