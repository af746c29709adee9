import { describe, expect, it } from "vitest"
import { OTHER_TOOLS, unusedFiles, withUnusedFiles } from "../../../src/lib/pipeline/otherTools.js"
import type { Finding } from "../../../src/lib/run/finding.js"

const messages = (texts: Record<string, string>) => unusedFiles(texts).map(({ message }) => message)

describe("unusedFiles", () => {
  it.each([
    [".trivyignore", "CVE-2024-1\n", "security", ".slipway/suppressions.yaml"],
    [".secrets.baseline", "{}", "security", "Trivy looks for secrets"],
    [".safety-policy.yml", "", "security", "Trivy looks for vulnerable packages"],
    ["tox.ini", "[tox]\nenvlist = py311\n", "tests", "tox isn't run"],
    ["noxfile.py", "import nox\n", "tests", "nox isn't run"],
    ["ruff.toml", "", "quality", "Ruff isn't run"],
  ])("names %s, and what takes its place", (file, content, group, instead) => {
    const [note] = unusedFiles({ [file]: content, "slipway.yaml": "" })
    expect(note).toMatchObject({ file, group })
    expect(note?.message.startsWith(`${file} isn't used: `)).toBe(true)
    expect(note?.message).toContain(instead)
    expect(OTHER_TOOLS).toContain(file)
  })

  it("names the hooks of pre-commit that run nowhere", () => {
    const hooks = (...ids: string[]) =>
      `repos:\n  - repo: https://example.com/x\n    hooks: [${ids.map((id) => `{ id: ${id} }`).join(", ")}]\n`
    expect(messages({ ".pre-commit-config.yaml": hooks("black", "ruff", "pyupgrade", "ruff") })).toEqual([
      expect.stringMatching(/and ruff, pyupgrade not at all$/),
    ])
    expect(messages({ ".pre-commit-config.yaml": hooks("black", "mypy") })).toEqual([])
    for (const text of ["", "repos: 1", "[", "repos: [{hooks: x}, 1, null]", "repos: *nothing"])
      expect(messages({ ".pre-commit-config.yaml": text })).toEqual([])
  })

  it("says nothing of what the tools read by themselves", () => {
    expect(messages({ "tox.ini": "[flake8]\nmax-line-length = 100\n[pytest]\n", "setup.cfg": "" })).toEqual(
      [],
    )
  })
})

describe("withUnusedFiles", () => {
  it("adds each note to the first stage of its group, below the gate", () => {
    const stage = (group: string) => ({ group, findings: [] as Finding[] })
    const stages = [stage("quality"), stage("security"), stage("security")]
    const noted = withUnusedFiles(stages, unusedFiles({ ".trivyignore": "", "noxfile.py": "" }))
    expect(noted.map(({ findings }) => findings)).toEqual([
      [],
      [expect.objectContaining({ level: "note", advisory: true, file: ".trivyignore" })],
      [],
    ])
  })
})
