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
    const sent = verifyArguments("evil.example.com/x:1", { source, login: true })
    expect(loginOf(sent)).toEqual(LOGIN)
    // Without it the module keeps them from a registry that slipway.yaml doesn't name.
    expect(sent).toContain("--login-host=evil.example.com")
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

it("verifyArguments name the service's own repository, which a release must come from", () => {
  const origin = "https://git.example.com/team/tiny"
  const args = verifyArguments("registry.example.com/x:1", { source, origin }).join(" ")
  expect(args).toContain(`with-commit --origin=${origin} with-registry`)
  expect(verifyArguments("registry.example.com/x:1", { source }).join(" ")).not.toContain("with-commit")
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

  it("hold releases to the floor that is given, and refuse one that can change", () => {
    const pinned = `https://git.example.com/policies@${"a".repeat(40)}:floor.yaml`
    const args = ciArguments({ ...options, event: "tag", policy: pinned }, commit, [])
    expect(args.join(" ")).toContain(`with-policy --address=${pinned}`)
    expect(args.indexOf("with-policy")).toBeLessThan(args.indexOf("ci"))
    expect(verifyArguments("registry.example.com/x:1", { source, policy: pinned })).toContain("with-policy")
    const branch = "https://git.example.com/policies@main:floor.yaml"
    expect(() => ciArguments({ ...options, policy: branch }, commit, [])).toThrow("POLICY_UNPINNED")
  })

  it("hand on the reasons for a deployment that the rules refuse", () => {
    const reasons = { offMain: "a", withoutHotfix: "b", offOrder: "c" }
    const args = ciArguments({ ...options, ...reasons, event: "manual", tag: "v1.2.3" }, commit, ["deploy"])
    expect(args).toEqual(expect.arrayContaining(["--off-main=a", "--without-hotfix=b", "--off-order=c"]))
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
    expect(passed(ciArguments({ ...options, ...all }, commit, ["image"]))).toEqual([
      "--identity=me@e.com",
      "--issuer=https://e.com",
      "--base-ref=main",
      "--secrets=env://A",
      "--secrets=env://B",
    ])
  })

  const SECRET =
    /^--(?:password|key|passphrase|token|plan-key|secrets)=env:\/\/|^--(?:comment-token|pull-request)=/
  const held = (given: object, ...only: string[]) =>
    ciArguments({ ...options, ...given }, commit, only)
      .filter((arg) => SECRET.test(arg))
      .map((arg) => arg.replace(/^--[a-z-]+=env:\/\//, ""))

  it("pass the login and the key only to a release, and neither with the embedded registry", () => {
    const develop = { event: "push", ref: "develop" }
    const everything = [...LOGIN, "--key=env://COSIGN_PRIVATE_KEY"]
    const secret = (args: string[]) => args.filter((arg) => /^--(username|password|key)=/.test(arg))
    expect(secret(ciArguments({ ...options, ...develop }, commit, []))).toEqual(everything)
    expect(secret(ciArguments(options, commit, ["image", "release"]))).toEqual(everything)
    expect(secret(ciArguments(options, commit, ["image", "sign"]))).toEqual(everything)
    expect(secret(ciArguments(options, commit, ["deploy"]))).toEqual(LOGIN)
    expect(secret(ciArguments(options, commit, ["quality"]))).toEqual([])
    expect(secret(ciArguments({ ...options, ...develop, embedded: true }, commit, []))).toEqual([])
  })

  describe("hand on secrets by policy", () => {
    const DEPLOYED = ["KUBECONFIG", "DATABASE_URL", "SLACK_WEBHOOK", "DAST_AUTH_HEADER"]
    const everywhere = ["STAGING_", "PRODUCTION_"].flatMap((prefix) => DEPLOYED.map((name) => prefix + name))
    const all = [...everywhere, "COSIGN_PASSWORD", "SLIPWAY_PLAN_KEY", "TF_VAR_password", "GITHUB_TOKEN"]
    const release = ["REGISTRY_PASSWORD", "COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD"]
    const of = (prefix: string) => DEPLOYED.map((name) => prefix + name)

    beforeEach(() => {
      for (const name of Object.keys(process.env))
        if (/^(ARM|AZURE|TF|GITHUB)_|KUBECONFIG/.test(name)) vi.stubEnv(name, undefined)
      for (const name of all) vi.stubEnv(name, "s3cret")
    })

    const PULL_REQUEST = { event: "pull_request", ref: "refs/pull/7/merge", baseRef: "develop" }
    it.each<[string, object, string[]]>([
      ["a local run", { event: "local" }, []],
      ["a local run of develop", { event: "local", ref: "develop" }, []],
      ["a manual run", { event: "manual", ref: "v1.2.3" }, []],
      ["a push to feature/x", { event: "push", ref: "feature/x" }, []],
      ["a push to main", { event: "push", ref: "main" }, []],
      ["a tag that is no version", { event: "tag", ref: "nightly" }, []],
      ["an unknown event", { event: "merge", ref: "develop" }, []],
      ["a fork's pull request", { ...PULL_REQUEST, fork: true }, []],
      ["a pull request to another branch", { ...PULL_REQUEST, baseRef: "feature/y" }, []],
      ["a pull request, which is planned", PULL_REQUEST, ["TF_VAR_password", "SLIPWAY_PLAN_KEY"]],
      [
        "a push to develop",
        { event: "push", ref: "develop" },
        ["TF_VAR_password", "STAGING_KUBECONFIG", ...of("STAGING_").slice(1), ...release],
      ],
      [
        "a version, whose cleanup asks both clusters",
        { event: "tag", ref: "v1.2.3" },
        ["TF_VAR_password", "STAGING_KUBECONFIG", ...of("PRODUCTION_"), ...release],
      ],
      [
        "a schedule",
        { event: "schedule", ref: "main" },
        ["TF_VAR_password", "STAGING_KUBECONFIG", "PRODUCTION_KUBECONFIG", "REGISTRY_PASSWORD"],
      ],
    ])("to %s", (_, trigger, expected) => {
      expect(held(trigger)).toEqual(expected)
    })

    it("to requested groups, for the requested environment", () => {
      const deploys = { event: "manual", environment: "production" }
      const production = of("PRODUCTION_")
      expect(held(deploys, "deploy")).toEqual([...production.slice(0, 2), "REGISTRY_PASSWORD"])
      expect(held(deploys, "deploy", "tell")).toEqual([...production.slice(0, 3), "REGISTRY_PASSWORD"])
      expect(held({ event: "manual" }, "drift")).toEqual(["TF_VAR_password"])
      expect(held({ event: "push", ref: "develop" }, "mypy")).toEqual([])
    })

    it("to no release where slipway.yaml names no registry, and to one at an address, which may", () => {
      const bare = mkdtempSync(join(tmpdir(), "slipway-test-"))
      expect(held({ source: bare, event: "push", ref: "develop" })).toEqual([])
      rmSync(bare, { recursive: true })
      const address = { source: "https://git.example.com/audio.git", event: "push", ref: "develop" }
      expect(held(address)).toContain("COSIGN_PRIVATE_KEY")
    })
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
