import { createHash, randomUUID } from "node:crypto"
import { truncateSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { once } from "../../src/lib/run/once.js"
import { GIT_VERSION } from "../../src/stage/images.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { dagger, type Ended, engineEnvironment } from "./dagger.js"
import { encodings, filesWith, readLayout } from "./ociLayout.js"
import {
  callOn,
  copyOf,
  day,
  type Files,
  folder,
  runOn,
  sarifOf,
  service,
  statuses,
  write,
  xmlElements,
} from "./pipeline.js"
import { runScripts } from "./session.js"

beforeAll(engineEnvironment)

const fixture = (name: string): string => join(REPOSITORY, "test/fixtures/images", name)
const BOTH = ["linux/amd64", "linux/arm64"]

/** Runs a script of Dagger's shell with Slipway's module. */
const script = (text: string): Promise<Ended> => dagger(["-m", REPOSITORY, "-c", text])
/** Returns the part of a script that calls Slipway's module on a source. */
const on = (source: string): string => `. --source $(host | directory ${source})`

/** Settings for the platform with the smaller base image; nothing is emulated if a Dockerfile only copies. */
const ONE = "image: { platforms: [linux/arm64] }\n"

/** Creates a service with a Dockerfile, for one platform. */
const oneImage = (dockerfile: string, files: Files = {}): string =>
  service({ "app.py": 'print("hello")\n', Dockerfile: dockerfile, "slipway.yaml": ONE, ...files })

describe("a failing Dockerfile", () => {
  it("is reported by line, command and output", async () => {
    const run = await runOn("image", fixture("tenth"))
    const command = 'RUN echo "building" && echo "missing tool" >&2 && compile-nothing --all'
    const reason = `${command}: exit code 127: /bin/sh: 1: compile-nothing: not found`
    expect(run.exitCode).toBe(1)
    expect(statuses(run)).toEqual({ build: "failed", scan: "skipped" })
    expect(run.stage("build").reason).toBe(`Dockerfile:10: ${reason}`)
    expect(run.stdout).toContain(`  Dockerfile:10: ${reason} [docker RUN]\n`)
    expect(run.read("summary.md")).toContain("compile-nothing --all: exit code 127")
    expect(sarifOf(run, "build").places).toEqual([
      { rule: "RUN", message: reason, file: "Dockerfile", line: 10 },
    ])
    expect(xmlElements(run.read("junit/image.xml"))).toContain("failure")
    const log = run.read("logs/build.log")
    for (const platform of BOTH) expect(log).toContain(`Dockerfile:10, stage-1, for ${platform}\n`)
    expect(log).toContain('   10 | RUN echo "building" \\\n   11 |     # a comment in between\n')
    expect(log).toContain("\nbuilding\nmissing tool\n/bin/sh: 1: compile-nothing: not found\n")
  })

  it("opens in debug as it is before the failing command, which `again` repeats", async () => {
    const stands = `${on(fixture("tenth"))} | debug build`
    const look = "with-exec -- sh -c 'pwd; cat greeting; ls -A /' | stdout"
    const { stdout, stderr } = await script(
      `${stands} | ${look}; ${stands} | with-exec --expect ANY again | exit-code`,
    )
    expect(stdout, stderr).toMatch(/^\/app\nhello\n[^]*\n127$/)
  })

  const tenth = (settings: string) =>
    write(copyOf(fixture("tenth")), { "slipway.yaml": `image: ${settings}\n` })
  const failing: [string, string, string, number][] = [
    [
      "a base image that doesn't exist",
      fixture("no-base"),
      'Dockerfile:4: FROM python:0.0-none: the image "python:0.0-none" doesn\'t exist, or may not be pulled',
      1,
    ],
    [
      "a stage that doesn't exist",
      tenth("{ target: release }"),
      'Dockerfile: it has no stage "release", only builder',
      1,
    ],
    [
      "an instruction that doesn't exist",
      oneImage("FROM python:3.11-slim\n\nRUNN true\n"),
      "Dockerfile:3: RUNN true: unknown instruction: RUNN",
      1,
    ],
    [
      "a Dockerfile that doesn't exist",
      tenth("{ dockerfile: docker/Dockerfile }"),
      'there is no Dockerfile "docker/Dockerfile"',
      4,
    ],
    [
      "a secret that isn't passed",
      fixture("arguments"),
      'the secret "TOKEN" is missing: pass it, such as --secret env://TOKEN',
      1,
    ],
  ]
  it.concurrent.each(failing)("names %s as the reason", async (_, source, reason, exitCode) => {
    const run = await runOn("image", source)
    expect(run.stage("build").reason).toContain(reason)
    expect(run.exitCode).toBe(exitCode)
  })
})

describe("a Dockerfile elsewhere that asks for an SSH agent, a secret and the history", () => {
  const agent = `import os, socket
agent = socket.socket(socket.AF_UNIX)
agent.connect(os.environ["SSH_AUTH_SOCK"])
agent.sendall(b"\\0\\0\\0\\1\\x0b")  # which keys it has
raise SystemExit(agent.recv(9)[8] != 1)
`
  const dockerfile = `# syntax=docker/dockerfile:1
FROM alpine/git:v${GIT_VERSION} AS version
WORKDIR /app
RUN --mount=source=.git,target=.git,type=bind git describe --tags > /version && grep -qx v1.2.3 /version && ! grep -r hunter2 .git
FROM python:3.11-slim
COPY agent.py .
COPY --from=version /version .
ARG DIGEST
RUN --mount=type=secret,id=pip-token,required=true echo "$DIGEST  /run/secrets/pip-token" | sha256sum -c
RUN --mount=type=ssh,required=true python agent.py
`
  const sources = once(async () => {
    const token = randomUUID()
    const digest = createHash("sha256").update(token).digest("hex")
    const settings = `image: { platforms: [linux/amd64], args: ["DIGEST=${digest}"] }\n`
    const source = service({ "agent.py": agent, "docker/Dockerfile": dockerfile, "slipway.yaml": settings })
    const given = write(folder(), { token })
    const git = run({ cwd: source, env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" } })
    await git`git init --quiet && git remote add origin https://hunter2@example.com/a.git && git add .`
    await git`git -c user.name=a -c user.email=a@localhost commit --quiet -m one && git tag v1.2.3`
    await git`ssh-keygen -q -t ed25519 -N "" -f ${join(given, "key")}`
    return { source, given }
  })

  it("is built with all three", async () => {
    const { source, given } = await sources()
    const secret = `--secret=id=pip-token,src=${join(given, "token")}`
    const built = await runOn("image", source, `--ssh=${join(given, "key")}`, secret)
    expect(built.stage("build").status, built.stdout + built.stderr).toBe("passed")
    expect(built.stage("build").reason).toMatch(/^1 platform, docker\/Dockerfile: sha256:/)
  })

  it("is refused before the build, with the lines to type", async () => {
    const { source } = await sources()
    const refused = await runOn("image", source)
    expect(refused.exitCode).toBe(1)
    expect(sarifOf(refused, "build").places).toMatchObject([
      { line: 9, message: expect.stringContaining("--secret id=pip-token,env=PIP_TOKEN") as unknown },
      { line: 10, message: expect.stringContaining("slipway image --ssh") as unknown },
    ])
  })
})

describe("build arguments, secrets and ignored files", () => {
  const secret = `x"<ü>&+/ ?%${randomUUID()}`
  // Random, because a mounted secret is no part of a command's cache key.
  const extras = `gpu-${randomUUID()}`
  const built = once(async () => {
    const [layout, out] = [folder(), folder()]
    const sources = write(copyOf(fixture("arguments")), {
      "slipway.yaml": `image: { args: ["EXTRAS=${extras}"] }\n`,
    })
    const call = async (...args: string[]) => {
      const source = `--source=${sources}`
      return dagger(["call", `--mod=${REPOSITORY}`, source, ...args], { env: { TOKEN: secret } })
    }
    const exported = await call("image", "--secrets=env://TOKEN", "layout", "export", `--path=${layout}`)
    expect(exported.exitCode, exported.stderr).toBe(0)
    const ci = await call("ci", "--only=image", "--secrets=env://TOKEN", "export", `--path=${out}`)
    expect(ci.exitCode, ci.stderr).toBe(0)
    for (const [name, { stdout, stderr }] of Object.entries({ exported, ci }))
      write(out, { [`${name}.log`]: stdout + stderr })
    return { layout, out }
  })

  it("reach the commands, except for files that .dockerignore excludes", async () => {
    const { images } = readLayout((await built()).layout)
    expect(images.map(({ platform }) => platform)).toEqual(BOTH)
    for (const image of images) {
      expect(await image.file("/token.sha256")).toContain(createHash("sha256").update(secret).digest("hex"))
      expect(await image.file("/arguments")).toBe(`${extras} 315532800\n`)
      // The engine lends its own certificate authorities to a command; they must not stay in the image.
      expect((await image.files()).filter((file) => file.includes("ca-certificates"))).toEqual([])
      expect((await image.file("/files")).trim().split("\n")).toEqual([
        ".dockerignore",
        "Dockerfile",
        "app.py",
        "slipway.yaml",
      ])
      expect(image.config.config.Env.filter((line) => /EXTRAS|TOKEN|EPOCH/.test(line))).toEqual([])
    }
  })

  it("leave no secret in a layer, the history, a report or the log of the run", async () => {
    const { layout, out } = await built()
    expect(filesWith(layout, encodings(secret))).toEqual([])
    expect(filesWith(out, encodings(secret))).toEqual([])
    // Control: the search finds what a command wrote, and what the report holds.
    expect(filesWith(layout, [`${extras} 315532800`])).not.toEqual([])
    expect(filesWith(layout, encodings("/run/secrets/TOKEN > /token.sha256"))).not.toEqual([])
    expect(filesWith(out, ["/run/secrets/TOKEN"])).not.toEqual([])
    expect(filesWith(out, ["emulated, line 5"])).not.toEqual([])
  })
})

it("the build stage names the commands that ran under emulation", async () => {
  const source = write(copyOf(fixture("emulated")), {
    "app.py": `print("${randomUUID()}")\n`,
    "slipway.yaml": ONE,
  })
  const run = await runOn("image", source)
  expect(run.exitCode, run.stdout).toBe(0)
  const emulated = run
    .read("logs/build.log")
    .split("\n")
    .filter((line) => line.includes("emulated"))
  expect(emulated).toEqual([
    "linux/arm64 emulated, line 5: RUN uname -m > /runs-on",
    "linux/arm64 emulated, line 11: RUN python -m py_compile app.py",
  ])
  expect(run.read("summary.md")).toContain("| emulated commands | 2 commands, see logs/build.log |")
  const layout = folder()
  await callOn(source, "image", "layout", "export", `--path=${layout}`)
  const seen = readLayout(layout).images.map(async ({ platform, file }) => [
    platform,
    (await file("/built-on")).trim(),
    (await file("/runs-on")).trim(),
  ])
  expect(await Promise.all(seen)).toEqual([["linux/arm64", "x86_64", "aarch64"]])
})

describe("a service without a Dockerfile", () => {
  const revision = { sha: "0123456789".repeat(4), committed: "2026-03-01T12:00:00Z" }
  const layout = once(async () => {
    const path = folder()
    const origin = "https://example.com/team/greetings"
    const labels = [`--sha=${revision.sha}`, `--committed=${revision.committed}`, `--origin=${origin}`]
    const image = [
      "with-commit",
      ...labels,
      "image",
      "--ref=refs/tags/v1.2.3",
      "layout",
      "export",
      `--path=${path}`,
    ]
    const { exitCode, stderr } = await callOn(fixture("flask"), ...image)
    expect(exitCode, stderr).toBe(0)
    return path
  })

  it("gets an image for each platform without emulation, and SBOMs", async () => {
    const run = await runOn("image", fixture("flask"))
    expect(run.exitCode, run.stdout).toBe(0)
    expect(statuses(run)).toEqual({ build: "passed", scan: "passed" })
    expect(run.stage("build").reason).toMatch(/^2 platforms, made by Slipway: sha256:[0-9a-f]{64}$/)
    const summary = run.read("summary.md")
    expect(summary).toContain("| build | emulated commands | none |")
    for (const platform of BOTH) {
      expect(summary).toMatch(
        new RegExp(`\\| build \\| ${platform} \\| [\\d.]+ MB in \\d layers, the biggest `),
      )
      const name = platform.replace("linux/", "")
      const cyclonedx = run.read(`sbom/image-${name}.cyclonedx.json`)
      expect((JSON.parse(cyclonedx) as { bomFormat: string }).bomFormat).toBe("CycloneDX")
      const spdx = run.read(`sbom/image-${name}.spdx-json.json`)
      expect((JSON.parse(spdx) as { spdxVersion: string }).spdxVersion).toMatch(/^SPDX-2/)
      for (const bill of [cyclonedx, spdx]) expect(bill).toMatch(/"name": ?"flask"/i)
      expect(run.read(`trivy/image-${name}.json`)).toContain("flask")
    }
  })

  it("records its origin and contents in the image's labels and configuration", async () => {
    const { images, annotations } = readLayout(await layout())
    const labels = {
      "org.opencontainers.image.revision": revision.sha,
      "org.opencontainers.image.created": revision.committed,
      "org.opencontainers.image.source": "https://example.com/team/greetings",
      "org.opencontainers.image.version": "1.2.3",
    }
    expect(annotations).toMatchObject(labels)
    expect(images.map(({ platform }) => platform)).toEqual(BOTH)
    for (const { config, files } of images) {
      expect(config.config).toMatchObject({
        User: "10001:10001",
        Labels: labels,
        Cmd: ["sh", "-c", "exec gunicorn app:app --bind 0.0.0.0:$PORT --worker-tmp-dir /dev/shm"],
      })
      expect(config.config.Healthcheck?.Test).toContain("python")
      const times = [config, ...config.history].map(({ created }) => created)
      expect(new Set(times)).toEqual(new Set([revision.committed]))
      const own = await files()
      expect(own).toContain("app/templates/greeting.html")
      expect(own.filter((path) => /^app\/(__pycache__\/)?(app|texts)\..*\.pyc$/.test(path))).toHaveLength(2)
      expect(own.filter((path) => /^opt\/venv\/.*\/flask\/.*\.pyc$/.test(path))).not.toEqual([])
      expect(own.filter((path) => /^app\/(tests|requirements|Procfile)/.test(path))).toEqual([])
    }
  })

  it("runs on each platform, arm64 emulated, as an unprivileged user without build tools", async () => {
    const archive = join(folder(), "image.tar")
    await run`tar -cf ${archive} -C ${await layout()} .`
    const asks = `import urllib.request as web; print(web.urlopen("http://web:8000/health").read().decode())`
    const look = `import importlib.util, os, platform, shutil
programs = [name for name in ("pip", "uv", "gcc", "cc", "make") if shutil.which(name)]
open_to_it = [path for path in ("/app", "/opt/venv", "/usr/local") if os.access(path, os.W_OK)]
print(platform.machine(), os.getuid(), importlib.util.find_spec("pip"), programs, open_to_it)`
    const runs = BOTH.map(
      (platform) => `image=$(container --platform ${platform} | import $(host | file ${archive}))
        container | from python:3.11-slim | with-service-binding web $($image | as-service) |
          with-exec -- python -c '${asks}' | stdout
        $image | with-exec -- python -c '${look}' | stdout`,
    )
    const { stdout, stderr } = await dagger(["-M", "-c", runs.join("\n")])
    const said = stdout.split("\n").filter((line) => line !== "")
    const answers = ["x86_64", "aarch64"].map((machine) => ['{"status":"ok"}', `${machine} 10001 None [] []`])
    expect(said, stderr).toEqual(answers.flat())
  })

  it.concurrent.each<[string, Files, string]>([
    [
      "a command to run",
      { "app.py": "x = 1\n" },
      "the image has no command to run: no Procfile, no script, no package with a __main__.py",
    ],
    [
      // Published as a wheel for x86-64 only, and without a source distribution.
      "a wheel for each platform",
      {
        "app.py": "x = 1\n",
        Procfile: "web: python app.py\n",
        "requirements.txt": "intel-openmp==2024.0.0\n",
      },
      "intel-openmp==2024.0.0 can't be installed for linux/arm64 without being compiled",
    ],
  ])("is refused without %s", async (_, files, reason) => {
    const run = await runOn("image", service(files))
    expect(run.exitCode).toBe(4)
    expect(run.stage("build").reason).toContain(reason)
  })
})

it("the image of a commit that changes only ignored files is neither built nor scanned again, but labelled with that commit", async () => {
  const dockerfile = `FROM debian:bookworm-slim\nLABEL run=${randomUUID()}\nCOPY . /app\n`
  const source = oneImage(dockerfile, { ".dockerignore": "*.md\n" })
  const git = run({ cwd: source, env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" } })
  await git`git init --quiet`
  const digests: string[] = []
  for (const text of ["one", "two"]) {
    write(source, { "README.md": `${text}\n` })
    await git`git add . && git -c user.name=a -c user.email=a@localhost commit --quiet -m ${text}`
    const built = await runOn("image", source)
    expect(built.stage("scan")).toMatchObject({ status: "passed", cached: text === "two" })
    digests.push(built.stage("build").reason)
  }
  expect(new Set(digests).size).toBe(2)
})

// Slipway's own builder and builds with an empty cache: see lifecycle.test.ts.
it("the image has the same digest if every command of a Dockerfile runs again", async () => {
  const again = () => {
    const settings = `image: { platforms: [linux/arm64], args: ["NONCE=${randomUUID()}"] }\n`
    const source = copyOf(fixture("repeated"))
    return write(source, { "slipway.yaml": settings, ".dockerignore": "slipway.yaml\n" })
  }
  const image = "with-commit --sha 0123456789 --committed 2026-03-01T12:00:00Z | image | digest"
  const { stdout, stderr } = await script(`${on(again())} | ${image}; ${on(again())} | ${image}`)
  const digests = stdout.match(/sha256:[0-9a-f]{64}/g)
  expect(digests, stderr).toHaveLength(2)
  expect(new Set(digests).size).toBe(1)
})

describe("scan", () => {
  const CVE = "CVE-2023-50447"
  const UNFIXED = "CVE-2023-45853"
  const folderOf = "/usr/lib/python3/dist-packages/pillow-10.1.0.dist-info"
  const vulnerable = (files: Files = {}) =>
    oneImage("FROM python:3.11-slim\nCOPY METADATA " + `${folderOf}/METADATA\n`, {
      METADATA: "Metadata-Version: 2.1\nName: pillow\nVersion: 10.1.0\n",
      ...files,
    })
  const entry = (rule: string) => `  - tool: trivy
    rule: ${rule}
    in: image
    reason: nothing here reads pictures
    expires: ${day(10)}
    owner: platform
`

  it("fails for a critical vulnerability and for an exceeded budget, and only names what Debian won't fix", async () => {
    const settings = "image: { platforms: [linux/amd64], budget: 1MB }\n"
    const run = await runOn("image", vulnerable({ "slipway.yaml": settings }))
    expect(run.exitCode).toBe(1)
    expect(statuses(run)).toEqual({ build: "passed", scan: "failed" })
    expect(run.stdout).toMatch(
      new RegExp(`^ {2}pillow 10\\.1\\.0: .*critical, fixed in 10\\.2\\.0.* \\[trivy ${CVE}\\]$`, "m"),
    )
    expect(run.stdout).toMatch(
      /^ {2}slipway\.yaml: the image for linux\/amd64 takes [\d.]+ MB, [\d.]+ MB more than image\.budget allows/m,
    )
    expect(run.stdout).not.toContain(UNFIXED)
    expect(sarifOf(run, "scan").places.map(({ rule }) => rule)).toContain(UNFIXED)
    // One platform was requested, and there is no other.
    expect(run.read("summary.md")).toContain("| build | linux/amd64 |")
    expect(run.read("summary.md")).not.toContain("linux/arm64")
  })

  it("passes suppressed vulnerabilities, and fails for an unused suppression", async () => {
    const suppressions = (...rules: string[]) => ({
      "slipway.yaml": "image: { platforms: [linux/amd64] }\n",
      ".slipway/suppressions.yaml": `suppressions:\n${rules.map(entry).join("")}`,
    })
    const passed = await runOn("image", vulnerable(suppressions(CVE)))
    expect(passed.exitCode, passed.stdout).toBe(0)
    expect(passed.stage("scan").reason).toContain(`1 accepted without a fix (${UNFIXED})`)
    expect(passed.read("summary.md")).toContain(UNFIXED)
    expect(passed.read("summary.md")).toMatch(new RegExp(`${day(10)}.*${CVE}`))
    const failed = await runOn("image", vulnerable(suppressions(CVE, "CVE-2020-14343")))
    expect(failed.exitCode).toBe(1)
    expect(failed.stage("build").status).toBe("passed")
    expect(failed.stdout).toMatch(/suppressions\.yaml:8: .*CVE-2020-14343 suppresses nothing in the image/)
    expect(failed.stdout).not.toContain(`[trivy ${CVE}]`)
  })

  it("fails for unfixed vulnerabilities if the settings say so", async () => {
    const settings = "image: { platforms: [linux/amd64], unfixed: fail }\n"
    const run = await runOn("image", oneImage("FROM python:3.11-slim\n", { "slipway.yaml": settings }))
    expect(run.exitCode).toBe(1)
    expect(run.stdout).toMatch(
      new RegExp(`^ {2}zlib1g .*no fixed version yet.* \\[trivy ${UNFIXED}\\]$`, "m"),
    )
  })
})

describe("what a fork's build leaves in a cache", () => {
  // Fails where an earlier build has been, and leaves a trace for the next.
  const BACKEND = `import os, zipfile
cache = os.environ.get("UV_CACHE_DIR", "/root/.cache/uv")
def build_wheel(folder, config_settings=None, metadata_directory=None):
    os.makedirs(cache, exist_ok=True)
    if os.path.exists(f"{cache}/trace"): raise SystemExit("found the trace of another build")
    open(f"{cache}/trace", "w").close()
    info = "left-1.0.dist-info"
    with zipfile.ZipFile(f"{folder}/left-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("left.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: left\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", f"left.py,,\\n{info}/METADATA,,\\n{info}/WHEEL,,\\n{info}/RECORD,,\\n")
    return "left-1.0-py3-none-any.whl"
`
  const PROJECT = `[project]
name = "left"
version = "1.0"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
`
  const settings = { "slipway.yaml": "image: { platforms: [linux/amd64], command: [python] }\n" }
  const TRACE = "found the trace of another build"
  const mount = "--mount=type=cache,target=/cache,id=shared"
  const leave = `{ [ ! -e /cache/trace ] || { echo ${TRACE}; exit 3; }; touch /cache/trace; }`
  const withBackend = () =>
    service({
      ...settings,
      "backend.py": BACKEND,
      "pyproject.toml": PROJECT,
      "nonce.py": `# ${randomUUID()}\n`,
    })
  const withMount = () =>
    service({
      ...settings,
      "app.py": "x = 1\n",
      Dockerfile: `FROM python:3.11-slim\nRUN ${mount} : ${randomUUID()}; ${leave}\n`,
    })
  const origin = `--origin=https://example.com/${randomUUID()}`
  const fork = "--event=pull_request --fork --base-ref=main"
  const release = "--event=tag --ref=refs/tags/v1.2.3"
  const build = (source: string, trigger: string) =>
    `${on(source)} | with-commit ${origin} | ci ${trigger} --only=build | file verdict.json | contents`

  it("isn't seen by a release of the same repository, though by the next fork", async () => {
    const scripts = {
      "backend of a fork": build(withBackend(), fork),
      "backend of a release": build(withBackend(), release),
      "mount of a fork": build(withMount(), fork),
      "mount of the next fork": build(withMount(), fork),
      "mount of a release": build(withMount(), release),
    }
    const { json } = await runScripts({ module: REPOSITORY, prelude: "", scripts, env: {} })
    const reasons = Object.keys(scripts).map((name) => {
      const { stages } = json(name) as Verdict
      return [name, `${stages[0]?.status}: ${stages[0]?.reason}`]
    })
    expect(Object.fromEntries(reasons)).toEqual({
      "backend of a fork": expect.stringMatching(/^passed: /) as unknown,
      "backend of a release": expect.stringMatching(/^passed: /) as unknown,
      "mount of a fork": expect.stringMatching(/^passed: /) as unknown,
      "mount of the next fork": expect.stringMatching(`^failed: .*${TRACE}`) as unknown,
      "mount of a release": expect.stringMatching(/^passed: /) as unknown,
    })
  })
})

it("the build stage warns of a large context, and names the largest files", async () => {
  const source = oneImage("FROM python:3.11-slim\nCOPY app.py /\n", {
    "weights/model.bin": "",
    "data/ignored.bin": "",
    ".dockerignore": "data\n",
  })
  for (const name of ["weights/model.bin", "data/ignored.bin"]) truncateSync(join(source, name), 120e6)
  const run = await runOn("image", source)
  expect(run.exitCode, run.stdout).toBe(0)
  expect(run.stdout).toMatch(
    /120\.0 MB in the build context, more than 100\.0 MB: weights\/model\.bin 120\.0 MB/,
  )
  expect(run.stdout).not.toContain("ignored.bin")
  expect(sarifOf(run, "build").places).toMatchObject([{ rule: "context", file: ".dockerignore" }])
})

it("an image from scratch is built for each platform", async () => {
  const layout = folder()
  const source = service({ "app.py": "x = 1\n", Dockerfile: "FROM scratch\nCOPY app.py /\n" })
  const { exitCode, stderr } = await callOn(source, "image", "layout", "export", `--path=${layout}`)
  expect(exitCode, stderr).toBe(0)
  const { images } = readLayout(layout)
  expect(images.map(({ platform }) => platform)).toEqual(BOTH)
  expect(images.map(({ config }) => `linux/${config.architecture}`)).toEqual(BOTH)
})
