import { describe, expect, it } from "vitest"
import { currentName } from "../../../dagger/lib/renamed.js"
import { GROUPS } from "../../../src/lib/pipeline/stages.js"

describe("currentName", () => {
  const named = (name: string) => {
    const lines: string[] = []
    return { name: currentName(name, (line) => lines.push(line)), lines }
  }

  it("leaves every current group and stage as it is, without a warning", () => {
    for (const name of [...GROUPS, "mypy"]) expect(named(name)).toEqual({ name, lines: [] })
  })

  it("leads a former name to a current group, with a warning that says the new one", () => {
    const { name, lines } = named("tell")
    expect(GROUPS).toContain(name)
    expect(lines).toEqual(name === "tell" ? [] : ['! the group "tell" was renamed; write "notify"'])
  })
})
