import { execFile, execFileSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { manifestFiles, OVERTAKEN, readCommand, writeCommand } from "../../../src/lib/deploy/commitTarget.js"

const script = resolve("src/scripts/slipway_manifests.sh")
const ENV = { PATH: process.env["PATH"], GIT_CONFIG_NOSYSTEM: "1" }
const ME = ["-c", "user.name=a", "-c", "user.email=a@example.com"]

const FILES = {
  "staging/api.yaml": "image: r.io/team/api:1\n",
  "staging/db.yml": "image: postgres\n",
  "staging/äö ü.yaml": "image: api\n",
  "production/api.yaml": "image: r.io/team/api:1\n",
  "staging/api.txt": "api",
}

let template: string
let folder: string
let remote: string

const git = (...args: string[]): string =>
  execFileSync("git", [...ME, ...args], {
    cwd: folder,
    env: { ...ENV, HOME: folder },
    encoding: "utf8",
  }).trim()

beforeAll(() => {
  template = folder = mkdtempSync(join(tmpdir(), "slipway-manifests-"))
  git("init", "--quiet", "--initial-branch=main", "work")
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(join(folder, "work", name, ".."), { recursive: true })
    writeFileSync(join(folder, "work", name), text)
  }
  symlinkSync("/etc/passwd", join(folder, "work/staging/link-api.yaml"))
  git("-C", "work", "add", "--all")
  git("-C", "work", "commit", "--quiet", "--message=one")
  git("clone", "--quiet", "--bare", "work", "remote.git")
})
afterAll(() => rmSync(template, { recursive: true, force: true }))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-manifests-"))
  cpSync(template, folder, { recursive: true, verbatimSymlinks: true })
  remote = `file://${join(folder, "remote.git")}`
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Result {
  code: number
  stdout: string
  stderr: string
}

const ran = ([command = "", ...args]: string[], env: Record<string, string> = {}): Promise<Result> =>
  new Promise((done) => {
    execFile(command, args, { env: { ...ENV, HOME: folder, ...env } }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })

const target = (more: Partial<Parameters<typeof readCommand>[2]> = {}) => ({
  repository: remote,
  branch: "main",
  folder: "staging",
  ...more,
})

const read = (work: string, more = {}, env = {}) =>
  ran(readCommand(script, join(folder, work), target(more), "r.io/team/api"), env)

/** Commits a text for a file, from what `read` left. */
function write(work: string, name: string, text: string): Promise<Result> {
  const changed = join(folder, `${work}-changed`)
  mkdirSync(join(changed, name, ".."), { recursive: true })
  writeFileSync(join(changed, name), text)
  writeFileSync(join(folder, "message"), 'Deploy "api"\n\nRun: 1\n')
  return ran(
    writeCommand(script, join(folder, work), target(), { changed, message: join(folder, "message") }),
  )
}

const left = (work: string, name: string) => readFileSync(join(folder, work, name), "utf8")

describe("slipway_manifests.sh", { timeout: 60_000 }, () => {
  it("reads the YAML files of a folder that name the image, and follows no link", async () => {
    expect(await read("a")).toEqual({ code: 0, stdout: "", stderr: "" })
    expect(left("a", "head").trim()).toBe(git("-C", "remote.git", "rev-parse", "main"))
    expect(left("a", "names").split("\n")).toEqual([
      "staging/api.yaml",
      "staging/db.yml",
      "staging/äö ü.yaml",
      "",
    ])
    expect(manifestFiles(left("a", "files"))).toEqual({
      "staging/api.yaml": FILES["staging/api.yaml"],
      "staging/äö ü.yaml": "image: api\n",
    })
    await read("a", { folder: "" })
    expect(Object.keys(manifestFiles(left("a", "files")))).toContain("production/api.yaml")
    expect(await read("a", { folder: "nowhere" })).toMatchObject({ code: 0 })
    expect(left("a", "names")).toBe("")
  })

  it("commits files with a message, and pushes", async () => {
    await read("a")
    const { code, stdout } = await write("a", "staging/api.yaml", "image: new\n")
    expect(code).toBe(0)
    expect(stdout.trim()).toBe(git("-C", "remote.git", "rev-parse", "main"))
    expect(git("-C", "remote.git", "log", "-1", "--format=%an <%ae>%n%B", "main")).toBe(
      'Slipway <slipway@localhost>\nDeploy "api"\n\nRun: 1',
    )
    expect(git("-C", "remote.git", "show", "--format=", "--name-status", "main")).toBe("M\tstaging/api.yaml")
    expect(git("-C", "remote.git", "show", "main:staging/api.yaml")).toBe("image: new")
  })

  it("says that somebody else was first, forces nothing, and then commits on top of theirs", async () => {
    await read("a")
    await read("b")
    expect(await write("b", "staging/db.yml", "image: other\n")).toMatchObject({ code: 0 })
    expect(await write("a", "staging/api.yaml", "image: new\n")).toMatchObject({
      code: OVERTAKEN,
      stdout: "",
    })
    await read("a")
    expect(await write("a", "staging/api.yaml", "image: new\n")).toMatchObject({ code: 0 })
    expect(git("-C", "remote.git", "rev-list", "--count", "main")).toBe("3")
    expect(git("-C", "remote.git", "show", "main:staging/db.yml")).toBe("image: other")
  })

  it("reports why it can't: no such branch or repository, and a hook's message", async () => {
    expect(await read("a", { branch: "none" })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^fatal: Remote branch none not found/) as string,
    })
    expect(await read("a", { repository: `${remote}x` })).toMatchObject({ code: 1 })
    await read("a")
    const hook = join(folder, "remote.git/hooks/pre-receive")
    writeFileSync(hook, "#!/bin/sh\necho 'main is protected'; exit 1\n", { mode: 0o755 })
    expect(await write("a", "staging/api.yaml", "image: new\n")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/remote: main is protected.*pre-receive hook declined/) as string,
    })
  })

  it("logs in with the token, which is in no argument and no file", async () => {
    const seen: IncomingMessage[] = []
    const server = createServer((request, response) => {
      seen.push(request)
      const known = request.headers.authorization !== undefined
      response.writeHead(known ? 403 : 401, { "www-authenticate": 'Basic realm="git"' }).end()
    })
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    const { port } = server.address() as AddressInfo
    writeFileSync(join(folder, "token"), "s3cret-token\n")
    const { code, stderr } = await read(
      "a",
      { repository: `http://127.0.0.1:${port}/manifests` },
      { TOKEN_FILE: join(folder, "token") },
    )
    server.close()
    expect(code).toBe(1)
    expect(stderr).not.toContain("s3cret")
    const sent = seen.map(({ headers }) => headers.authorization).filter((header) => header !== undefined)
    expect(new Set(sent)).toEqual(new Set([`Basic ${btoa("x-access-token:s3cret-token")}`]))
    expect(await ran(["grep", "-rl", "s3cret", join(folder, "a")])).toMatchObject({ stdout: "" })
  })
})
