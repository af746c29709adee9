import { describe, expect, it } from "vitest"
import { parseConfig } from "../../../src/lib/config/parse.js"
import {
  commitMessage,
  commitTargetOf,
  manifestsSecret,
  placeOfTarget,
  reasonOf,
  requireCommit,
  tagOf,
} from "../../../src/lib/deploy/commitTarget.js"
import { DIGEST } from "./objects.js"

const REPO = "https://git.example.com/team/manifests"

/** The section `deploy`, as a file has it. */
const deploy = (commit: string, more = "") =>
  parseConfig(`deploy:\n  commit: { repository: "${REPO}"${commit} }\n${more.replace(/^(?=.)/gm, "  ")}`)
    .deploy

describe("commitTargetOf", () => {
  it("is nothing without a repository", () => {
    expect(commitTargetOf(parseConfig("version: 1\n").deploy, "staging")).toBeUndefined()
  })

  it.each([
    [
      "the environment's folder of main",
      "",
      { branch: "main", folder: "staging" },
      `staging on main of ${REPO}`,
    ],
    [
      "a branch of the environment",
      ', branch: "env/{environment}", path: ./apps//api/',
      { branch: "env/staging", folder: "apps/api" },
      `apps/api on env/staging of ${REPO}`,
    ],
    ["all of it", ", path: .", { branch: "main", folder: "" }, `main of ${REPO}`],
  ])("is %s", (_, commit, expected, place) => {
    const target = commitTargetOf(deploy(commit), "staging")
    expect(target).toEqual({ repository: REPO, ...expected })
    expect(target && placeOfTarget(target)).toBe(place)
  })
})

describe("requireCommit", () => {
  it("takes settings that have an effect", () => {
    expect(() =>
      requireCommit(
        deploy("", "health: { successes: 5 }\nreadyTimeout: 1m\nmigrate: { command: none }\n"),
        false,
      ),
    ).not.toThrow()
  })

  it.each([
    ["chart: { path: chart }", "deploy.chart"],
    ["overlay: 'k8s/{environment}'", "deploy.overlay"],
    ["soak: 1m\nhold: 1m", "deploy.soak, deploy.hold"],
    ["smoke: { command: a }", "deploy.smoke.command"],
    ["smoke: { k6: a.js }", "deploy.smoke.k6"],
  ])("refuses %j, which the controller wouldn't see", (more, keys) => {
    expect(() => requireCommit(deploy("", `${more}\n`), false)).toThrow(`would have no effect: ${keys}\n`)
  })

  it("refuses one folder for two environments", () => {
    expect(() => requireCommit(deploy(", path: api"), false)).toThrow(
      "deploy.commit names one folder of one branch for staging and production: a commit would change all of them",
    )
    expect(() => requireCommit(deploy(", path: api", "environments: [staging]\n"), false)).not.toThrow()
    expect(() => requireCommit(deploy(", path: api, branch: '{environment}'"), false)).not.toThrow()
  })

  it("demands the hosts' keys for an address of SSH", () => {
    const ssh = (more: string) =>
      parseConfig(`deploy: { commit: { repository: "git@git.example.com:manifests"${more} } }`).deploy
    const none = 'no key of the hosts for "git@git.example.com:manifests"'
    expect(() => requireCommit(ssh(""), false)).toThrow(`${none}: nothing says which server to trust`)
    expect(() => requireCommit(ssh(", knownHosts: keys"), false)).toThrow(
      `${none}, as there is no file "keys"`,
    )
    expect(() => requireCommit(ssh(", knownHosts: keys"), true)).not.toThrow()
  })
})

it("a repository's login follows from its address", () => {
  expect([undefined, REPO, "ssh://git@h/x", "git@h:x", "git://h/x"].map(manifestsSecret)).toEqual([
    [],
    ["MANIFESTS_TOKEN"],
    ["MANIFESTS_SSH_KEY"],
    ["MANIFESTS_SSH_KEY"],
    [],
  ])
})

it("a commit names service, version, digest and run, on lines of their own", () => {
  const version = { name: "v1.2.3", repository: "r.io/api", digest: DIGEST, commit: "abc" }
  const reason = { service: "api", environment: "staging", version, run: "run-1", who: "ann\nX: y" }
  expect(commitMessage({ kind: "deploy", ...reason })).toBe(
    `Deploy api v1.2.3 to staging\n\nImage: r.io/api@${DIGEST}\nCommit: abc\nRun: run-1\nBy: ann X: y\n`,
  )
  const unknown = { ...reason, version: { ...version, commit: "" }, who: "" }
  expect(commitMessage({ kind: "rollback", ...unknown })).toBe(
    `Roll api back to v1.2.3 in staging\n\nImage: r.io/api@${DIGEST}\nRun: run-1\n`,
  )
})

it("a version's tag is valid, whatever its name", () => {
  expect(["v1.2.3", "develop-abc1234", "feature/x-1", "-a", "sha256:1234", "very"].map(tagOf)).toEqual([
    "1.2.3",
    "develop-abc1234",
    "feature-x-1",
    "v-a",
    "sha256-1234",
    "very",
  ])
})

it("git's reason has no token", () => {
  const said = { exitCode: 1, stderr: "noise\nfatal: denied for s3cret-token\n\n" }
  expect(reasonOf(said, "s3cret-token\n")).toBe("fatal: denied for ***")
  expect(reasonOf({ exitCode: 7, stderr: "" }, "")).toBe("git ended with 7")
})
