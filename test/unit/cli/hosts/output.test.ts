import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../../../dagger/lib/home.js"
import { harmlessOutput } from "../../../../src/lib/text/hostOutput.js"

/** Lines as .NET reads them, by which two agents are written: a carriage return ends one, too. */
const linesOf = (text: string) => text.split(/\r\n|\n|\r/)

/** Whether a host's agent obeys something in what a job printed, as its source and documents say. */
const OBEYED: Record<string, (text: string) => boolean> = {
  github: (text) => linesOf(text).some((line) => line.trimStart().startsWith("::") || line.includes("##[")),
  azure: (text) => linesOf(text).some((line) => /##vso\[/i.test(line) || /^\s*##\[/.test(line)),
  // Collapsible sections begin with a carriage return and an escape.
  gitlab: (text) =>
    text
      .split("\r\u001b[0K")
      .slice(0, -1)
      .some((part) => /section_(?:start|end):\d+:[^\r]*$/.test(part)),
  // Console notes: serialized objects behind an escape sequence.
  jenkins: (text) => text.includes("\u001b[8mha:"),
  // Escape sequences that write over what stands there.
  circleci: (text) => ["\u001b", "\u009b", "\b"].some((char) => text.includes(char)) || /\r(?!\n)/.test(text),
}

const ATTACKS: Record<string, string[]> = {
  github: [
    "::set-output name=x::y",
    "  ::add-mask::y",
    "a\r::error::y",
    "\u00a0::stop-commands::y",
    "\ufeff::debug::y",
    "text ##[set-env name=PATH;]/tmp",
    "\u001b[0m\r::warning::y",
    "::::group::",
  ],
  azure: [
    "##vso[task.complete result=Succeeded;]",
    "a ##vso[task.setvariable variable=x]y",
    "##VSO[task.x]",
    "##[error]y",
  ],
  gitlab: ["section_start:1560896352:x[collapsed=true]\r\u001b[0KHidden"],
  jenkins: ["\u001b[8mha:////4Objects\u001b[0m"],
  circleci: ["failed\b\b\b\b\b\bpassed", "\u001b[1A\u001b[2Kall passed", "failed\rpassed", "\u009b2J"],
}

const cases = Object.entries(ATTACKS).flatMap(([host, texts]) => texts.map((text) => [host, text] as const))

describe("harmlessOutput", () => {
  it.each(cases)("leaves %s nothing to obey in %j, in however many parts it is printed", (host, attack) => {
    const obeyed = OBEYED[host] ?? (() => true)
    for (const text of [attack, `before\n${attack}\nafter`, `before\r\n${attack}`, `${attack}${attack}`]) {
      expect(obeyed(text), "it is an attack").toBe(true)
      for (const size of [1, 2, 3, 5, 1000]) {
        const print = harmlessOutput()
        const parts = text.match(new RegExp(`[^]{1,${size}}`, "gu")) ?? []
        expect(obeyed(parts.map(print).join("")), `in parts of ${size}`).toBe(false)
      }
    }
  })

  it("keeps all else", () => {
    const text = "## heading\nstd::vector a::b\n  a: b\n#[derive]\n\t✓ é😀 [x](y) ##\n[a]\n: :\n"
    for (const size of [1, 4, 1000]) {
      const print = harmlessOutput()
      expect((text.match(new RegExp(`[^]{1,${size}}`, "gu")) ?? []).map(print).join("")).toBe(text)
    }
    expect(harmlessOutput()("a\r\nb")).toBe("a\nb")
  })

  it("takes linear time", () => {
    const print = harmlessOutput()
    const begun = performance.now()
    for (const part of ["#", "##", " ", "\n ", ":", "##aaaaaaaaaaaaaaaaaaa"]) print(part.repeat(300_000))
    for (let index = 0; index < 100_000; index += 1) print(index % 2 === 0 ? " " : "#")
    expect(performance.now() - begun).toBeLessThan(5000)
  }, 30_000)
})

describe("slipway in a job of a CI host", () => {
  let folder = ""
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-test-"))
    writeFileSync(join(folder, "app.py"), "")
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const run = (words: string[], env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [join(REPOSITORY, "dagger/slipway.js"), ...words], {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: folder, ...env },
      encoding: "utf8",
    })

  it.each([
    ["github", { GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/heads/x" }],
    ["azure", { TF_BUILD: "True", BUILD_REASON: "IndividualCI" }],
    ["gitlab", { GITLAB_CI: "true", CI_PIPELINE_SOURCE: "push" }],
    ["jenkins", { JENKINS_URL: "https://ci", BUILD_TAG: "x" }],
    ["circleci", { CIRCLECI: "true", CIRCLE_BUILD_NUM: "1" }],
  ])("prints nothing for %s to obey: neither problems of slipway.yaml nor arguments", (host, env) => {
    const obeyed = OBEYED[host] ?? (() => true)
    const attack = ATTACKS[host]?.[0] ?? ""
    writeFileSync(
      join(folder, "slipway.yaml"),
      `${JSON.stringify(attack)}: 1\nquality: ${JSON.stringify(`\n${attack}`)}\n`,
    )
    for (const words of [["plan"], ["plan", `--only=x\n${attack}`], ["config", "check"], [`\n${attack}`]]) {
      const { stdout, stderr } = run(words, env)
      expect(`${stdout}${stderr}`.length, words.join(" ")).toBeGreaterThan(20)
      expect(obeyed(`${stdout}\n${stderr}`), words.join(" ")).toBe(false)
    }
  })

  it("leaves a terminal's output as it is", () => {
    expect(run([`\n::error::x`], {}).stderr).toContain("\n::error::x")
  })
})
