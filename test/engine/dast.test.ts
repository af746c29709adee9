import { createHash, randomUUID } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { once } from "../../src/lib/run/once.js"
import { day, folder, service, xmlElements } from "./pipeline.js"
import { runScripts } from "./session.js"

const SERVICE = join(REPOSITORY, "test/fixtures/dast/service.py")
const RUN = randomUUID()
const KEY = `key-${RUN}`
/** Digest of the key that the service compares: the key itself must not appear in these scripts. */
const DIGEST = createHash("sha256").update(KEY).digest("hex")

interface Scan {
  /** Weaknesses of the service; undefined if no service is started. */
  weak?: string
  /** Digest of the key that the service requires. */
  key?: string
  settings?: string
  suppressions?: string
  environment?: string
  secrets?: string
}

/** Creates the scripts of a case's scan, and the folder for its reports. */
function scanning(name: string, { weak, key = "", settings = "", suppressions = "", ...scan }: Scan) {
  const source = service({
    "app.py": "",
    "slipway.yaml": settings,
    ...(suppressions && { ".slipway/suppressions.yaml": suppressions }),
  })
  const started = `$(container | from python:3.11-slim | with-file /service.py $(host | file ${SERVICE}) |
    with-env-variable WEAK "${weak}" | with-env-variable KEY "${key}" | with-env-variable CASE "${name}-${RUN}" |
    with-exposed-port 8000 | as-service --args python,/service.py)`
  const target = weak === undefined ? "" : `--service ${started}`
  const { environment = "staging", secrets = "" } = scan
  const dast = `${REPOSITORY} --source $(host | directory ${source}) | dast ${environment} ${secrets} ${target}`
  const out = folder()
  return {
    out,
    report: `${dast} | report --run-id ${name}-${RUN} | export ${out}`,
    gate: `${dast} | baseline --run-id ${name}-${RUN}`,
  }
}

const entry = (rule: string, path = ""): string =>
  `  - {tool: zap, rule: ${rule}${path && `, path: "${path}"`}, reason: known, owner: ann, expires: ${day(20)}}\n`

const CASES = {
  weak: {
    weak: "headers cookie version cards trace reflected",
    key: DIGEST,
    settings: "dast: {active: {staging: yes}, header: X-Key}\n",
    secrets: "--secrets env://STAGING_DAST_AUTH_HEADER",
  },
  clean: { weak: "", settings: "dast: {risk: low}\n" },
  suppressed: {
    weak: "headers",
    settings: "dast: {risk: medium, exclude: [/cards]}\n",
    suppressions: `suppressions:\n${entry("10038")}${entry("10020-1", "/**")}${entry("10062")}`,
    environment: "production",
  },
  down: { settings: 'deploy: {url: {staging: "http://127.0.0.1:9"}}\n' },
  locked: { weak: "", key: DIGEST },
  hanging: { weak: "", settings: "dast: {timeout: 2s}\n" },
  broken: { weak: "", settings: 'images: {replace: {zap: "python:3.11-slim"}}\n' },
} satisfies Record<string, Scan>

type Case = keyof typeof CASES

/** Runs two sessions side by side, since one scan hardly uses two cores. */
const SESSIONS: Case[][] = [
  ["weak", "down", "locked"],
  ["clean", "suppressed", "hanging", "broken"],
]

const scans = once(async () => {
  const made = new Map(Object.entries(CASES).map(([name, scan]) => [name, scanning(name, scan)]))
  const scriptsOf = (name: Case): [string, string][] => {
    const { report = "", gate = "" } = made.get(name) ?? {}
    return name === "weak"
      ? [
          [name, report],
          ["gate", gate],
        ]
      : [[name, report]]
  }
  const runs = await Promise.all(
    SESSIONS.map((names) =>
      runScripts({
        module: REPOSITORY,
        prelude: "",
        scripts: Object.fromEntries(names.flatMap(scriptsOf)),
        // Secrets from a file end with a newline.
        env: { STAGING_DAST_AUTH_HEADER: `${KEY}\n` },
      }),
    ),
  )
  const read = (name: Case, file: string): string =>
    readFileSync(join(made.get(name)?.out ?? "", file), "utf8")
  const files = (name: Case): string[] => {
    const out = made.get(name)?.out ?? ""
    return readdirSync(out, { recursive: true, withFileTypes: true })
      .filter((found) => found.isFile())
      .map((found) => join(found.parentPath, found.name))
  }
  return { runs, read, files, said: runs.map(({ stdout, stderr }) => stdout + stderr).join("\n") }
})

beforeAll(async () => void (await scans()), 600_000)

interface Sarif {
  runs: {
    tool: { driver: { version: string } }
    invocations: [
      { executionSuccessful: boolean; toolExecutionNotifications?: { message: { text: string } }[] },
    ]
    results: {
      ruleId: string
      level: string
      locations?: { physicalLocation: { artifactLocation: { uri: string } } }[]
    }[]
  }[]
}

async function sarif(name: Case) {
  const { read, files, said } = await scans()
  if (files(name).length === 0) throw new Error(said)
  const [run] = (JSON.parse(read(name, "sarif/baseline.sarif")) as Sarif).runs
  const results = run?.results.map(({ ruleId, level, locations }) => {
    const uri = locations?.[0]?.physicalLocation.artifactLocation.uri ?? ""
    return `${level} ${ruleId} ${uri}`
  })
  return {
    results: results ?? [],
    version: run?.tool.driver.version,
    problem: run?.invocations[0].toolExecutionNotifications?.[0]?.message.text,
  }
}

describe("a scan", () => {
  it("finds a weak service's alerts, both passive and active ones", async () => {
    const { results, problem, version } = await sarif("weak")
    expect(problem).toBeUndefined()
    expect(version).toBe("2.17.0")
    expect(results).toEqual(
      expect.arrayContaining([
        "error 40012 hello",
        "error 10062 cards",
        "warning 10038-1 .",
        "warning 10020-1 hello",
        "warning 10021 items/1",
        "warning 10010 .",
        "warning 10036-2 .",
      ]),
    )
  })

  it("fails the gate for a weak service, and leaves ZAP's reports", async () => {
    const { runs, read } = await scans()
    expect(runs[0]?.of("gate")).toMatch(/failed$/)
    expect(runs[0]?.errors).toMatch(/! ✗ baseline failed: \d+ alerts; \d+ URLs looked at/)
    expect(read("weak", "zap/report.html")).toContain("Cross Site Scripting (Reflected)")
    expect(read("weak", "zap/plan.yaml")).toContain("activeScan")
    expect(read("weak", "zap/zap.log")).toContain("ZAP")
    expect(read("weak", "logs/baseline.log")).toContain("Automation plan succeeded!")
    expect(xmlElements(read("weak", "junit/dast.xml"))).toContain("failure")
  })

  it("reaches paths that need the header, and masks its value even if the service echoes it", async () => {
    const { files, read, said } = await scans()
    expect(read("weak", "zap/report.json")).toContain("items/1.2 ***")
    expect(files("weak").length).toBeGreaterThan(6)
    for (const file of files("weak")) expect(readFileSync(file, "utf8"), file).not.toContain(KEY)
    expect(said).not.toContain(KEY)
  })

  it("passes a clean service, and doesn't attack it in a baseline scan", async () => {
    const { read } = await scans()
    expect(await sarif("clean")).toMatchObject({ results: [], problem: undefined })
    expect(read("clean", "zap/summary.md")).toMatch(
      /^### ZAP on staging: passed\n\n\d+ URLs looked at, no alerts/,
    )
    expect(read("clean", "zap/plan.yaml")).not.toContain("activeScan")
  })

  it("passes suppressed alerts, and reports unused suppressions", async () => {
    const { read } = await scans()
    expect(read("suppressed", "zap/summary.md")).toMatch(
      /^### ZAP on production: passed\n\n.*, [1-9]\d* suppressed\n/,
    )
    const { results } = await sarif("suppressed")
    expect(results.filter((result) => /10038|10020/.test(result))).toEqual([])
    expect(results).toContain("note unused .slipway/suppressions.yaml")
  })
})

describe("a scan ends with an error, not a pass, for", () => {
  it.each<[what: string, name: Case, problem: RegExp]>([
    ["a service that is down", "down", /http:\/\/127\.0\.0\.1:9: it can't be reached: .*refused/],
    ["a service that lets nobody in", "locked", /no path answers 200 \(\/ 401, \/health 401\)/],
    ["a ZAP that takes too long", "hanging", /^ZAP took longer than 2 s/],
    ["a ZAP that can't be run", "broken", /^ZAP could not be run \(exit code 127\)/],
  ])("%s", async (_, name, problem) => {
    const found = await sarif(name)
    expect(found.problem).toMatch(problem)
    expect(found.results).toEqual([])
  })
})
