import { randomUUID } from "node:crypto"
import { cpSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { DEBUGGABLE, STAGES } from "../../src/lib/pipeline/stages.js"
import { dagger, engineEnvironment } from "./dagger.js"
import { serving } from "./gitDaemon.js"
import { privateIndex } from "./packageIndex.js"
import {
  callOn,
  type CiRun,
  copyOf,
  type Files,
  folder,
  gate,
  GATES,
  runOn,
  sarifOf,
  service,
  statuses,
  write,
  xmlElements,
} from "./pipeline.js"

const TOOLS = ["black", "isort", "flake8", "mypy", "bandit"]
const each = (status: string | boolean | null) => Object.fromEntries(TOOLS.map((name) => [name, status]))
const ALL_PASSED = each("passed")

beforeAll(engineEnvironment)

/** Place and rule of the finding in each gate's fixture. */
const BROKEN = [
  { gate: "black", file: "health.py", line: 11, rule: "format" },
  { gate: "isort", file: "settings.py", line: 3, rule: "imports" },
  { gate: "flake8", file: "shutdown.py", line: 4, rule: "F401" },
  { gate: "mypy", file: "worker.py", line: 7, rule: "return-value" },
  { gate: "bandit", file: "archive.py", line: 7, rule: "B602" },
]

describe.each(BROKEN)("a service that fails only $gate", ({ gate, file, line, rule }) => {
  const source = join(GATES, gate)

  it("fails in ci with tool, file, line and a command to repeat it, and passes the other gates", async () => {
    const run = await runOn("quality", source)
    expect(run.exitCode, run.stderr).toBe(1)
    expect(statuses(run)).toEqual({ ...ALL_PASSED, [gate]: "failed" })
    expect(run.stdout).toMatch(new RegExp(`^  ${file}:${line}(:\\d+)?: .+ \\[${gate} ${rule}\\]$`, "m"))
    const repro = `dagger call -m ${REPOSITORY} --source=${source} debug --stage=${gate} terminal`
    expect(run.stdout).toContain(`  repeat: ${repro}\n`)
    expect(run.stage(gate)).toMatchObject({ repro, exitCode: 1 })

    expect(sarifOf(run, gate).places).toMatchObject([{ file, line, rule }])
    for (const other of TOOLS.filter((name) => name !== gate)) expect(sarifOf(run, other).places).toEqual([])
    const elements = xmlElements(run.read("junit/quality.xml"))
    expect(elements.filter((name) => name === "testsuite")).toHaveLength(5)
    expect(elements.filter((name) => name === "failure")).toHaveLength(1)
    expect(run.read(`logs/${gate}.log`)).toMatch(new RegExp(`^\\$ ${gate} [^]*${file}`))
    expect(run.read("summary.md")).toContain(`${file}:${line}`)
  })

  it("fails its check", async () => {
    const { exitCode, stderr } = await callOn(source, "quality", gate.replace("flake8", "flake-8"))
    expect(exitCode).toBe(1)
    expect(stderr).toContain(`Error: ✗ ${gate} failed: 1 problem in 1 file`)
    expect(stderr).toContain(`  ${file}:${line}`)
  })
})

it("check -l lists every gate and generator, and nothing else", async () => {
  const { stdout } = await dagger(["check", "-l"], { cwd: REPOSITORY })
  const names = Array.from(stdout.matchAll(/^(?:slipway:)?(\w+:\S+) /gm), ([, name]) => name)
  // Dagger spells flake8 as flake-8 in its command line.
  const checks = (["quality", "security", "tests", "infra"] as const).flatMap((group) =>
    STAGES[group].map((name) => `${group}:${name.replace("8", "-8")}`),
  )
  // Building is no gate of its own, since the image is what is scanned; nor is publishing.
  const gates = [...checks, "image:scan", "monitoring:promtool"]
  expect(names.toSorted()).toEqual([...gates, "slipway:wrappers"].toSorted())
  // Each of the two parts has a title, and they are separated by an empty line.
  expect(stdout.trim().split("\n")).toHaveLength(gates.length + 1 + 3)
})

it("fix applies Black's and isort's findings, and changes nothing else", async () => {
  const source = copyOf(gate("black"), gate("isort"), gate("flake8"))
  const { exitCode, stderr } = await callOn(source, "quality", "fix", "export", `--path=${source}`)
  expect(exitCode, stderr).toBe(0)
  expect(readFileSync(join(source, "health.py"), "utf8")).toContain('{"status": "ok"}')
  const untouched = readFileSync(join(GATES, "flake8/shutdown.py"), "utf8")
  expect(readFileSync(join(source, "shutdown.py"), "utf8")).toBe(untouched)
  expect(statuses(await runOn("quality", source))).toEqual({ ...ALL_PASSED, flake8: "failed" })
})

describe("debug", () => {
  const source = join(GATES, "mypy")

  it("opens the stage's container, in which `again` repeats the failure", async () => {
    const again = ["debug", "--stage=mypy", "with-exec", "--args=again"]
    const failed = await callOn(source, ...again)
    expect(failed.exitCode).toBe(1)
    const { stdout } = await callOn(source, ...again, "--expect=ANY", "stdout")
    const log = (await runOn("quality", source)).read("logs/mypy.log")
    expect(stdout).toContain('"code": "return-value"')
    expect(log.split("\n").slice(1).join("\n")).toBe(stdout)
  })

  it("refuses an unknown stage, and lists the known ones", async () => {
    const { exitCode, stderr } = await callOn(source, "debug", "--stage=mipy", "sync")
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain('unknown stage "mipy"')
    expect(stderr).toContain(`→ choose one of ${DEBUGGABLE.join(", ")} [UNKNOWN_STAGE]`)
  })
})

it("an edit runs only the tools that read the file again, and mypy sees an edit that keeps a file's size", async () => {
  const cached = (run: CiRun) =>
    Object.fromEntries(run.verdict?.stages.map((stage) => [stage.name, stage.cached]) ?? [])
  const nonce = randomUUID()
  const text = `NONCE = "${nonce}"\n\n\ndef port() -> int:\n    return 8000\n`
  const source = service({ "README.md": "one\n", "a.py": text, "b.py": "import a\n\nPORT: int = a.port()\n" })
  const first = await runOn("quality", source)
  expect(statuses(first)).toEqual(ALL_PASSED)
  expect(cached(first)).toEqual(each(false))

  const readme = await runOn("quality", write(source, { "README.md": "two\n", "docs/more.md": "three\n" }))
  expect(statuses(readme)).toEqual(ALL_PASSED)
  expect(cached(readme)).toEqual(each(true))

  // Only black's settings change, which no other tool reads.
  const settings = await runOn(
    "quality",
    write(source, { "pyproject.toml": "[tool.black]\nline-length = 100\n" }),
  )
  expect(cached(settings)).toMatchObject({ black: false, flake8: true })

  const wrong = text.replace("8000", '"80"')
  expect(wrong).toHaveLength(text.length)
  write(source, { "a.py": wrong })
  const edited = await runOn("quality", source)
  expect(edited.exitCode).toBe(1)
  expect(statuses(edited)).toEqual({ ...ALL_PASSED, mypy: "failed" })
  expect(sarifOf(edited, "mypy").places).toMatchObject([{ file: "a.py", line: 5, rule: "return-value" }])
  expect(cached(edited)).toEqual(each(false))
})

it("mypy sees an edit in a git source, whose files all have the same size and time", async () => {
  const [work, served] = [folder(), folder()]
  const git = run({ cwd: work, env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" } })
  const commit = async (value: string) => {
    write(work, { "a.py": `NONCE = "${nonce}"\n\n\ndef port() -> int:\n    return ${value}\n` })
    await git`git add . && git -c user.name=a -c user.email=a@localhost commit --quiet -m edit`
    await git`git push --quiet ${served}/a.git HEAD:main`
    return (await git`git rev-parse HEAD`).stdout.trim()
  }
  const nonce = randomUUID()
  await git`git init --quiet --initial-branch=main . && git clone --quiet --bare . ${served}/a.git`
  await serving(served, async (daemon) => {
    const address = `${daemon}/a.git`
    await expect.poll(() => git({ nothrow: true })`git ls-remote ${address}`).toMatchObject({ exitCode: 0 })
    expect(statuses(await runOn("quality", `${address}#${await commit("8000")}`))).toEqual(ALL_PASSED)
    const edited = await runOn("quality", `${address}#${await commit('"80"')}`)
    expect(statuses(edited)).toEqual({ ...ALL_PASSED, mypy: "failed" })
  })
})

it("each tool sees what its settings and plug-ins need, and nothing that git ignores", async () => {
  const bad = 'import os,sys\nPORT: int = ""\nexec("1")\n'
  const source = service({
    "README.md": "one\n",
    VERSION: "1.2.3\n",
    "requirements.txt": "flake8-pyproject==1.2.4\n",
    "pyproject.toml":
      '[tool.flake8]\nmax-line-length = 120\n\n[tool.mypy]\nstrict = true\nplugins = ["tools/plug.py"]\nexclude = ["^tools/"]\n',
    "service/__init__.py": `# A line that is longer than Black's limit, and not longer than that of the settings: ${"a".repeat(20)}\n`,
    // mypy's plug-in reads a file, as one that imports a service's settings may.
    "tools/plug.py":
      'from pathlib import Path\n\nfrom mypy.plugin import Plugin\n\nVERSION = Path("VERSION").read_text()\n\n\ndef plugin(version: str) -> type[Plugin]:\n    return Plugin\n',
    // Modules of one name, without packages around them.
    "tests/conftest.py": '"""Fixtures of all."""\n',
    "tests/unit/conftest.py": '"""Fixtures of some."""\n',
    "services/a/main.py": "PORT: int = 1\n",
    "services/b/main.py": "PORT: int = 2\n",
    ".gitignore": "scratch/*\n!scratch/kept.py\n",
    "scratch/draft.py": bad,
    "scratch/kept.py": "KEPT = True\n",
    "services/a/.gitignore": "*_gen.py\n",
    "services/a/code_gen.py": bad,
  })
  const run = await runOn("quality", source)
  expect(statuses(run), run.stdout).toEqual(ALL_PASSED)
  // Bandit leaves out tests by itself.
  expect(run.stage("bandit").reason).toBe("5 files without an issue")
  const edited = await runOn("quality", write(source, { "README.md": "two\n" }))
  expect(edited.verdict?.stages.map(({ cached }) => cached)).toEqual(TOOLS.map(() => true))
})

it("packages of a private index are installed with a netrc, which is in no output, and named without one", async () => {
  const wheel = { name: "slipway-private", module: "slipway_private" }
  const login = { user: "reader", password: `pw-${randomUUID()}` }
  await privateIndex(wheel, login, async ({ url, host }) => {
    const source = service({
      "requirements.txt": `--extra-index-url ${url}\nslipway-private==1.0\n`,
      "a.py": "from slipway_private import NAME\n\nNUMBER: int = NAME\n",
      "slipway.yaml": "quality:\n  checks: [mypy]\n",
    })
    const refused = await runOn("quality", source)
    expect(refused.stage("mypy").status).toBe("error")
    for (const text of [url, "(401)", "--netrc FILE"]) expect(refused.stdout).toContain(text)

    const netrc = write(folder(), {
      netrc: `machine ${host} login ${login.user} password ${login.password}\n`,
    })
    const run = await runOn("quality", source, `--netrc=${netrc}/netrc`)
    // The wheel's types, and so its content.
    expect(sarifOf(run, "mypy").places).toMatchObject([{ file: "a.py", line: 3, rule: "assignment" }])
    expect(JSON.stringify(run.verdict)).toContain(`file://${netrc}/netrc`)
    for (const text of [run.stdout, run.stderr, run.read("verdict.json"), run.read("logs/dagger.log")])
      expect(text).not.toContain(login.password)
  })
})

it("quality uses the service's version of a tool, and mypy sees the service's packages", async () => {
  const source = service({
    "requirements.txt": "black==25.1.0\nitsdangerous==2.2.0\n",
    "tokens.py": "from itsdangerous import want_bytes\n\nTOKEN: str = want_bytes('a')\n",
  })
  const run = await runOn("quality", source)
  expect(statuses(run)).toEqual({ ...ALL_PASSED, black: "failed", mypy: "failed" })
  expect(sarifOf(run, "black").version).toBe("25.1.0")
  const [place] = sarifOf(run, "mypy").places
  expect(place).toMatchObject({ file: "tokens.py", line: 3, rule: "assignment" })
  expect(place?.message).toContain('expression has type "bytes"')
})

it("quality uses its own tools, whatever versions of their dependencies the service's lock file has", async () => {
  const lock = 'version = 1\n\n[[package]]\nname = "pathspec"\nversion = "0.12.1"\n'
  const run = await runOn("quality", service({ "a.py": "A = 1\n", "uv.lock": lock }))
  expect(statuses(run)).toEqual(ALL_PASSED)
  expect(sarifOf(run, "black").version).toMatch(/^26\./)
  expect(sarifOf(run, "flake8").version).toBe("7.5.0")
})

describe("bad input", () => {
  it.each<{ what: string; files: Files; says: string[] }>([
    { what: "an empty folder", files: {}, says: ["the source contains no files", "EMPTY_SOURCE"] },
    {
      what: "no Python project",
      files: { "package.json": "{}", "lib/a.js": "1" },
      says: ["not a Python project", '"package.json"', "NOT_PYTHON"],
    },
    {
      what: "a slipway.yaml with an unknown key, a wrong type, a duplicate and a cycle",
      files: {
        "a.py": "A = 1\n",
        "slipway.yaml": "paralel: 2\nparallel: many\nname: a\nname: b\nquality: &all\n  paths: [*all]\n",
      },
      says: [
        "slipway.yaml has 5 problems",
        "slipway.yaml:1:1: paralel: unknown key",
        'slipway.yaml:2:11: parallel: expected a whole number from 1 to 64, received "many"',
        "slipway.yaml:4:1: name: duplicate key, first on line 3",
        "slipway.yaml:5:10: anchors are not allowed",
        "slipway.yaml:6:11: aliases are not allowed",
      ],
    },
    {
      what: "a slipway.yaml of 10 MB",
      files: { "a.py": "A = 1\n", "slipway.yaml": "a".repeat(10 * 1024 * 1024) },
      says: ["slipway.yaml:1:1: the file is too large"],
    },
  ])("such as $what ends with 4", async ({ files, says }) => {
    const run = await runOn("quality", service(files))
    expect(run.exitCode).toBe(4)
    expect(run.verdict).toMatchObject({ status: "error", exitCode: 4, stages: [] })
    for (const text of says) expect(run.stdout).toContain(text)
    expect(run.verdict?.problem).toContain(says[0])
  })

  it("a file with a syntax error is named by each tool that reads it", async () => {
    const run = await runOn(
      "quality",
      service({ "app/broken.py": '"""Broken."""\n\n\ndef broken(:\n    pass\n' }),
    )
    expect(run.exitCode).toBe(1)
    // isort reads only imports, which are sorted.
    expect(statuses(run)).toEqual({ ...each("failed"), isort: "passed" })
    for (const name of ["black", "flake8", "mypy"])
      expect(run.stdout).toMatch(new RegExp(`^  app/broken\\.py:4:\\d+: .+ \\[${name} `, "m"))
    expect(run.stdout).toMatch(/^ {2}app\/broken\.py: .+ \[bandit unread\]$/m)
  })

  it("each tool's own broken configuration is an error that names its file", async () => {
    const files = {
      black: ["pyproject.toml", '[tool.black]\nline-length = "wide"\n'],
      isort: [".isort.cfg", "[settings]\nline_length = wide\n"],
      flake8: [".flake8", "[flake8]\nmax-line-length = wide\n"],
      mypy: ["mypy.ini", "[mypy]\nstrict = perhaps\n"],
      bandit: ["bandit.yaml", "skips: [B101\n"],
    } as const
    const run = await runOn(
      "quality",
      service({ "a.py": "A = 1\n", ...Object.fromEntries(Object.values(files)) }),
    )
    expect(run.exitCode).toBe(4)
    expect(statuses(run)).toEqual(each("error"))
    for (const [name, [file]] of Object.entries(files)) expect(run.stage(name).reason).toContain(file)
    expect(xmlElements(run.read("junit/quality.xml")).filter((name) => name === "error")).toHaveLength(5)
  })

  it("an invalid pyproject.toml is an error of each tool that reads it", async () => {
    const run = await runOn(
      "quality",
      service({ "a.py": "A = 1\n", "pyproject.toml": "[tool.black\nline-length = 88\n" }),
    )
    expect(run.exitCode).toBe(4)
    // The other two are not configured in it.
    const error = { black: "error", isort: "error", mypy: "error" }
    expect(statuses(run)).toEqual({ ...ALL_PASSED, ...error })
    for (const name of ["black", "mypy"]) expect(run.stage(name).reason).toContain("Expected ']'")
    expect(run.stage("isort").reason).toContain("pyproject.toml")
  })

  it("unsatisfiable requirements are an error of mypy with the resolver's message; the others run", async () => {
    const run = await runOn("quality", service({ "a.py": "A = 1\n", "requirements.txt": "six==99.0\n" }))
    expect(run.exitCode).toBe(4)
    expect(statuses(run)).toEqual({ ...ALL_PASSED, mypy: "error" })
    const { reason } = run.stage("mypy")
    expect(reason).toContain("requirements.txt")
    expect(reason).toContain("there is no version of six==99.0")
  })

  it("hostile file names appear in every tool's findings, and forge no line of output", async () => {
    const names = [
      "a b.py",
      `it's "q".py`,
      "new\n✓ line.py",
      "-x.py",
      "größe.py",
      "::error::x.py",
      "\r\x1b[1A.py",
    ]
    const code = 'import sys\nimport os\n\n\ndef f()->int:\n    exec("1")\n    return ""\n'
    const run = await runOn("quality", service(Object.fromEntries(names.map((name) => [name, code]))))
    expect(run.exitCode).toBe(1)
    expect(statuses(run)).toEqual(each("failed"))
    for (const tool of TOOLS) {
      const files = new Set(sarifOf(run, tool).places.map(({ file }) => file))
      expect([...files].toSorted(), tool).toEqual(names.toSorted())
    }
    expect(run.stdout).not.toMatch(/^(✓|::)/m)
    expect(run.stdout.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u)
    expect(run.stdout).toContain("  new\\n✓ line.py:5: would be reformatted [black format]\n")
    xmlElements(run.read("junit/quality.xml"))
  })

  it("a stage that times out ends with 3, and isn't cached for the next run", async () => {
    const lines = Array.from({ length: 4000 }, (_, i) => `def f${i}(a,b):\n    return {'a':a,'b':[b,b,${i}]}`)
    const source = service({
      "big.py": lines.join("\n\n"),
      "slipway.yaml": "timeout: 1s\nquality:\n  checks: [black]\n",
    })
    const expected = { name: "black", status: "error", reason: "black took longer than 1 s", cached: false }
    for (const run of [await runOn("quality", source), await runOn("quality", source)]) {
      expect(run.exitCode).toBe(3)
      expect(run.verdict?.stages).toMatchObject([expected])
    }
  })
})

it("the command that repeats a stage quotes the source's path", async () => {
  const source = join(folder(), "it's a service")
  cpSync(join(GATES, "flake8"), source, { recursive: true })
  const { repro } = (await runOn("quality", source)).stage("flake8")
  expect(repro).toContain(`'--source=${source.replace("'", "'\\''")}' debug --stage=flake8 terminal`)
})

it("a run says what changed since the last one, of a given file or of its folder", async () => {
  const source = service({ "a.py": "import os\nimport sys\n\nprint(sys.path)\n" })
  const first = await runOn("quality", source)
  expect(first.verdict?.changes).toBeUndefined()

  write(source, { "a.py": "import sys\n\nprint(sys.path)\n", "b.py": 'A: int = "text"\n' })
  const second = await runOn("quality", source, `--previous=${join(first.out, "verdict.json")}`)
  expect(second.verdict?.changes).toMatchObject({
    before: { id: first.verdict?.run.id },
    stages: [
      { name: "flake8", from: "failed", to: "passed" },
      { name: "mypy", from: "passed", to: "failed" },
    ],
    fixed: { items: [{ file: "a.py", line: 1, rule: "F401" }] },
    fresh: { items: [{ file: "b.py", line: 1, rule: "assignment" }] },
  })
  const headline =
    /^Since the last run of [-\d]+ [\d:]+ UTC: 1 new finding, 1 fixed finding, 2 stages with another status$/m
  expect(second.stdout).toMatch(headline)
  expect(second.read("summary.md")).toContain("1 new finding")
  expect(second.read("report.html")).toContain("Since the last run")

  const third = await runOn("quality", source, `--out=${second.out}`)
  expect(third.stdout).toMatch(/^Since the last run of .*: nothing changed$/m)
})
