/** Runs a k6 program for the checks of its contract. */
import { execFileSync, spawn } from "node:child_process"
import { createServer, type Server } from "node:http"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import type { Fact } from "./contract.js"

export interface K6Settings {
  /** The script's text. Without one the arguments are the whole command line. */
  script?: string
  /** Arguments of `k6 run`; `{base}` is the address of the server of these checks. */
  arguments?: readonly string[]
  environment?: Readonly<Record<string, string>>
  /** The format of k6's log: `json` by default. */
  log?: "json" | "text"
  /** The signal that ends k6 after a second. */
  signal?: "SIGTERM"
  /** Runs it by slipway_load.sh, as a load test does. */
  gathered?: boolean
}

export interface Point {
  metric: string
  value: number
  tags: Record<string, string>
}

/** A request that the server of these checks got. */
export interface Received {
  path: string
  authorization: string
}

export interface K6Ran {
  exitCode: number
  points: Point[]
  /** The lines of k6's JSON output. */
  lines: string[]
  /** The lines of k6's log, each with its fields if it is JSON. */
  log: Record<string, string>[]
  output: string
  summary: Summary | undefined
  received: Received[]
  /** The address of the server. */
  base: string
  /** What slipway_load.sh kept: its files by their names. */
  kept: Record<string, string>
}

export interface Summary {
  metrics: Record<string, Record<string, unknown>>
  root_group: { checks: Record<string, { passes: number; fails: number }>; groups: Record<string, unknown> }
}

export type K6Fact = Fact<K6Ran, K6Settings>

/** A program by its path, or by the reference of an image that Docker runs. */
export type Program = { path: string } | { image: string }

/** The imitation that stands for k6 where its image can't be pulled. */
export const K6_IMITATION = { module: "k6", package: "./k6" }

/** The version that a program says it has; the imitation says which version it imitates. */
export function versionOf(program: Program): { text: string; number: string } {
  const [file, ...rest] = "path" in program ? [program.path] : ["docker", "run", "--rm", program.image]
  const text = execFileSync(file ?? "", [...rest, "version"], { encoding: "utf8" }).trim()
  return { text, number: /\bv(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? "0.0.0" }
}

const SCRIPTS = resolve(import.meta.dirname, "../../src/scripts")

/** Time that a run may take, in milliseconds. */
const LIMIT = 120_000

/** Answers `/` with 200, `/bad` with 503, `/missing` with 404, `/away` with a redirect to `/`; it keeps POSTs. */
async function serving<T>(use: (base: string, received: Received[]) => Promise<T>): Promise<T> {
  const received: Received[] = []
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://x")
    request.resume()
    if (request.method === "POST")
      received.push({ path: request.url ?? "", authorization: request.headers.authorization ?? "" })
    const status = { "/bad": 503, "/missing": 404, "/away": 302 }[pathname] ?? 200
    const sent = request.method === "POST" ? 204 : status
    response.writeHead(sent, status === 302 ? { location: "/" } : {}).end(sent === 204 ? undefined : "ok")
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, received)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** Runs k6 as a check says, in a folder of its own. */
export function runK6(program: Program): (settings: K6Settings) => Promise<K6Ran> {
  return (settings) =>
    serving(async (base, received) => {
      const folder = mkdtempSync(join(tmpdir(), "slipway-k6-"))
      try {
        const command = commandOf(program, folder, base, settings)
        const { exitCode, output } = await ended(command, folder, base, settings)
        return { ...readRun(folder), exitCode, output, log: readLog(output), received, base }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
}

function commandOf(program: Program, folder: string, base: string, settings: K6Settings): string[] {
  const { script, arguments: given = [], log = "json", gathered = false } = settings
  const own = given.map((argument) => argument.replaceAll("{base}", base))
  const start = "path" in program ? [program.path] : inDocker(program.image, folder, base, settings)
  if (script === undefined) return [...start, ...own]
  const file = join(folder, "script.js")
  writeFileSync(file, script)
  const outputs = gathered ? [] : [`--out=json=${join(folder, "points.json")}`]
  const summary = `--summary-export=${join(folder, "summary.json")}`
  const usual = ["--quiet", "--no-color", "--no-usage-report", `--log-format=${log}`, summary]
  const run = [...start, "run", ...usual, ...outputs, ...own, file]
  return gathered ? ["sh", join(SCRIPTS, "slipway_load.sh"), SCRIPTS, ...run] : run
}

const inDocker = (
  image: string,
  folder: string,
  base: string,
  { environment = {} }: K6Settings,
): string[] => [
  ...["docker", "run", "--rm", "--init", "--network=host", `--user=${process.getuid?.() ?? 0}`],
  ...[`--volume=${folder}:${folder}`, `--workdir=${folder}`],
  ...Object.entries(variables(folder, base, environment)).map(([name, value]) => `--env=${name}=${value}`),
  image,
]

const variables = (folder: string, base: string, own: Readonly<Record<string, string>>) => ({
  BASE_URL: base,
  FOLDER: folder,
  OUT: folder,
  K6_AUTO_EXTENSION_RESOLUTION: "false",
  ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, value.replaceAll("{base}", base)])),
})

function ended([file = "", ...rest]: string[], folder: string, base: string, settings: K6Settings) {
  const { environment = {}, signal } = settings
  return new Promise<{ exitCode: number; output: string }>((done, failed) => {
    const env = { ...process.env, ...variables(folder, base, environment) }
    const run = spawn(file, rest, { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"], timeout: LIMIT })
    const output: Buffer[] = []
    run.stderr.on("data", (data: Buffer) => output.push(data))
    const timer = signal && setTimeout(() => run.kill(signal), 1500)
    run.on("error", failed)
    run.on("close", (code, killed) => {
      clearTimeout(timer)
      done({ exitCode: code ?? (killed === null ? -1 : 128), output: Buffer.concat(output).toString() })
    })
  })
}

const KEPT = ["series", "said", "counts", "exit"]

function readRun(folder: string): Pick<K6Ran, "points" | "lines" | "summary" | "kept"> {
  const text = (name: string) =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : undefined
  const lines = (text("points.json") ?? "").split("\n").filter((line) => line !== "")
  const summary = text("summary.json")
  return {
    lines,
    points: lines.map((line) => JSON.parse(line) as Line).flatMap(pointOf),
    summary: summary === undefined ? undefined : (JSON.parse(summary) as Summary),
    kept: Object.fromEntries(KEPT.map((name) => [name, text(name) ?? ""])),
  }
}

interface Line {
  type: string
  metric: string
  data: { value: number; tags?: Record<string, string> | null }
}

const pointOf = ({ type, metric, data: { value, tags } }: Line): Point[] =>
  type === "Point" ? [{ metric, value, tags: tags ?? {} }] : []

const readLog = (output: string): Record<string, string>[] =>
  output.split("\n").map((line) => {
    try {
      return JSON.parse(line) as Record<string, string>
    } catch {
      return { msg: line }
    }
  })
