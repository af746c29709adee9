import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { chosenPlace, refuseDirty } from "../../../dagger/cli/commands/sourceFolder.js"
import { run } from "../../../dagger/lib/shell.js"
import { SlipwayError } from "../../../src/lib/errors/catalogue.js"

const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

let root = ""
const write = (...names: string[]): void => {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), `${name} ${Math.random()}\n`)
  }
}
const git = async (...args: string[]) => {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" }
  await run({ cwd: root, env })`git -c user.name=a -c user.email=a@localhost ${args}`
}

beforeEach(async () => {
  root = mkdtempSync(join(scratch, "r-"))
  write("service/a.py", "service/b c.py", "other/d.py")
  writeFileSync(join(root, ".gitignore"), "*.log\n")
  await git("init", "--quiet")
  await git("add", ".")
  await git("commit", "--quiet", "-m", "first")
})

/** The error's message for the folder `service`; empty without an error. */
async function refused(out = "service/out", source = "service"): Promise<string> {
  try {
    await refuseDirty(join(root, source), join(root, out))
    return ""
  } catch (error) {
    expect(error).toBeInstanceOf(SlipwayError)
    expect(error).toMatchObject({ code: "DIRTY", exitCode: 4 })
    return (error as SlipwayError).message.split("\n")[0] ?? ""
  }
}

describe("refuseDirty", () => {
  it("accepts an unchanged folder, with changes outside of it, ignored files and files in --out", async () => {
    expect(await refused()).toBe("")
    write("other/d.py", "other/new.py", "service/x.log", "service/out/verdict.json", "service/out/deep/x")
    expect(await refused()).toBe("")
    expect(await refused("service/out/../out")).toBe("")
  })

  it.each(["service/a.py", "service/b c.py", "service/new.py", "service/deep/né\"w'.py", "service/outer/x"])(
    "lists %s",
    async (name) => {
      write(name)
      expect(await refused()).toBe(`uncommitted changes: ${JSON.stringify(name)}`)
    },
  )

  it("detects staged, renamed and deleted files", async () => {
    write("service/new.py")
    await git("add", ".")
    expect(await refused()).toContain('"service/new.py"')
    await git("mv", "service/new.py", "service/newer.py")
    expect(await refused()).toContain('"service/newer.py"')
    await git("rm", "--quiet", "-f", "service/newer.py")
    expect(await refused()).toBe("")
    rmSync(join(root, "service/a.py"))
    expect(await refused()).toContain('"service/a.py"')
  })

  it("lists five files, and counts the others", async () => {
    write(...Array.from({ length: 7 }, (_, i) => `service/new${i}.py`))
    const message = await refused()
    expect(message).toContain('"service/new4.py" and 2 more')
    expect(message).not.toContain("new5")
  })

  it("takes the name of --out literally, and excludes nothing if it is outside of the source", async () => {
    write("service/new.py")
    for (const out of ["service/*", "service/[a-z]*", "out", "service", ".", "service/..out"])
      expect(await refused(out), out).toContain("new.py")
  })

  it("accepts a folder outside of a repository, and an address", async () => {
    const plain = mkdtempSync(join(scratch, "p-"))
    writeFileSync(join(plain, "a.py"), "")
    await expect(refuseDirty(plain, join(plain, "out"))).resolves.toBeUndefined()
    await expect(refuseDirty("https://git.example.com/a.git", "/out")).resolves.toBeUndefined()
  })
})

describe("chosenPlace", () => {
  it("is the same service by its name and by its folder", () => {
    writeFileSync(join(root, "slipway.yaml"), "services: {api: service}\n")
    const api = { name: "api", path: "service" }
    for (const chosen of ["api", "service", "./service/"]) expect(chosenPlace(root, chosen)).toEqual(api)
    expect(chosenPlace(root, undefined)).toEqual({ name: "", path: "" })
  })
})
