import { execFile, execFileSync, spawn } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { notesCommand } from "../../../src/lib/deploy/notes.js"
import { ledgerLine, nextEntry } from "../../../src/lib/run/ledger.js"

const script = resolve("src/scripts/slipway_notes.sh")
const UNKNOWN = "0123456789".repeat(4)
const ENV = {
  PATH: process.env["PATH"],
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@example.com",
}

let folder: string
let remote: string
/** Returns the remote's commits, the oldest first. */
let commits: string[]
const servers: Server[] = []

const git = (...args: string[]): string =>
  execFileSync("git", args, { cwd: folder, env: { ...ENV, HOME: folder }, encoding: "utf8" }).trim()

/** A repository and its remote, copied for each test. */
let template: string

beforeAll(() => {
  template = folder = mkdtempSync(join(tmpdir(), "slipway-notes-"))
  git("init", "--quiet", "--initial-branch=main", "work")
  for (const message of ["one", "two"]) git("-C", "work", "commit", "--quiet", "--allow-empty", "-m", message)
  git("clone", "--quiet", "--bare", "work", "remote.git")
  commits = git("-C", "work", "rev-list", "--reverse", "main").split("\n")
})
afterAll(() => rmSync(template, { recursive: true, force: true }))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-notes-"))
  cpSync(template, folder, { recursive: true })
  remote = join(folder, "remote.git")
})
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Returns a deployment's entry, with a different hash for each run. */
function entryOf(run: string, sha = commits[0] ?? "") {
  const at = "2026-03-01T12:00:00.000Z"
  const what = { kind: "deploy", status: "succeeded", environment: "staging", subject: "api" } as const
  const entry = nextEntry([], {
    ...what,
    sha,
    run,
    startedAt: at,
    finishedAt: at,
    facts: { by: 'it\'s "me"' },
  })
  if (entry === undefined) throw new Error("the first entry is always new")
  return entry
}

interface Result {
  code: number
  stdout: string
  stderr: string
}

function mirror(entry = entryOf("1"), url = remote, token?: string): Promise<Result> {
  const own = mkdtempSync(join(folder, "files-"))
  const files = {
    script,
    entry: join(own, "entry"),
    remote: join(own, "remote"),
    token: token && join(own, "token"),
  }
  writeFileSync(files.entry, ledgerLine(entry))
  writeFileSync(files.remote, `${url}\n`)
  if (token !== undefined) writeFileSync(join(own, "token"), `${token}\n`)
  const [command = "", ...args] = notesCommand(files, entry)
  const env = { ...ENV, HOME: folder, TMPDIR: own }
  return new Promise((done) => {
    execFile(command, args, { env }, (error, stdout, stderr) => {
      // No file is left behind, above all no URL with a password.
      expect(readdirSync(own).filter((name) => name.startsWith("notes."))).toEqual([])
      done({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

const noteOf = (commit = commits[0] ?? ""): string =>
  git("-C", remote, "notes", "--ref=slipway", "show", commit)

describe("slipway_notes.sh", { timeout: 60_000 }, () => {
  it("adds entries to the note of their commit, each once and unchanged", async () => {
    const [first, second] = [entryOf("1"), entryOf("2")]
    expect(await mirror(first)).toEqual({ code: 0, stdout: "pushed\n", stderr: "" })
    expect(await mirror(second)).toMatchObject({ code: 0, stdout: "pushed\n" })
    expect(await mirror(first)).toMatchObject({ code: 0, stdout: "there already\n" })
    expect(`${noteOf()}\n`).toBe(ledgerLine(first) + ledgerLine(second))
  })

  it("keeps others' lines of the note", async () => {
    writeFileSync(join(folder, "by-hand"), "by hand, without an end of line")
    const blob = git("-C", remote, "hash-object", "-w", join(folder, "by-hand"))
    git("-C", remote, "notes", "--ref=slipway", "add", "-C", blob, commits[0] ?? "")
    expect(await mirror()).toMatchObject({ code: 0 })
    expect(`${noteOf()}\n`).toBe(`by hand, without an end of line\n${ledgerLine(entryOf("1"))}`)
  })

  it("loses no line of concurrent writers", async () => {
    const entries = ["1", "2", "3", "4", "5", "6"].map((run) => entryOf(run))
    const results = await Promise.all(entries.map((entry) => mirror(entry)))
    expect(results.map(({ stdout, stderr }) => stdout + stderr)).toEqual(entries.map(() => "pushed\n"))
    expect(noteOf().split("\n").sort()).toEqual(entries.map((entry) => ledgerLine(entry).trim()).sort())
    expect(git("-C", remote, "rev-list", "--count", "refs/notes/slipway")).toBe("6")
  })

  it.each([
    ["that the remote doesn't have", UNKNOWN],
    ["that isn't known", ""],
    ["that is none", "--upload-pack=touch /tmp/x"],
  ])("puts an entry of a commit %s at the remote's HEAD, and once, though that moves", async (_, sha) => {
    const head = commits[1] ?? ""
    const stdout = `pushed, to its HEAD ${head.slice(0, 12)}: it doesn't know the commit '${sha}'\n`
    expect(await mirror(entryOf("1", sha))).toEqual({ code: 0, stdout, stderr: "" })
    expect(`${noteOf(head)}\n`).toBe(ledgerLine(entryOf("1", sha)))
    git("-C", "work", "commit", "--quiet", "--allow-empty", "-m", "three")
    git("-C", "work", "push", "--quiet", remote, "main")
    expect(await mirror(entryOf("1", sha))).toMatchObject({ stdout: "there already\n" })
  })

  it("reports why it can't", async () => {
    expect(await mirror(entryOf("1"), join(folder, "none.git"))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/none\.git' does not appear to be a git repository/) as string,
    })
    expect(await mirror(entryOf("1"), "ext::sh -c 'touch x'")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/transport 'ext' not allowed/) as string,
    })
    expect(await mirror(entryOf("1"), "--help")).toMatchObject({
      code: 1,
      stderr: "LEDGER_REMOTE is no URL of a repository\n",
    })
    git("init", "--quiet", "--bare", "empty.git")
    expect(await mirror(entryOf("1"), join(folder, "empty.git"))).toMatchObject({
      code: 1,
      stderr: "the remote has no commit that could have a note\n",
    })
  })

  it("fails if a hook rejects the push, with the hook's message", async () => {
    writeFileSync(join(remote, "hooks/pre-receive"), "#!/bin/sh\necho notes are closed\nexit 1\n", {
      mode: 0o755,
    })
    expect(await mirror()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/remote: notes are closed .*pre-receive hook declined/) as string,
    })
  })

  it("sends the token only to the remote's host", async () => {
    const asked: string[] = []
    const port = await listen((request, response) => serve(request, response, asked))
    expect(await mirror(entryOf("1"), `${port}/remote.git`, "t0ken")).toEqual({
      code: 0,
      stdout: "pushed\n",
      stderr: "",
    })
    expect(noteOf()).toContain(entryOf("1").hash)
    const elsewhere = await listen((request, response) => {
      response.writeHead(302, { location: `${port}${request.url ?? ""}` }).end()
    })
    asked.length = 0
    const sent = await mirror(entryOf("2"), `${elsewhere}/remote.git`, "t0ken")
    expect(sent.code).toBe(1)
    expect(asked).not.toEqual([])
    expect(asked.join("\n")).not.toContain(Buffer.from("x-access-token:t0ken").toString("base64"))
    const refused = await mirror(entryOf("2"), `${port}/remote.git`, "wr0ng")
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Authentication failed/) as string,
    })
    expect(JSON.stringify([sent, refused])).not.toMatch(/t0ken|wr0ng/)
  })
})

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Starts Git's own HTTP server, which requires the token. */
function serve(request: IncomingMessage, response: ServerResponse, asked: string[]): void {
  const { authorization = "" } = request.headers
  asked.push(authorization)
  if (authorization !== `Basic ${Buffer.from("x-access-token:t0ken").toString("base64")}`) {
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end()
    return
  }
  const { pathname, search } = new URL(request.url ?? "", "http://none")
  const env = {
    ...ENV,
    GIT_PROJECT_ROOT: folder,
    GIT_HTTP_EXPORT_ALL: "1",
    REMOTE_USER: "x-access-token",
    PATH_INFO: pathname,
    QUERY_STRING: search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers["content-type"] ?? "",
    HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
    GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
  }
  const backend = spawn("git", ["http-backend"], { env })
  request.pipe(backend.stdin)
  const chunks: Buffer[] = []
  backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk))
  backend.on("close", () => {
    const said = Buffer.concat(chunks)
    const end = said.indexOf("\r\n\r\n")
    const lines = said
      .subarray(0, end)
      .toString()
      .split("\r\n")
      .map((line) => line.split(/: (.*)/s))
    const status = lines.find(([name]) => name === "Status")?.[1]
    for (const [name = "", value = ""] of lines) if (name !== "Status") response.setHeader(name, value)
    response.writeHead(Number.parseInt(status ?? "200", 10)).end(said.subarray(end + 4))
  })
}
