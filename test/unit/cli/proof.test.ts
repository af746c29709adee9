import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeEach, expect, it, vi } from "vitest"
import { proofArguments, proofText } from "../../../dagger/cli/commands/proof.js"
import { proofOf } from "../../../src/lib/migration/proof.js"
import { findStatements } from "../../../src/lib/migration/statements.js"
import { parsed } from "../migration/parsed.js"

const source = mkdtempSync(join(tmpdir(), "slipway-test-"))
writeFileSync(join(source, "slipway.yaml"), "release: { registry: registry.example.com }\n")
afterAll(() => rmSync(source, { recursive: true, force: true }))

beforeEach(() => {
  vi.stubEnv("REGISTRY_USERNAME", "me")
  vi.stubEnv("REGISTRY_PASSWORD", "s3cret")
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const LOGIN = ["--username=me", "--password=env://REGISTRY_PASSWORD"]
const given = { source, environment: "staging", previous: "v1.2.2", tag: "v1.2.3" }
const loginOf = (args: string[]): string[] => args.filter((arg) => /^--(username|password)=/.test(arg))

it("proofArguments name both releases", () => {
  const args = proofArguments(given)
  expect(args.join(" ")).toContain(
    `with-registry ${LOGIN.join(" ")} deploy --environment=staging proof --previous=v1.2.2 --next=v1.2.3 export`,
  )
  expect(args.join(" ")).not.toContain("s3cret")
  expect(proofArguments({ ...given, embedded: true })).toContain("--embedded")
})

it("proofArguments log in to the registry in slipway.yaml only", () => {
  const digest = `sha256:${"a".repeat(64)}`
  expect(loginOf(proofArguments({ ...given, previous: digest }))).toEqual(LOGIN)
  expect(loginOf(proofArguments({ ...given, previous: "registry.example.com/x:1" }))).toEqual(LOGIN)
  expect(loginOf(proofArguments({ ...given, previous: "evil.example.com/x:1" }))).toEqual([])
  expect(loginOf(proofArguments({ ...given, tag: "evil.example.com/x:1" }))).toEqual([])
  expect(loginOf(proofArguments({ ...given, embedded: true }))).toEqual([])
})

it("proofText lists each step and its problems", () => {
  const step = { name: "database" as const, milliseconds: 1, log: "" }
  const proof = proofOf(
    [{ ...step, status: "failed", reason: "no\u001b[31m" }],
    findStatements(parsed("DROP TABLE a;")),
  )
  const lines = proofText(proof).split("\n")
  expect(lines.slice(0, 2)).toEqual([
    "✗ database: no\\x1b[31m",
    "- previous schema: not tried: database failed",
  ])
  expect(lines.at(9)).toMatch(/^ {2}line 1: drop-table a: /)
  expect(lines.at(-2)).toBe("not proven: database: no\\x1b[31m")
  expect(proofText(proofOf([{ ...step, status: "passed", reason: "fine" }], []))).toContain("\nproven: ")
})
