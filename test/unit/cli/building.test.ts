import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { buildArguments, secretArguments } from "../../../dagger/cli/commands/building.js"
import { historyFolder, readsHistory, writeHistory } from "../../../dagger/cli/commands/gitHistory.js"
import { dockerSecret, mountedName, mountedSecret } from "../../../dagger/cli/commands/secretOptions.js"
import { agentSocket } from "../../../dagger/cli/commands/sshAgent.js"

const root = mkdtempSync(join(tmpdir(), "slipway-building-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folders = 0
const folderWith = (files: Record<string, string> = {}): string => {
  const folder = join(root, String((folders += 1)))
  for (const [name, text] of Object.entries({ "app.py": "x = 1\n", ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const ENV = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" }
const WHO = ["-c", "user.name=a", "-c", "user.email=a@localhost"]

function git(folder: string, ...args: string[]): string {
  const date = { GIT_AUTHOR_DATE: "2026-03-01T12:00:00Z", GIT_COMMITTER_DATE: "2026-03-01T12:00:00Z" }
  const done = spawnSync("git", [...WHO, "-C", folder, ...args], {
    env: { ...process.env, ...ENV, ...date },
    encoding: "utf8",
  })
  if (done.status !== 0) throw new Error(done.stderr)
  return done.stdout.trim()
}

describe("secrets of a Dockerfile", () => {
  it("are passed by address, those of Docker's form too", () => {
    expect(secretArguments()).toEqual([])
    const secrets = ["env://TOKEN", "file://./a b", "id=pip,env=PIP_TOKEN", "id=npmrc,src=.npmrc", "id=KEY"]
    expect(secretArguments(secrets)).toEqual([
      "--secrets=env://TOKEN",
      "--secrets=file://./a b",
      "--secrets=env://PIP_TOKEN",
      "--secrets=file://.npmrc",
      "--secrets=env://KEY",
    ])
  })

  it.each([
    ["id=pip,env=PIP_TOKEN", "pip"],
    ["id=rc,src=/home/me/.netrc", "rc"],
    ["id=TOKEN,env=TOKEN", undefined],
    ["id=token,type=file,source=/run/token", undefined],
    ["env://TOKEN?cacheKey=x", undefined],
  ])("%s is mounted as %s, and is repeated so", (text, id) => {
    const secret = mountedSecret(text)
    expect(secret.id).toBe(id)
    expect(mountedSecret(dockerSecret(secret.address, secret.id))).toEqual(secret)
    expect(mountedName(secret.address)).not.toContain("/")
  })
})

describe("the SSH agent", () => {
  let key = ""
  beforeAll(() => {
    key = join(folderWith(), "key")
    spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "deploy", "-f", key])
  })
  const keysOf = (socket = "") =>
    spawnSync("ssh-add", ["-l"], { env: { ...process.env, SSH_AUTH_SOCK: socket }, encoding: "utf8" }).stdout

  it("isn't passed unless asked for", () => {
    expect(agentSocket(undefined, { SSH_AUTH_SOCK: "/run/agent" })).toBeUndefined()
  })

  it("of a key holds that key alone, by its file or by its text", () => {
    const byFile = agentSocket(key, {})
    const byText = agentSocket(undefined, { SLIPWAY_SSH_KEY: readFileSync(key, "utf8") })
    for (const socket of [byFile, byText]) expect(keysOf(socket)).toMatch(/^256 \S+ deploy \(ED25519\)\n$/)
    expect(statSync(dirname(byFile ?? "")).mode & 0o077).toBe(0)
    // A socket is taken as it is, and so is that of the session.
    expect(agentSocket(byFile, {})).toBe(byFile)
    expect(agentSocket("agent", { SSH_AUTH_SOCK: byFile })).toBe(byFile)
  })

  it("is missed with what to do, and a file that is no key without its text", () => {
    expect(() => agentSocket("agent", {})).toThrow(/SSH_AUTH_SOCK isn't set.*ssh-add/s)
    expect(() => agentSocket("agent", { SSH_AUTH_SOCK: "/nowhere" })).toThrow(/no SSH agent at "\/nowhere"/)
    expect(() => agentSocket(join(root, "none"), {})).toThrow(/SSH key .*none.*No such file/s)
    expect(() => agentSocket(undefined, { SLIPWAY_SSH_KEY: "hunter2" })).toThrow(
      /SSH key "SLIPWAY_SSH_KEY" can't be used: (?!.*hunter2)/s,
    )
  })
})

describe("the history of the sources", () => {
  const DOCKERFILE = "FROM a\nRUN --mount=source=.git,target=.git,type=bind pip install .\n"

  const repository = (): string => {
    const folder = folderWith({ Dockerfile: DOCKERFILE, "big.bin": "old and secret" })
    git(folder, "init", "--quiet", "--initial-branch=feature/x")
    git(folder, "remote", "add", "origin", "https://user:hunter2@example.com/a.git")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    git(folder, "tag", "v1.0.0")
    git(folder, "tag", "-a", "v1.1.0", "-m", "second")
    rmSync(join(folder, "big.bin"))
    git(folder, "commit", "--quiet", "-am", "two")
    return folder
  }
  const filesIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()

  it("is that of the present commit: tags, branch, and files as they are", () => {
    const source = repository()
    const copy = folderWith()
    const folder = historyFolder(source)
    expect(folder).toBeDefined()
    spawnSync("cp", ["-r", folder ?? "", join(copy, ".git")])
    const asked: string[][] = [
      ["describe", "--tags", "--long", "--dirty", "--always"],
      ["describe"],
      ["rev-parse", "HEAD", "--abbrev-ref", "HEAD"],
      ["rev-list", "--count", "HEAD"],
      ["log", "--format=%H %cI %s"],
      ["tag", "--list"],
    ]
    writeFileSync(join(copy, "Dockerfile"), DOCKERFILE)
    for (const args of asked) expect(git(copy, ...args), args.join(" ")).toBe(git(source, ...args))
    expect(git(copy, "status", "--porcelain")).toBe("")
    expect(git(copy, "archive", "HEAD", "--format=tar")).toContain("Dockerfile")
    // What earlier commits had, and the settings of the clone, aren't in it.
    expect(() => git(copy, "cat-file", "-p", "v1.0.0:big.bin")).toThrow()
    expect(filesIn(folder ?? "").filter((name) => /config|hooks|logs/.test(name))).toEqual([])
  })

  it("is the same from each clone, also in a worktree and without a branch", () => {
    const source = repository()
    const clones = [source, join(root, "clone"), join(root, "worktree")]
    git(root, "clone", "--quiet", source, "clone")
    git(source, "worktree", "add", "--quiet", "--detach", join(root, "worktree"))
    git(join(root, "clone"), "gc", "--quiet", "--aggressive")
    const contents = clones.map((clone) => {
      const folder = folderWith()
      expect(writeHistory(clone, folder)).toBe(true)
      return filesIn(folder).filter((name) => /\.pack$|index$/.test(name))
    })
    expect(contents[0]).toHaveLength(2)
    expect(contents[1]).toEqual(contents[0])
    expect(contents[2]).toEqual(contents[0])
  })

  it("is left out unless the Dockerfile needs it", () => {
    const needs = (files: Record<string, string>) => readsHistory(folderWith(files))
    expect(needs({ Dockerfile: DOCKERFILE })).toBe(true)
    expect(needs({ Dockerfile: "FROM a\nCOPY . /app\n" })).toBe(false)
    expect(needs({})).toBe(false)
    expect(needs({ Dockerfile: DOCKERFILE, ".dockerignore": ".git\n" })).toBe(false)
    expect(needs({ "slipway.yaml": "image: { dockerfile: d/D }\n", "d/D": DOCKERFILE })).toBe(true)
    const elsewhere = folderWith({ "docker/Dockerfile": DOCKERFILE.replace("FROM a", "FROM python:3.11") })
    git(elsewhere, "init", "--quiet")
    expect(readsHistory(elsewhere)).toBe(true)
    expect(historyFolder(folderWith({ Dockerfile: DOCKERFILE }))).toBeUndefined()
    expect(historyFolder("https://example.com/a.git#main")).toBeUndefined()
  })

  it("is passed with a source, and not with a service in it, whose folder has none", () => {
    const source = repository()
    expect(buildArguments(source, {})[1]).toMatch(/^--git=/)
    expect(buildArguments(source, { service: "api" })).toEqual([])
  })
})
