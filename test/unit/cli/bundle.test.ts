import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { bundledCommand } from "../../../dagger/bundle.js"

const root = mkdtempSync(join(tmpdir(), "slipway-bundle-"))
afterAll(() => rmSync(root, { recursive: true }))

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
}

write({
  "package.json": '{ "type": "module" }',
  "package-lock.json": "{}",
  "src/answer.ts": "export const answer: number = 41\n",
  "dagger/lib/home.ts": "export const here = import.meta.dirname\n",
  "dagger/cli/program/main.ts":
    'import { here } from "../../lib/home.js"\nimport { answer } from "../../../src/answer.js"\nconsole.log(answer, here)\n',
})

const printed = (file: string): string => spawnSync(process.execPath, [file], { encoding: "utf8" }).stdout

describe("the bundle of the command", () => {
  it("is made once for the sources as they are, and each file of them keeps its place", async () => {
    const first = await bundledCommand(root)
    expect(printed(first)).toBe(`41 ${join(root, "dagger/lib")}\n`)
    const { ino } = statSync(first)
    expect(await bundledCommand(root)).toBe(first)
    expect(statSync(first).ino).toBe(ino)

    write({ "src/answer.ts": "export const answer: number = 4200\n" })
    const [second, same] = await Promise.all([bundledCommand(root), bundledCommand(root)])
    expect(same).toBe(second)
    expect(printed(second)).toContain("4200")
    expect(readdirSync(dirname(second))).toHaveLength(1)
  })

  it("is made elsewhere if the repository can't be written to", async () => {
    const cache = join(root, "node_modules/.cache")
    rmSync(cache, { recursive: true })
    writeFileSync(cache, "") // for root, too
    const file = await bundledCommand(root)
    expect(file.startsWith(join(tmpdir(), "slipway-command-"))).toBe(true)
    expect(printed(file)).toContain("4200")
    rmSync(dirname(file), { recursive: true })
  })
})
