import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { goSettings, type Program, programKey } from "../../../dagger/kit/images/programs.js"
import { PYTHONS } from "../../../dagger/kit/images/pythons.js"
import { RECIPES } from "../../../dagger/kit/images/recipes.js"
import { OFFLINE_IMAGES } from "../../../dagger/kit/images/offlineImages.js"

const IMAGES = resolve(import.meta.dirname, "../../../dagger/kit/images")

describe("offline images", () => {
  it("have unique names", () => {
    const names = OFFLINE_IMAGES.flatMap(({ name, tags }) => tags.map((tag) => `${name}:${tag}`))
    expect(new Set(names).size).toBe(names.length)
  })

  it("have a unique and stable key", () => {
    const keys = OFFLINE_IMAGES.map(({ key }) => key())
    expect(new Set(keys).size).toBe(keys.length)
    expect(OFFLINE_IMAGES.map(({ key }) => key())).toEqual(keys)
  })

  it("name existing scripts, Go modules and Java sources", () => {
    for (const { files = {}, programs = {}, java = {} } of RECIPES) {
      const sources = Object.values(files).map((source) => join(IMAGES, source))
      for (const source of sources) expect(existsSync(source), source).toBe(true)
      // Other files aren't made executable.
      for (const script of sources.filter((source) => /^#!/.test(readFileSync(source, "utf8"))))
        expect(script).toMatch(/\.sh$/)
      for (const { module } of Object.values(programs))
        for (const file of ["go.mod", "go.sum"])
          expect(existsSync(join(IMAGES, "go", module, file)), `${file} of ${module}`).toBe(true)
      for (const name of Object.values(java))
        for (const file of ["pom.xml", "jars.sha256", "build.sh"])
          expect(existsSync(join(IMAGES, "java", name, file)), `${file} of ${name}`).toBe(true)
    }
  })
})

describe("offline images of Python", () => {
  const VERSIONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
  const find = (tag: string) =>
    [...RECIPES, ...PYTHONS].find(({ name, tags }) => name === "library/python" && tags.includes(tag))

  it.each(VERSIONS.flatMap((version) => [version, `${version}-slim`]))("are there as python:%s", (tag) => {
    expect(find(tag)?.platforms).toEqual(["linux/amd64", "linux/arm64"])
  })

  it("have git and a compiler unless they are slim", () => {
    for (const { tags, packages } of PYTHONS)
      expect(["git", "gcc"].every((name) => packages.includes(name))).toBe(!tags.join().includes("slim"))
  })

  it.each(PYTHONS)("say what $tags lack in the docs as well", ({ version, suite, source, lacks }) => {
    const rows = readFileSync(resolve(IMAGES, "../../../docs/engine.md"), "utf8").split("\n")
    const row =
      rows.find((line) => line.startsWith(`| `) && line.includes(`\`python:${version}-slim\``)) ?? ""
    expect(row).toContain(suite)
    expect(row.includes("Maven")).toBe(source !== "debian")
    expect(row).toContain(lacks.replace(", C headers", ""))
  })

  it("of Maven are pinned for both platforms, at the version that they say", () => {
    for (const { source, lacks } of PYTHONS) {
      if (source === "debian") continue
      const jars = readFileSync(join(IMAGES, "java", source.java, "jars.sha256"), "utf8")
      const [, patch = "none"] = /after (\S+),/.exec(lacks) ?? []
      for (const platform of ["x86_64", "arm64"])
        expect(jars).toMatch(new RegExp(`^[0-9a-f]{64}  cpython-${patch}-\\S+-linux-${platform}\\.jar$`, "m"))
    }
  })
})

describe("the provider in the images of OpenTofu and Terraform", () => {
  it("is built reproducibly, since the sample's lock file has its hash", () => {
    const [program] = RECIPES.filter(({ name }) => name === "opentofu/opentofu")
      .flatMap(({ programs = {} }) => Object.entries(programs))
      .flatMap(([path, program]) => (path.includes("/plugins/") ? [program] : []))
    expect(program?.flags).toContain("-trimpath")
    expect(program?.toolchain).toMatch(/^go1\.\d+\.\d+$/)
  })

  it("has the version in the sample's lock file", () => {
    const lock = readFileSync(join(IMAGES, "../../../test/app/terraform/local/.terraform.lock.hcl"), "utf8")
    const [, version] = /version {5}= "(.*)"/.exec(lock) ?? []
    const paths = RECIPES.flatMap(({ programs = {}, links = {} }) => Object.keys({ ...programs, ...links }))
    const places = paths.filter((path) => path.includes("/hashicorp/time/"))
    expect(places.length).toBeGreaterThan(0)
    for (const path of places) expect(path).toContain(`/${version}/linux_`)
  })
})

describe("programKey", () => {
  const tool: Program = { module: "trivy", package: "github.com/aquasecurity/trivy/cmd/trivy", flags: ["-v"] }
  const key = (changes: Partial<Program>) => programKey({ ...tool, ...changes }, "linux/amd64")

  it("contains module, command and architecture", () => {
    expect(key({})).toMatch(/^trivy-amd64-[0-9a-f]{16}$/)
    expect(key({ package: "./database" })).toMatch(/^trivy-database-amd64-[0-9a-f]{16}$/)
    expect(programKey(tool, "linux/arm64")).toMatch(/^trivy-arm64-/)
  })

  it("depends on flags, experiment, toolchain and package", () => {
    const changes = [
      {},
      { flags: ["-x"] },
      { experiment: "jsonv2" },
      { toolchain: "go1.26.8" },
      { package: "example.com/cmd/trivy" },
    ]
    expect(new Set(changes.map(key)).size).toBe(5)
    expect(key({ flags: ["-v"] })).toBe(key({}))
    // What only changes how long it takes to compile builds nothing again.
    expect(JSON.stringify(RECIPES)).not.toMatch(/gcflags|inlin|dwarf/)
  })

  it("depends on a module's content, and not on its path", () => {
    const [one, other] = [0, 1].map(() => {
      const module = join(mkdtempSync(join(tmpdir(), "slipway-module-")), "provider")
      mkdirSync(join(module, "settings"), { recursive: true })
      for (const file of ["go.mod", "go.sum", "settings/main.go"]) writeFileSync(join(module, file), file)
      return module
    }) as [string, string]
    const of = (module: string) => programKey({ module, package: "./settings" }, "linux/amd64")
    expect(of(one)).toMatch(/^provider-settings-amd64-[0-9a-f]{16}$/)
    expect(of(one)).toBe(of(other))
    writeFileSync(join(other, "settings/main.go"), "changed")
    expect(of(one)).not.toBe(of(other))
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

  it("names the source of each advisory", () => {
    for (const { source } of all)
      expect(source).toMatch(
        /^https:\/\/(github\.com\/advisories\/GHSA|security-tracker\.debian\.org\/tracker\/CVE)-/,
      )
  })

  it("lists each advisory once", () => {
    const names = all.map(({ id, package: name }) => `${id} ${name}`)
    expect(new Set(names).size).toBe(names.length)
  })

  it("has advisories without a fix in every section", () => {
    for (const part of Object.values(list))
      expect(part.some(({ fixed = [] }) => fixed.length === 0)).toBe(true)
  })
})

describe("goSettings", () => {
  it("inline what users wait for, and leave a build whose hash is known to its own flags", () => {
    expect(goSettings("cosign")["GOFLAGS"]).toContain("-dwarf=false -l'")
    expect(goSettings("regctl")["GOFLAGS"]).toMatch(/-dwarf=false$/)
    expect(goSettings("providers", "go1.26.8")).toMatchObject({
      GOFLAGS: "-mod=readonly",
      GOTOOLCHAIN: "go1.26.8",
    })
  })
})
