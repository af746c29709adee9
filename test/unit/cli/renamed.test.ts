import { describe, expect, it } from "vitest"
import { currentName } from "../../../dagger/lib/renamed.js"
import { GROUPS } from "../../../src/lib/pipeline/stages.js"

describe("currentName", () => {
  const named = (name: string) => {
    const lines: string[] = []
    return { name: currentName(name, (line) => lines.push(line)), lines }
  }

  it("returns every current group and stage unchanged, without a warning", () => {
    for (const name of [...GROUPS, "mypy"]) expect(named(name)).toEqual({ name, lines: [] })
  })

  it("returns the current group for a former name, with a warning that names it", () => {
    const { name, lines } = named("tell")
    expect(GROUPS).toContain(name)
    expect(lines).toEqual(name === "tell" ? [] : ['! the group "tell" was renamed; write "notify"'])
  })
})
