import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run as shell } from "../../dagger/lib/shell.js"
import { shellQuote } from "../../src/lib/text/shellQuote.js"
import { CI_HOSTS } from "../../src/lib/config/wrappers.js"
import { ENVIRONMENTS } from "../../src/lib/config/environments.js"
import { scopesOf, secretsIn } from "../../src/lib/wrappers/description.js"
import { without } from "../../src/lib/text/json.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { dagger } from "./dagger.js"
import { callOn, ci, folder, service, slipway, write } from "./pipeline.js"
import { actionlint, type Job, prepareRunners, runDelivery, runWrapper } from "./runners.js"

const COMMIT = "0123456789abcdef0123456789abcdef01234567"

const ADDER = {
  "app/__init__.py":
    '"""Adds."""\n\n\ndef add(left: int, right: int) -> int:\n    """Return the sum."""\n    return left + right\n',
  "tests/test_app.py": "from app import add\n\n\ndef test_add() -> None:\n    assert add(1, 2) == 3\n",
  "pyproject.toml": '[project]\nname = "adder"\nversion = "1.0.0"\nrequires-python = ">=3.11"\n',
  ".gitignore": "out/\n",
  "slipway.yaml": `tests: { suites: [unit], services: [] }
wrappers:
  hosts: [${CI_HOSTS.join(", ")}]
  slipway: https://git.example.com/team/slipway@${COMMIT}
  secrets: [PIP_TOKEN]
`,
}

const source = service(ADDER)
const git = (...args: string[]) =>
  shell`git -C ${source} -c user.name=me -c user.email=me@example.com -c commit.gpgsign=false ${args}`
const commit = async (message: string) => {
  await git("add", "--all")
  await git("commit", "--quiet", "--message", message)
}

let runners: Awaited<ReturnType<typeof prepareRunners>>

beforeAll(async () => {
  runners = await prepareRunners()
  await git("init", "--quiet", "--initial-branch=feature/x")
  const { exitCode, stderr } = await slipway("wrappers", `--source=${source}`, "--yes")
  expect(exitCode, stderr).toBe(0)
  await commit("Add")
})

const read = (out: string): Verdict => JSON.parse(readFileSync(join(out, "verdict.json"), "utf8")) as Verdict

/**
 * Reduces a verdict to what all runs have in common: without times, the run's id, cache hits, the caller's origin,
 * and the notifications about it.
 */
function essence(verdict: Verdict): object {
  const { id, startedAt, inputs, ...same } = verdict.run
  const said = without(inputs?.arguments ?? {}, "who", "runUrl", "history")
  const given = { ...inputs, arguments: said, module: "", source: { ...inputs?.source, address: "" } }
  return {
    // Without git, `dagger call` knows no base.
    ...without(verdict, "milliseconds", "gates"),
    run: { ...same, inputs: given, named: id !== "" && startedAt !== "" },
    stages: verdict.stages.map(({ milliseconds, cached, repro, ...stage }) => ({
      ...stage,
      repro: repro.replace(/^dagger call .*? debug /, "debug "),
      timed: milliseconds >= 0 && typeof cached === "boolean",
    })),
  }
}

describe("the same commit gives the same verdict", () => {
  let expected: object = {}

  beforeAll(async () => {
    const run = await ci(source, "--event=push", "--ref=feature/x")
    expect(run.exitCode, run.stdout + run.stderr).toBe(0)
    expected = essence(read(run.out))
    expect(Object.keys(expected)).toContain("stages")
    expect(read(run.out).stages.map(({ name }) => name)).toEqual(expect.arrayContaining(["mypy", "unit"]))
  })

  it("with dagger call", async () => {
    const out = folder()
    const { stdout } = await git("log", "-1", "--format=--sha=%H --committed=%cI")
    const commit = ["with-commit", ...stdout.trim().split(" ")]
    const what = ["--event=push", "--ref=refs/heads/feature/x", "--run-id=1"]
    const { exitCode, stderr } = await callOn(source, ...commit, "ci", ...what, "export", `--path=${out}`)
    expect(exitCode, stderr).toBe(0)
    expect(essence(read(out))).toEqual(expected)
    expect(read(out).gates).toMatchObject({ base: null, problem: "none was given (with-gates --base)" })
  })

  it.each(CI_HOSTS)("with the wrapper for %s", async (host) => {
    rmSync(join(source, "out"), { recursive: true, force: true })
    const job = await runWrapper(host, source, runners)
    expect(job.code, job.output).toBe(0)
    expect(essence(read(job.out))).toEqual(expected)
    expect(read(job.out).gates).toMatchObject({ base: null, problem: "this is the first commit" })
    expect(job.output).toMatch(SHOWN[host])
  })
})

/** Expected output of each host's job. */
const SHOWN = {
  github: /✅ passed \| [^]*quality mypy/,
  gitlab: /PASS +checks +100\.00% coverage/,
  azure:
    /##vso\[task\.uploadsummary\]\S+summary\.md[^]*kept: out\/\*\*\/coverage\/coverage\.xml\nkept: out\/sarif\nkept: out\n/,
  jenkins:
    /junit: 3 files of [^]*issues: \d\d files of [^]*coverage: 1 files of [^]*artifacts: \d\d+ files of /,
  circleci: /kept: out\/junit\nkept: out\n/,
}

it("a failure fails the job, is shown next to the code, and the artifacts are kept all the same", async () => {
  writeFileSync(join(source, "app/sum.py"), '"""Sums."""\nx : int = "1"\n')
  writeFileSync(
    join(source, "slipway.yaml"),
    ADDER["slipway.yaml"].replace("services: []", "services: [], coverage: {above: 0}"),
  )
  await commit("Break")
  const sha = (await git("rev-parse", "HEAD^")).stdout.trim()
  const shown = (job: Job, pattern: RegExp) => {
    expect(job.code, job.output).not.toBe(0)
    expect(job.output).toMatch(pattern)
    expect(read(job.out).status).toBe("failed")
    const weakened = [{ what: "tests.coverage.above", from: "80 %", to: "0 %", where: "slipway.yaml" }]
    expect(read(job.out).gates).toMatchObject({
      base: { ref: "the commit before", sha },
      problem: null,
      weakened,
    })
    expect(job.output).toContain(`! 1 gate is weaker than in the commit before (${sha.slice(0, 12)})`)
    expect(readFileSync(join(job.out, "summary.md"), "utf8")).toMatch(/^### ⚠️ 1 gate is weaker/m)
  }
  shown(
    await runWrapper("github", source, runners),
    /::error file=app\/sum\.py,line=2,.*title=mypy assignment::/,
  )
  shown(
    await runWrapper("azure", source, runners),
    /##vso\[task\.logissue type=error;sourcepath=app\/sum\.py;[^]*kept: out\n/,
  )
})

describe("wrappers", () => {
  it("that are stale fail dagger check, and dagger generate updates them", async () => {
    const repository = service({ ...ADDER, Jenkinsfile: "pipeline {}\n" })
    for (const name of ["dagger.json", "package.json", "package-lock.json", "tsconfig.json", "src"])
      cpSync(join(REPOSITORY, name), join(repository, "tools/slipway", name), { recursive: true })
    await shell`git init --quiet ${repository}`
    const dag = (...args: string[]) => dagger(args, { cwd: repository })
    await dag("init", "--name=adder")
    await dag("toolchain", "install", "./tools/slipway")
    const stale = await dag("check", "slipway:wrappers")
    expect(stale.exitCode).toBe(1)
    expect(stale.stderr).toContain("run 'dagger generate slipway:wrappers' to apply")
    expect((await dag("generate", "--auto-apply", "slipway:wrappers")).exitCode).toBe(0)
    expect(readFileSync(join(repository, "Jenkinsfile"), "utf8")).toContain("ci --host jenkins")
    expect((await dag("check", "slipway:wrappers")).exitCode).toBe(0)
  })

  it("are shown as a patch that only has the changes", async () => {
    write(source, { Jenkinsfile: "pipeline {}\n" })
    const { stdout } = await slipway("wrappers", `--source=${source}`)
    expect(stdout).toMatch(/^-pipeline \{\}$/m)
    expect(stdout).not.toContain("circleci")
  })

  it("require a commit to pin, and known hosts", async () => {
    const empty = service({ "app.py": "" })
    const without = await callOn(empty, "wrappers", "--hosts=github", "as-patch", "contents")
    expect(without.stderr).toContain("WRAPPERS_UNPINNED")
    expect((await slipway("wrappers", "--host=gitea")).stderr).toContain("UNKNOWN_HOST")
  })
})

it.each(scopesOf({ environments: ENVIRONMENTS }))(
  "the delivery in Jenkins' project %s holds its own credentials alone",
  async (project) => {
    const text = readFileSync(join(GOLDEN, "Jenkinsfile.delivery"), "utf8")
    const named = [...new Set([...text.matchAll(/^ +'(\w+)',$/gm)].map(([, name = ""]) => name))]
    // One is missing: nothing but what needs it may fail.
    const credentials = named.filter((name) => name !== "SLACK_WEBHOOK")
    expect(credentials.length).toBeLessThan(named.length)
    const file = join(GOLDEN, "Jenkinsfile.delivery")
    const { code, output } = await runDelivery(file, project, "sh -c env", credentials)
    expect(code, output).toBe(0)
    const held = [...output.matchAll(/^(\w+)=held \1$/gm)].map(([, name = ""]) => name)
    expect(held.sort()).toEqual(
      secretsIn(project, { environments: ENVIRONMENTS, secrets: credentials }).sort(),
    )
    expect(held).not.toEqual([])
  },
)

/** Wrappers for a service with everything: plans, hotfixes, a service connection. */
const GOLDEN = join(REPOSITORY, "test/fixtures/wrappers")

describe("the hosts' own validators accept the wrapper", () => {
  it("for GitHub with actionlint", async () => {
    const workflow = join(GOLDEN, ".github/workflows/slipway.yml")
    const lint = (file: string) => shell({ nothrow: true })`${LINT} -shellcheck= -pyflakes= ${file}`
    const LINT = await actionlint()
    expect(await lint(workflow)).toMatchObject({ exitCode: 0, stdout: "" })
    const broken = join(folder(), "w.yml")
    writeFileSync(broken, readFileSync(workflow, "utf8").replace("inputs.action", "inputs.akction"))
    expect((await lint(broken)).stdout).toContain('property "akction" is not defined')
  })

  it("for GitHub, GitLab, Azure and CircleCI with their JSON schemas", async () => {
    const files = folder()
    write(files, {
      "github.yml": readFileSync(join(GOLDEN, ".github/workflows/slipway.yml")),
      "gitlab.yml": readFileSync(join(GOLDEN, ".gitlab-ci.yml")),
      "azure.json": JSON.stringify(azure(readFileSync(join(GOLDEN, "azure-pipelines.yml"), "utf8"))),
      "circleci.yml": readFileSync(join(GOLDEN, ".circleci/config.yml")),
      "broken.yml": readFileSync(join(GOLDEN, ".gitlab-ci.yml"), "utf8").replace(
        "resource_group: staging",
        "resource_gruop: staging",
      ),
    })
    const check = "check-jsonschema --color=never --builtin-schema vendor"
    const script = [
      `${check}.github-workflows github.yml`,
      `${check}.gitlab-ci --data-transform gitlab-ci gitlab.yml`,
      // The schema has patterns with `\-`, which ECMAScript only allows without the flag u.
      `${check}.azure-pipelines --regex-variant nonunicode --data-transform azure-pipelines azure.json`,
      `${check}.circle-ci circleci.yml`,
      `! ${check}.gitlab-ci --data-transform gitlab-ci broken.yml`,
    ].join(" && ")
    const container = [
      "container | from python:3.11-slim",
      "with-exec -- pip install --quiet --root-user-action=ignore check-jsonschema==0.39.0",
      `with-directory /files $(host | directory ${files}) | with-workdir /files`,
      `with-exec -- ${shellQuote(["sh", "-c", script])}`,
      "stdout",
    ].join(" | ")
    const { exitCode, stdout, stderr } = await dagger(["--no-mod", "-c", container])
    expect(exitCode, stdout + stderr).toBe(0)
    expect(stdout.match(/^ok -- validation done$/gm)).toHaveLength(4)
  })
})

/**
 * Adapts a pipeline to Azure's schema, which expects strings for all scalars except inputs, and knows only the first
 * version of the coverage task.
 */
function azure(text: string): unknown {
  const { stages, ...rest } = parse(text, { schema: "failsafe" }) as AzureStages
  const typed = parse(text) as AzureStages
  const adapted = stages.map((stage, number) => ({
    ...stage,
    jobs: stage.jobs.map((job, index) => ({
      ...job,
      steps: job.steps.flatMap((step, position) => {
        const { inputs, task } = typed.stages[number]?.jobs[index]?.steps[position] ?? {}
        if (task === "PublishCodeCoverageResults@2") return []
        return [{ ...step, ...(inputs !== undefined && { inputs }) }]
      }),
    })),
  }))
  return { ...rest, stages: adapted }
}

interface AzureStages {
  stages: { jobs: { steps: { inputs?: object; task?: string }[] }[] }[]
}
