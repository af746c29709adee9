import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { CONTAINERS_MIRROR } from "../../dagger/lib/addresses.js"
import { dagger, engineEnvironment } from "./dagger.js"
import { APP, type CiRun, copyOf, runOn, sarifOf, SCANS, service, statuses, write } from "./pipeline.js"

beforeAll(engineEnvironment)

const STAGES = ["bandit", "vulnerabilities", "secrets", "misconfiguration", "suppressions"]
const allBut = (name: string) =>
  Object.fromEntries(STAGES.map((stage) => [stage, stage === name ? "failed" : "passed"]))

const CVE = "CVE-2023-50447"

/** Formats the date that is this many days from today, as in suppressions. */
const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)

/** Looks like a credential; assembled here, so that no scanner reports this file. */
const TOKEN = ["ghp", "0123456789abcdefghijABCDEFGHIJ012345"].join("_")

it("the sample service passes, with the age of the database, tables, SBOMs and SARIF", async () => {
  const run = await runOn("security", APP)
  expect(run.exitCode, run.stdout + run.stderr).toBe(0)
  expect(statuses(run)).toEqual(allBut("none"))
  expect(run.stage("vulnerabilities").reason).toMatch(/packages in \d+ manifests and the environment without/)
  expect(run.read("report.html")).toMatch(/made \d{4}-\d\d-\d\d \d\d:\d\d UTC/)
  const bill = JSON.parse(run.read("sbom/source.cyclonedx.json")) as { components: { name: string }[] }
  expect(bill.components.map(({ name }) => name)).toContain("fastapi")
  expect(run.read("sbom/source.spdx-json.json")).toContain("SPDX")
  expect(run.read("trivy/vulnerabilities.json")).toContain("requirements.txt")
})

describe("each gate alone", () => {
  it("vulnerabilities reports a pin with a critical vulnerability, by its CVE and line", async () => {
    const run = await runOn("security", join(SCANS, "vulnerabilities"))
    expect(run.exitCode).toBe(1)
    expect(statuses(run)).toEqual(allBut("vulnerabilities"))
    expect(run.stdout).toMatch(
      new RegExp(
        `^ {2}requirements\\.txt:2: pillow 10\\.1\\.0: .*critical, fixed in 10\\.2\\.0.* \\[trivy ${CVE}\\]$`,
        "m",
      ),
    )
  })

  it("secrets names the place, and never shows the secret", async () => {
    const source = copyOf(join(SCANS, "secrets"))
    write(source, { "tests/conftest.py": `HEADERS = {"Authorization": "token ${TOKEN}"}\n` })
    const run = await runOn("security", source)
    expect(statuses(run)).toEqual(allBut("secrets"))
    expect(run.stdout).toMatch(/^ {2}tests\/conftest\.py:1: .*\[trivy github-pat\]$/m)
    const said = [run.stdout, run.stderr, ...["verdict.json", "report.html", "summary.md"].map(run.read)]
    const kept = ["logs/secrets.log", "logs/dagger.log", "trivy/secrets.json", "sarif/secrets.sarif"].map(
      run.read,
    )
    for (const text of [...said, ...kept]) {
      expect(text).not.toContain(TOKEN)
      expect(text).not.toContain(Buffer.from(TOKEN).toString("base64"))
    }
  })

  it("misconfiguration reports a port open to the world, by file and line", async () => {
    const run = await runOn("security", join(SCANS, "misconfiguration"))
    expect(statuses(run)).toEqual(allBut("misconfiguration"))
    expect(run.stdout).toMatch(/^ {2}terraform\/network\.tf:\d+: .*\[trivy AZU-0047\]$/m)
  })

  it("suppressions reports an expired entry, and comments that silence Bandit without rule or reason", async () => {
    const source = copyOf(join(SCANS, "suppressions"))
    write(source, {
      "app.py": '"""A service."""\n\nVALUE = 1  # nosec\nOTHER = 2  # nosec B105\n',
      "main.tf": "# trivy:ignore:AZU-0047\n",
    })
    const run = await runOn("security", source)
    expect(statuses(run)).toEqual(allBut("suppressions"))
    expect(run.stdout).toMatch(/suppressions\.yaml:2: .*expired on 2026-01-31/)
    expect(run.stdout).toMatch(/app\.py:3: .*\[slipway nosec-no-rule\]/)
    expect(run.stdout).toMatch(/app\.py:4: .*\[slipway nosec-no-reason\]/)
    expect(run.stdout).toMatch(/main\.tf:1: .*\[slipway inline-ignore\]/)
  })
})

describe("suppressions", () => {
  const entry = (more = "") => `suppressions:
  - tool: trivy
    rule: ${CVE}
    reason: nothing here evaluates expressions${more}
    expires: ${day(10)}
    owner: platform
`

  it("let a critical pin of the sample pass until they expire", async () => {
    const source = copyOf(APP)
    write(source, { "requirements.txt": "pillow==10.1.0\n", "requirements-dev.txt": "" })
    write(source, { ".slipway/suppressions.yaml": entry() })
    const passed = await runOn("security", source)
    expect(passed.exitCode, passed.stdout).toBe(0)
    expect(passed.read("summary.md")).toMatch(new RegExp(`${day(10)}.*${CVE}`))
    expect(passed.read("report.html")).toContain(day(10))

    const later = await runOn("security", source, `--now=${day(11)}T00:00:00Z`)
    expect(later.exitCode).toBe(1)
    expect(statuses(later)).toEqual({ ...allBut("vulnerabilities"), suppressions: "failed" })
    expect(later.stdout).toContain(`[trivy ${CVE}]`)
    expect(later.stdout).toContain(`expired on ${day(10)}`)
    expect(later.stage("vulnerabilities").repro).toContain(`--now=${day(11)}T00:00:00Z`)
  })

  it("fail if they are unused, and bandit's gate respects one that is used", async () => {
    const bandit = entry().replaceAll("trivy", "bandit").replace(CVE, "B602")
    const source = service({
      "app.py": 'import subprocess\n\nsubprocess.run("true", shell=True)\n',
      "requirements.txt": "idna==3.20\n",
      "slipway.yaml": "quality:\n  checks: [bandit]\n",
      ".slipway/suppressions.yaml": bandit + bandit.split("\n").slice(1).join("\n").replace("B602", "B105"),
    })
    const run: CiRun = await runOn("security", source)
    expect(run.stdout).toMatch(/suppressions\.yaml:7: .*B105.*suppresses nothing/)
    const quality = await runOn("quality", source)
    expect(quality.stage("bandit").reason).toMatch(/suppressed/)
  })

  it("are bad input if the file can't be read, by line and column", async () => {
    const source = service({
      "app.py": "x = 1\n",
      "requirements.txt": "idna==3.20\n",
      ".slipway/suppressions.yaml": "suppressions:\n  - tol: trivy\n    rule: x\n",
    })
    const run = await runOn("security", source)
    expect(run.exitCode).toBe(4)
    expect(run.stdout).toMatch(/suppressions\.yaml:2:5: .*tool/)
  })
})

/** A package with a critical vulnerability, as each tool locks it. */
const LOCKS = {
  "pip/requirements.txt": "pillow==10.1.0\n",
  "pip-tools/requirements/prod.txt": "pillow==10.1.0 \\\n    --hash=sha256:00\n    # via -r prod.in\n",
  "pipenv/Pipfile.lock": JSON.stringify({
    _meta: {},
    default: { pillow: { version: "==10.1.0" } },
    develop: {},
  }),
  "poetry/poetry.lock": '[[package]]\nname = "pillow"\nversion = "10.1.0"\noptional = false\nfiles = []\n',
  "uv/uv.lock":
    'version = 1\n\n[[package]]\nname = "pillow"\nversion = "10.1.0"\nsource = { registry = "https://pypi.org/simple" }\n\n' +
    '[[package]]\nname = "service"\nversion = "1"\nsource = { virtual = "." }\ndependencies = [{ name = "pillow" }]\n',
}

it("vulnerabilities finds a package in every kind of lock file, and if it is only installed", async () => {
  const run = await runOn("security", service({ "app.py": "x = 1\n", ...LOCKS }))
  const places = sarifOf(run, "vulnerabilities").places.filter(({ rule }) => rule === CVE)
  expect(places.map(({ file }) => file).toSorted()).toEqual(Object.keys(LOCKS).toSorted())

  const pyproject = '[project]\nname = "service"\nversion = "1"\ndependencies = ["pillow<10.2"]\n'
  const installed = await runOn("security", service({ "app.py": "x = 1\n", "pyproject.toml": pyproject }))
  expect(installed.stage("vulnerabilities").status).toBe("failed")
  expect(installed.stdout).toMatch(new RegExp(`^ {2}Pillow 10\\.1\\.0: .* \\[trivy ${CVE}\\]$`, "m"))
})

it("vulnerabilities passes a service without packages, whatever packages Slipway's tools need", async () => {
  const run = await runOn("security", service({ "app.py": "x = 1\n" }))
  expect(run.stage("vulnerabilities")).toMatchObject({
    status: "passed",
    reason: "the service needs no package",
  })
})

describe("the vulnerability database", () => {
  const source = (security: string) =>
    service({
      "app.py": "x = 1\n",
      "requirements.txt": "idna==3.20\n",
      "slipway.yaml": `security:\n  checks: [vulnerabilities]\n  database: ${security}\n`,
      "db.tar.gz": "no archive",
    })

  it("is an infrastructure error if it can't be downloaded, never a pass", async () => {
    const unreachable = source('{ repository: "127.0.0.1:9/aquasecurity/trivy-db:2" }')
    const run = await runOn("security", unreachable)
    expect(run.exitCode).toBe(3)
    expect(run.stage("vulnerabilities")).toMatchObject({ status: "error", exitCode: 3 })
    expect(run.stage("vulnerabilities").reason).toMatch(/could not be downloaded from 127\.0\.0\.1:9/)
    const again = await runOn("security", unreachable)
    expect(again.stage("vulnerabilities").cached).toBe(false)
  })

  it("is refused if it is too old", async () => {
    const run = await runOn("security", source("{ maximumAge: 1s }"))
    expect(run.exitCode).toBe(3)
    expect(run.stage("vulnerabilities").reason).toMatch(/old \(made .*\), and may be at most/)
  })

  it("is read from the source, without any network", async () => {
    const here = service({
      "app.py": "x = 1\n",
      "requirements.txt": "pillow==10.1.0\n",
      "slipway.yaml": "security: { checks: [vulnerabilities], database: { file: data/db.tar.gz } }\n",
    })
    const address = `http://${CONTAINERS_MIRROR}/v2/aquasecurity/trivy-db`
    const script = `import json, urllib.request as web
accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
manifest = json.load(web.urlopen(web.Request("${address}/manifests/2", headers=accept)))
web.urlretrieve("${address}/blobs/" + manifest["layers"][0]["digest"], "/db.tar.gz")`
    const fetched = await dagger([
      "core",
      "container",
      "from",
      "--address=python:3.11-slim",
      "with-new-file",
      "--path=/fetch.py",
      `--contents=${script}`,
      "with-exec",
      "--args=python,/fetch.py",
      "file",
      "--path=/db.tar.gz",
      "export",
      `--path=${join(here, "data/db.tar.gz")}`,
    ])
    expect(fetched.exitCode, fetched.stderr).toBe(0)
    const run = await runOn("security", here)
    expect(run.exitCode).toBe(1)
    expect(run.stdout).toContain(`[trivy ${CVE}]`)
  })

  it("is refused if the file in the source is not a database", async () => {
    const run = await runOn("security", source("{ file: db.tar.gz }"))
    expect(run.exitCode).not.toBe(0)
    expect(run.stage("vulnerabilities").reason).toContain("db.tar.gz is not a database archive")
  })
})
