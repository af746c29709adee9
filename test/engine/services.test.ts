// Services of one repository: each is tested with the lock above it and the library beside it, after what touches it.
import { join } from "node:path"
import { beforeAll, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run as shell } from "../../dagger/lib/shell.js"
import { engineEnvironment } from "./dagger.js"
import { ci, copyOf, runOn, statuses, write } from "./pipeline.js"

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

it("ci runs every service with the workspace's lock, then those alone that a change touches", async () => {
  const all = await ci(source)
  expect(statuses(all), all.stdout + all.stderr).toEqual({ api: "passed", worker: "passed" })

  write(source, { "services/api/api.py": "from mixer import mix\n\nlevel = sum\nhalf = mix\n" })
  const changed = await ci(source)
  expect(statuses(changed), changed.stdout).toEqual({ api: "passed", worker: "skipped" })
  await git("checkout", "--quiet", ".")

  write(source, { [LIBRARY]: FAULTY })
  const library = await ci(source)
  expect(statuses(library), library.stdout).toEqual({ api: "passed", worker: "failed" })
  expect(library.read("worker/summary.md")).toContain("test_choose")
  await git("checkout", "--quiet", ".")
}, 600_000)
