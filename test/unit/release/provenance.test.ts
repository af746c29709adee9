import { expect, it, test } from "vitest"
import {
  type ImageBuild,
  originOfProvenance,
  provenance,
  runOfProvenance,
} from "../../../src/lib/release/provenance.js"

const SHA = "0123456789abcdef0123456789abcdef01234567"
const HEX = "ab".repeat(32)

const build = (from: Partial<ImageBuild> = {}): ImageBuild => ({
  source: "https://github.com/team/service",
  ref: "refs/tags/v1.2.3",
  sha: SHA,
  parameters: {
    platforms: ["linux/amd64", "linux/arm64"],
    dockerfile: "Dockerfile",
    target: "runtime",
    args: ["EXTRAS=gpu", "FLAGS=a=b", "EMPTY="],
  },
  baseImages: [{ reference: "python:3.11-slim", digest: `sha256:${HEX}`, platform: "linux/amd64" }],
  builder: "https://slipway.dev/builders/dagger",
  versions: { slipway: "0.1.0", dagger: "0.21.8" },
  run: {
    id: "run-7",
    event: "push",
    startedAt: "2026-11-23T12:00:00.000Z",
    finishedAt: "2026-11-23T12:03:00.000Z",
  },
  ...from,
})

it("provenance has the fields of SLSA's predicate", () => {
  expect(provenance(build())).toEqual({
    buildDefinition: {
      buildType: "https://slipway.dev/build-types/image/v1",
      externalParameters: {
        source: "git+https://github.com/team/service@refs/tags/v1.2.3",
        ref: "refs/tags/v1.2.3",
        platforms: ["linux/amd64", "linux/arm64"],
        dockerfile: "Dockerfile",
        target: "runtime",
        args: { EXTRAS: "gpu", FLAGS: "a=b", EMPTY: "" },
      },
      internalParameters: { event: "push" },
      resolvedDependencies: [
        { uri: "git+https://github.com/team/service@refs/tags/v1.2.3", digest: { gitCommit: SHA } },
        { uri: "pkg:docker/python@3.11-slim?platform=linux%2Famd64", digest: { sha256: HEX } },
      ],
    },
    runDetails: {
      builder: { id: "https://slipway.dev/builders/dagger", version: { slipway: "0.1.0", dagger: "0.21.8" } },
      metadata: {
        invocationId: "run-7",
        startedOn: "2026-11-23T12:00:00.000Z",
        finishedOn: "2026-11-23T12:03:00.000Z",
      },
      byproducts: [],
    },
  })
})

test.each([
  ["python:3.11-slim", "pkg:docker/python@3.11-slim"],
  ["python", `pkg:docker/python@sha256%3A${HEX}`],
  [`python@sha256:${HEX}`, `pkg:docker/python@sha256%3A${HEX}`],
  ["docker.io/library/python:3", "pkg:docker/library/python@3"],
  ["quay.io/a/b:1", "pkg:docker/a/b@1?repository_url=quay.io"],
  ["r:5000/a:1", "pkg:docker/a@1?repository_url=r%3A5000"],
  ["localhost/a", `pkg:docker/a@sha256%3A${HEX}?repository_url=localhost`],
])("provenance names the base image %s by its package URL", (reference, uri) => {
  const made = provenance(build({ baseImages: [{ reference, digest: `sha256:${HEX}` }] }))
  expect(made.buildDefinition.resolvedDependencies[1]).toEqual({ uri, digest: { sha256: HEX } })
})

it("provenance leaves out a password in the source's address", () => {
  const made = JSON.stringify(
    provenance(build({ source: "https://u:s3cret@git.example.com/a?token=t0ken#x" })),
  )
  expect(made).toContain("git+https://git.example.com/a@refs/tags/v1.2.3")
  expect(made).not.toMatch(/s3cret|t0ken/)
})

it("provenance has no dependencies without a known source", () => {
  const { resolvedDependencies } = provenance(
    build({ source: "", ref: "", sha: "", baseImages: [] }),
  ).buildDefinition
  expect(resolvedDependencies).toEqual([])
})

it("runOfProvenance and originOfProvenance read a provenance, and nothing from invalid ones", () => {
  const made: unknown = JSON.parse(JSON.stringify(provenance(build())))
  expect(runOfProvenance(made)).toBe("run-7")
  const source = "https://github.com/team/service"
  expect(originOfProvenance(made)).toEqual({
    builder: "https://slipway.dev/builders/dagger",
    ref: "refs/tags/v1.2.3",
    source,
    checkouts: [{ source, commit: SHA }],
  })
  for (const other of [
    undefined,
    null,
    "x",
    [],
    {},
    { buildDefinition: { resolvedDependencies: [null, 1] } },
  ]) {
    expect(runOfProvenance(other)).toBe("")
    expect(originOfProvenance(other)).toEqual({ builder: "", ref: "", source: "", checkouts: [] })
  }
})
