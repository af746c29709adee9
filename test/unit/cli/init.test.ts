import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { spawnSync } from "node:child_process"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import Ajv from "ajv"
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest"
import { parse } from "yaml"
import { runInit } from "../../../dagger/cli/commands/init.js"
import { SCHEMA_FILE } from "../../../src/lib/config/jsonSchema.js"
import { REPOSITORY } from "../../../dagger/lib/home.js"

const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

let [out, said] = ["", ""]
beforeEach(() => {
  ;[out, said] = ["", ""]
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true))
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((said += String(text)), true))
})

const FILES = { "app.py": "", "compose.yaml": "services:\n  db:\n    image: postgres:17\n" }

function folder(files: Record<string, string>): string {
  const source = mkdtempSync(join(scratch, "s-"))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(source, name)), { recursive: true })
    writeFileSync(join(source, name), text)
  }
  return source
}

describe("slipway init", () => {
  it("writes the settings, and prints what a local run and a push would run", async () => {
    const source = folder(FILES)
    expect(await runInit({ source })).toBe(0)
    const written = readFileSync(join(source, "slipway.yaml"), "utf8")
    expect(written).toMatch(/^ {4}version: "17" # compose\.yaml:3: its version$/m)
    expect(out).toContain(`wrote slipway.yaml:\n\n${written}`)
    expect(out).toMatch(/^a local run[^]*^✓ tests [^]*^a push to main[^]*^✓ image /m)
  })

  it("leaves a file that is there as it is, and prints what it lacks", async () => {
    const own = "tests: { services: [postgres] }\n"
    const source = folder({ ...FILES, "slipway.yaml": own })
    await expect(runInit({ source })).rejects.toThrow(/slipway\.yaml[^]*--print[^]*SETTINGS_EXIST/)
    expect(await runInit({ source, print: true })).toBe(0)
    expect(readFileSync(join(source, "slipway.yaml"), "utf8")).toBe(own)
    expect(out).toMatch(/^#.*\ntests:\n {2}postgres:\n {4}version: "17" # .*\n$/)
    expect(said).toMatch(/^✓ tests /m)
  })

  it("writes nothing where nothing differs, or with --print", async () => {
    const source = folder({ "app.py": "" })
    await runInit({ source })
    expect(out).toMatch(/^no slipway\.yaml is needed/)
    const other = folder(FILES)
    await runInit({ source: other, print: true })
    expect([source, other].map((each) => existsSync(join(each, "slipway.yaml")))).toEqual([false, false])
  })

  it("refuses a folder without Python, an address, and a folder that isn't there", async () => {
    await expect(runInit({ source: folder({ "main.go": "" }) })).rejects.toThrow(/main\.go[^]*NOT_PYTHON/)
    await expect(runInit({ source: "https://git.example.com/a.git" })).rejects.toThrow("NO_SOURCE")
    await expect(runInit({ source: join(scratch, "none") })).rejects.toThrow("NO_SOURCE")
  })

  it("leads editors from the first line of each file to the schema, which takes what it wrote", async () => {
    const source = folder({
      ".slipway/slipway.schema.json": "an old one",
      "api/pyproject.toml": '[project]\nname = "api"\n',
      "api/Dockerfile": "FROM python:3.12\n",
      "api/app.py": "",
      "worker/pyproject.toml": '[project]\nname = "worker"\n',
      "worker/Dockerfile": "FROM python:3.12\nHEALTHCHECK CMD curl -f http://localhost:8000/up\n",
      "worker/app.py": "",
    })
    await runInit({ source })
    for (const path of ["slipway.yaml", "worker/slipway.yaml"]) {
      const text = readFileSync(join(source, path), "utf8")
      const schema = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? ""
      const file = resolve(source, dirname(path), schema)
      expect(file).toBe(join(source, ".slipway/slipway.schema.json"))
      const valid = new Ajv().compile(JSON.parse(readFileSync(file, "utf8")) as object)
      expect([valid(parse(text)), valid({ parallell: 1 })]).toEqual([true, false])
    }
    expect(out).toMatch(/^wrote \.slipway\/slipway\.schema\.json, /m)
  })

  it("writes the schema in the place of a link, not to what that leads to", async () => {
    const source = folder({ ...FILES, "diary.txt": "mine", ".slipway/README": "" })
    symlinkSync("../diary.txt", join(source, ".slipway/slipway.schema.json"))
    await runInit({ source })
    expect(readFileSync(join(source, "diary.txt"), "utf8")).toBe("mine")
    expect(readFileSync(join(source, ".slipway/slipway.schema.json"), "utf8")).toMatch(/^\{/)
  })

  it.each<[string, (source: string) => void]>([
    ["a file", (source) => writeFileSync(join(source, ".slipway"), "")],
    ["a link", (source) => symlinkSync(folder({}), join(source, ".slipway"))],
    ["a folder in the schema's", (source) => mkdirSync(join(source, SCHEMA_FILE), { recursive: true })],
  ])("writes nothing if %s is in the place of the schema's folder", async (_, put) => {
    const source = folder(FILES)
    put(source)
    await expect(runInit({ source })).rejects.toThrow(/^can't write "\.slipway\/[^]*SOURCE_UNWRITABLE/)
    expect(existsSync(join(source, "slipway.yaml"))).toBe(false)
  })

  it("takes a link in the place of the settings for settings that are there", async () => {
    const source = folder(FILES)
    symlinkSync("nowhere", join(source, "slipway.yaml"))
    await expect(runInit({ source })).rejects.toThrow("SETTINGS_EXIST")
  })
})

it("slipway schema prints the schema", () => {
  const command = [join(REPOSITORY, "dagger/slipway.js"), "schema"]
  const { stdout, status } = spawnSync("node", command, { encoding: "utf8" })
  expect(status).toBe(0)
  expect(stdout).toBe(readFileSync(join(REPOSITORY, "slipway.schema.json"), "utf8"))
})
