// Services of one repository: each is tested with the lock above it and the library beside it, after what touches it.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run as shell } from "../../dagger/lib/shell.js"
import { engineEnvironment } from "./dagger.js"
import { readLayout } from "./ociLayout.js"
import { callOn, ci, copyOf, folder, runOn, statuses, write } from "./pipeline.js"

const source = copyOf(join(REPOSITORY, "test/fixtures/services"))
const LIBRARY = "libs/mixer/src/mixer/__init__.py"

const git = (...args: string[]) =>
  shell`git -C ${source} -c user.name=me -c user.email=me@example.com -c commit.gpgsign=false ${args}`

beforeAll(async () => {
  await engineEnvironment()
  await git("init", "--quiet", "--initial-branch=main")
  await git("add", "--all")
  await git("commit", "--quiet", "--message=First")
  await git("switch", "--quiet", "--create=feature/x")
})

/** The text of a file of the library with a fault: the older of two versions is the newest. */
const FAULTY = `from packaging.version import Version


def mix(left: float, right: float) -> float:
    return (left + right) / 2


def newest(first: str, second: str) -> str:
    return min(first, second, key=Version)
`

it("ci runs those services alone that a change touches, with the workspace's lock and the library", async () => {
  const code = readFileSync(join(source, "services/api/api.py"), "utf8")
  write(source, { "services/api/api.py": `${code}\n\nLOUD = 1.0\n` })
  const changed = await ci(source)
  expect(statuses(changed), changed.stdout).toEqual({ api: "passed", worker: "skipped" })
  await git("checkout", "--quiet", ".")

  write(source, { [LIBRARY]: FAULTY })
  const library = await ci(source)
  expect(statuses(library), library.stdout).toEqual({ api: "passed", worker: "failed" })
  expect(library.stdout).toContain("[pytest test_choose]")
  await git("checkout", "--quiet", ".")
}, 600_000)

it("a requirement file installs the library beside the service", async () => {
  write(source, {
    "tools/desk/requirements.txt": "-e ../../libs/mixer\n",
    "tools/desk/desk.py": "from mixer import mix\n\nlevel = mix(0.0, 1.0)\n",
    "tools/desk/tests/test_desk.py": "import desk\n\n\ndef test_level():\n    assert desk.level == 0.5\n",
  })
  const run = await runOn("tests", source, "--path=tools/desk")
  expect(statuses(run), run.stdout + run.stderr).toEqual({ unit: "passed", coverage: "passed" })
}, 600_000)

it("an image has the library beside the service, and the versions of the lock above", async () => {
  write(source, { "services/api/slipway.yaml": 'image: { command: ["python", "api.py"] }\n' })
  const layout = folder()
  const image = ["with-service", "--service=api", "image", "layout", "--platforms=linux/amd64"]
  const { exitCode, stderr } = await callOn(source, ...image, "export", `--path=${layout}`)
  expect(exitCode, stderr).toBe(0)
  const files = (await Promise.all(readLayout(layout).images.map((each) => each.files()))).flat()
  const has = (pattern: RegExp) => files.some((file) => pattern.test(file))
  expect(has(/^app\/api\.py$/)).toBe(true)
  expect(has(/site-packages\/mixer\/__init__\.py$/)).toBe(true)
  expect(has(/site-packages\/packaging-24\.1\.dist-info\/METADATA$/)).toBe(true)
  expect(has(/pytest/)).toBe(false)
}, 600_000)
