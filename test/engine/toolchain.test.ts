import { cpSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { dagger, type Ended, engineEnvironment } from "./dagger.js"
import { copyOf, gate, write } from "./pipeline.js"

/** A repository of somebody else that contains this module. */
const repository = copyOf(gate("mypy"))
const dag = (...args: string[]): Promise<Ended> => dagger(args, { cwd: repository })

beforeAll(async () => {
  await engineEnvironment()
  for (const name of ["dagger.json", "package.json", "package-lock.json", "tsconfig.json", "src"])
    cpSync(join(REPOSITORY, name), join(repository, "tools/slipway", name), { recursive: true })
  write(repository, { "slipway.yaml": "quality: { checks: [mypy] }\ntests: { suites: [unit] }\n" })
  await run`git init --quiet ${repository}`
  await dag("init", "--name=audio")
  expect(await dag("toolchain", "install", "./tools/slipway")).toMatchObject({ exitCode: 0 })
})

it("a toolchain checks the repository that it is installed in, with that repository's settings", async () => {
  const written = JSON.parse(readFileSync(join(repository, "dagger.json"), "utf8")) as {
    toolchains: object[]
  }
  const invocation = { argument: "invocation", default: "dagger call slipway" }
  const toolchains = written.toolchains.map((each) => ({ ...each, customizations: [invocation] }))
  write(repository, { "dagger.json": JSON.stringify({ ...written, toolchains }) })

  const { stdout } = await dag("check", "-l")
  const names = Array.from(stdout.matchAll(/^slipway:\S+/gm), ([name]) => name)
  expect(names).toEqual(
    expect.arrayContaining(["slipway:quality:mypy", "slipway:tests:unit", "slipway:infra:validate"]),
  )

  const failing = await dag("check", "slipway:quality:mypy")
  expect(failing.exitCode).toBe(1)
  expect(failing.stderr).toContain("worker.py:7:12: Incompatible return value type")
  expect(failing.stderr).toContain("repeat: dagger call slipway debug --stage=mypy terminal")
  expect(failing.stderr).not.toContain("tools/slipway/src/index.ts:")
})
