import { existsSync, readFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { type Program, programFolder } from "../../../dagger/images/programs.js"
import { RECIPES } from "../../../dagger/images/recipes.js"
import { STAND_INS } from "../../../dagger/images/standIns.js"

const IMAGES = resolve(import.meta.dirname, "../../../dagger/images")

describe("stand-ins", () => {
  it("don't take each other's names", () => {
    const names = STAND_INS.flatMap(({ name, tags }) => tags.map((tag) => `${name}:${tag}`))
    expect(new Set(names).size).toBe(names.length)
  })

  it("have a key each, and the same one each time", () => {
    const keys = STAND_INS.map(({ key }) => key())
    expect(new Set(keys).size).toBe(keys.length)
    expect(STAND_INS.map(({ key }) => key())).toEqual(keys)
  })

  it("take scripts and Go modules that are there", () => {
    for (const { files = {}, programs = {} } of RECIPES) {
      const sources = Object.values(files).map((source) => join(IMAGES, source))
      for (const source of sources) expect(existsSync(source), source).toBe(true)
      // What ends otherwise isn't made executable.
      for (const script of sources.filter((source) => /^#!/.test(readFileSync(source, "utf8"))))
        expect(script).toMatch(/\.sh$/)
      for (const { module } of Object.values(programs))
        for (const file of ["go.mod", "go.sum"])
          expect(existsSync(join(IMAGES, "go", module, file)), `${file} of ${module}`).toBe(true)
    }
  })
})

describe("programFolder", () => {
  const tool: Program = { module: "trivy", package: "github.com/aquasecurity/trivy/cmd/trivy", flags: ["-v"] }
  const folder = (changes: Partial<Program>) => programFolder({ ...tool, ...changes }, "linux/amd64")

  it("is named by module, command and architecture", () => {
    expect(basename(folder({}))).toMatch(/^trivy-amd64-[0-9a-f]{16}$/)
    expect(basename(folder({ package: "./database" }))).toMatch(/^trivy-database-amd64-[0-9a-f]{16}$/)
    expect(basename(programFolder(tool, "linux/arm64"))).toMatch(/^trivy-arm64-/)
  })

  it("is another for other flags, another experiment and another package", () => {
    const all = [{}, { flags: ["-x"] }, { experiment: "jsonv2" }, { package: "example.com/cmd/trivy" }].map(
      folder,
    )
    expect(new Set(all).size).toBe(4)
    expect(folder({ flags: ["-v"] })).toBe(folder({}))
  })
})

describe("advisories.yaml", () => {
  interface Advisory {
    id: string
    package: string
    fixed?: string[]
    source: string
  }
  const list = parse(readFileSync(join(IMAGES, "advisories.yaml"), "utf8")) as Record<string, Advisory[]>
  const all = Object.values(list).flat()

  it("says where each comes from", () => {
    for (const { source } of all)
      expect(source).toMatch(
        /^https:\/\/(github\.com\/advisories\/GHSA|security-tracker\.debian\.org\/tracker\/CVE)-/,
      )
  })

  it("names each once", () => {
    const names = all.map(({ id, package: name }) => `${id} ${name}`)
    expect(new Set(names).size).toBe(names.length)
  })

  it("has some without a fix in every part", () => {
    for (const part of Object.values(list))
      expect(part.some(({ fixed = [] }) => fixed.length === 0)).toBe(true)
  })
})
