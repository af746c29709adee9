import { describe, expect, it, test } from "vitest"
import { dnsLabelRule } from "../../../src/lib/config/rules.js"
import { serviceName } from "../../../src/lib/python/name.js"

const of = (pyproject: string, chosen?: string): string | undefined =>
  serviceName({ "pyproject.toml": pyproject }, chosen)

describe("serviceName", () => {
  it("is the configured name, unchanged", () => {
    expect(of('[project]\nname = "other"\n', "api")).toBe("api")
    expect(serviceName({}, "api")).toBe("api")
  })

  test.each([
    ["PEP 621's", '[build-system]\nrequires = ["hatchling"]\n\n[project]\nname = "audio-upscaler"\n'],
    ["Poetry's", "[tool.poetry]\nname = 'audio-upscaler'\nversion = '1'\n"],
    ["PEP 621's after Poetry's own", '[tool.poetry]\npackages = []\n[project]\nname = "audio-upscaler"\n'],
    ["PEP 621's beside Poetry's", '[tool.poetry]\nname = "x"\n[project]\nname = "audio-upscaler"\n'],
    ["Poetry's beside a nameless project", '[project]\nversion = "1"\n[tool.poetry]\nname="audio-upscaler"'],
    [
      "one behind other keys",
      '[project]\nversion = "1"\ndependencies = [\n  "a",\n]\nname="audio-upscaler"\n',
    ],
    ["one with comments", '[project] # ours\n# name = "x"\nname = "audio-upscaler" # and so on\n'],
    ["one with Windows line ends", '[project]\r\nname = "audio-upscaler"\r\nversion = "1"\r\n'],
    ["one that is indented", '[project]\n  name = "audio-upscaler"\n'],
    [
      "the first table's",
      '[project]\nname = "audio-upscaler"\n[tool.x]\nname = "x"\n[project.urls]\nname = "y"\n',
    ],
  ])("is that of the project: %s", (_, pyproject) => {
    expect(of(pyproject)).toBe("audio-upscaler")
  })

  test.each([
    ["Audio_Upscaler", "audio-upscaler"],
    ["audio.upscaler--api", "audio-upscaler-api"],
    ["__audio__", "audio"],
    ["3d", "3d"],
    ["Größe 2", "gr-e-2"],
    ["a".repeat(100), "a".repeat(63)],
    [`${"a".repeat(62)}.b`, "a".repeat(62)],
    ["../../etc", "etc"],
    ["a; rm -rf /", "a-rm-rf"],
    ["$(id)", "id"],
    ["a@sha256:b", "a-sha256-b"],
  ])("turns %s into the DNS label %s", (name, label) => {
    expect(of(`[project]\nname = "${name}"\n`)).toBe(label)
    expect(label).toMatch(dnsLabelRule.pattern)
  })

  test.each([
    ["no manifest", undefined],
    ["an empty one", ""],
    ["no project", '[tool.black]\nname = "x"\n'],
    ["a name in another table", '[project]\nversion = "1"\n[project.urls]\nname = "x"\n'],
    ["a name before any table", 'name = "x"\n[project]\n'],
    [
      "a table that begins alike",
      '[project-x]\nname = "x"\n[projects]\nname = "y"\n[tool.poetry.group]\nname = "z"',
    ],
    ["a table in a comment", '# [project]\nname = "x"\n'],
    ["a key that begins alike", '[project]\nnames = "x"\nname-of = "y"\nfull.name = "z"\n'],
    ["no text", "[project]\nname = 7\n"],
    ["an empty text", '[project]\nname = ""\n'],
    ["nothing that a label can hold", '[project]\nname = "日本"\n'],
    ["an invalid file", '[project]\nname = "audio"\nversion =\n'],
    ["dashes alone", '[project]\nname = "-_."\n'],
  ])("is undefined for %s", (_, pyproject) => {
    expect(serviceName(pyproject === undefined ? {} : { "pyproject.toml": pyproject })).toBeUndefined()
  })

  it("takes linear time", () => {
    const began = process.cpuUsage()
    for (const unit of ["[project]\n", "[project] ", "name = ", "name\n", "\n", " ", '"', "[", "name"]) {
      of(unit.repeat(20_000))
      of(`[project]\n${unit.repeat(20_000)}`)
    }
    of(`[project]\nname = "${"-".repeat(200_000)}a"\n`)
    expect(process.cpuUsage(began).user / 1000, "milliseconds").toBeLessThan(2000)
  })
})
