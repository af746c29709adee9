import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { ciArguments } from "../../../dagger/cli/commands/ci.js"
import { debugArguments } from "../../../dagger/cli/commands/debug.js"
import { verifyArguments } from "../../../dagger/cli/commands/verify.js"

const source = mkdtempSync(join(tmpdir(), "slipway-test-"))
writeFileSync(join(source, "slipway.yaml"), "release: { registry: registry.example.com }\n")
afterAll(() => rmSync(source, { recursive: true, force: true }))

const SECRETS = ["REGISTRY_PASSWORD", "ACR_PASSWORD", "AZURE_CLIENT_SECRET", "COSIGN_PRIVATE_KEY"]

beforeEach(() => {
  for (const name of ["ACR_USERNAME", "AZURE_CLIENT_ID", "COSIGN_PASSWORD", "SIGSTORE_ID_TOKEN"])
    vi.stubEnv(name, undefined)
  for (const name of SECRETS) vi.stubEnv(name, "s3cret")
  vi.stubEnv("REGISTRY_USERNAME", "me")
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const LOGIN = ["--username=me", "--password=env://REGISTRY_PASSWORD"]
const loginOf = (args: string[]): string[] => args.filter((arg) => /^--(username|password)=/.test(arg))

describe("verifyArguments", () => {
  it("log in to the registry in slipway.yaml, and to another only with --login", () => {
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true)
    expect(loginOf(verifyArguments("registry.example.com/x:1", { source }))).toEqual(LOGIN)
    expect(said).not.toHaveBeenCalled()
    expect(loginOf(verifyArguments("evil.example.com/x:1", { source }))).toEqual([])
    expect(said).toHaveBeenCalledWith(expect.stringContaining("--login"))
    expect(loginOf(verifyArguments("evil.example.com/x:1", { source, login: true }))).toEqual(LOGIN)
  })

  it("contain no login for a source at an address, an invalid reference, or the embedded registry", () => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true)
    const address = "https://git.example.com/audio.git"
    expect(loginOf(verifyArguments("registry.example.com/x:1", { source: address }))).toEqual([])
    expect(loginOf(verifyArguments("registry.example.com", { source, login: true }))).toEqual([])
    const embedded = verifyArguments("registry.example.com/x:1", { source, embedded: true, login: true })
    expect(loginOf(embedded)).toEqual([])
    expect(embedded).toContain("--embedded")
  })
})

describe("ciArguments", () => {
  const commit = { ref: "refs/heads/trunk", sha: "a".repeat(40), committed: "c", origin: "o", path: "" }
  const options = { source, out: "out" }

  it("describe the commit by git, unless options override it", () => {
    expect(ciArguments({ ...options, runId: "1" }, commit, [])).toEqual(
      expect.arrayContaining([
        "--event=local",
        "--ref=refs/heads/trunk",
        `--sha=${"a".repeat(40)}`,
        "--committed=c",
        "--origin=o",
        "--run-id=1",
      ]),
    )
    const given = { ref: "develop", sha: "s", committed: "2026-03-01T12:00:00Z", origin: "https://e.com/x" }
    expect(ciArguments({ ...options, ...given, event: "push" }, commit, [])).toEqual(
      expect.arrayContaining([
        "--ref=refs/heads/develop",
        "--sha=s",
        "--committed=2026-03-01T12:00:00Z",
        "--origin=https://e.com/x",
      ]),
    )
  })

  it("expand a version to its tag in a manual run", () => {
    expect(ciArguments({ ...options, event: "manual", ref: "v1.2.3" }, commit, [])).toContain(
      "--ref=refs/tags/v1.2.3",
    )
  })

  it("pass only the given options: a module of another version may not know the others", () => {
    const names = ["base-ref", "secrets", "identity", "issuer"]
    const passed = (args: string[]) =>
      args.filter((arg) => names.some((name) => arg.startsWith(`--${name}=`)))
    expect(passed(ciArguments(options, commit, []))).toEqual([])
    const all = {
      baseRef: "main",
      secret: ["env://A", "env://B"],
      identity: "me@e.com",
      issuer: "https://e.com",
    }
    expect(passed(ciArguments({ ...options, ...all }, commit, []))).toEqual([
      "--identity=me@e.com",
      "--issuer=https://e.com",
      "--base-ref=main",
      "--secrets=env://A",
      "--secrets=env://B",
    ])
  })

  it("pass secrets only to a release, and not with the embedded registry", () => {
    const secret = (args: string[]) => args.filter((arg) => /^--(username|password|key)=/.test(arg))
    const everything = [...LOGIN, "--key=env://COSIGN_PRIVATE_KEY"]
    expect(secret(ciArguments(options, commit, []))).toEqual(everything)
    expect(secret(ciArguments(options, commit, ["image", "release"]))).toEqual(everything)
    expect(secret(ciArguments(options, commit, ["quality"]))).toEqual([])
    expect(secret(ciArguments({ ...options, embedded: true }, commit, []))).toEqual([])
  })
})

describe("debugArguments", () => {
  it("open a stage's container with the secrets of its build", () => {
    expect(debugArguments("build", source, ["env://TOKEN"]).slice(-4)).toEqual([
      "debug",
      "--stage=build",
      "--secrets=env://TOKEN",
      "terminal",
    ])
    expect(debugArguments("mypy", source).slice(-3)).toEqual(["debug", "--stage=mypy", "terminal"])
  })

  it("pass the registry's login to release stages only, and the cluster to deployment stages only", () => {
    expect(debugArguments("publish", source).slice(-6)).toEqual([
      "with-registry",
      ...LOGIN,
      "debug",
      "--stage=publish",
      "terminal",
    ])
    expect(debugArguments("tag", source, [], { embedded: true }).slice(-5)).toEqual([
      "with-registry",
      "--embedded",
      "debug",
      "--stage=tag",
      "terminal",
    ])
    vi.stubEnv("STAGING_KUBECONFIG", "text\n")
    const deploy = debugArguments("soak", source, [], { environment: "staging" })
    expect(deploy).toEqual(
      expect.arrayContaining(["with-deploy", "--secrets=env://STAGING_KUBECONFIG", "--environment=staging"]),
    )
    expect(loginOf(deploy)).toEqual([])
    expect(debugArguments("mypy", source)).not.toContain("with-deploy")
    expect(debugArguments("mypy", source, [], { now: "2026-01-01T00:00:00Z" })).toContain(
      "--now=2026-01-01T00:00:00Z",
    )
  })

  it.each(["notify", "registry", "release", "bogus", ""])("refuse %j", (stage) => {
    let message = ""
    try {
      debugArguments(stage, source)
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain(`unknown stage "${stage}"`)
    expect(message).toMatch(/choose one of black, .*build, scan, .*\[UNKNOWN_STAGE\]$/)
  })
})
