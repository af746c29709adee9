import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { jsonSchema, type JsonSchema } from "../../../src/lib/config/jsonSchema.js"
import { keyTable } from "../../../src/lib/config/keyTable.js"

/** The paths of all keys that are not sections. */
const keys = (schema: JsonSchema, path = ""): string[] =>
  Object.entries((schema["properties"] ?? {}) as Record<string, JsonSchema>).flatMap(([key, part]) => {
    const here = path ? `${path}.${key}` : key
    return "properties" in part && !("default" in part) ? keys(part, here) : [here]
  })

describe("keyTable", () => {
  it("is up to date in docs/configuration.md (npm run schema)", () => {
    const page = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8")
    expect(page).toContain(`<!-- keys, written by npm run schema -->\n\n${keyTable()}\n<!-- /keys -->`)
  })

  it("has a row for every key", () => {
    const listed = [...keyTable().matchAll(/^\| `([\w.$]+)` \|/gm)].map(([, key]) => key)
    expect(listed.toSorted()).toEqual(keys(jsonSchema()).toSorted())
  })

  it("shows type, default and meaning", () => {
    const table = keyTable()
    expect(table).toContain("| `parallel` | 1 to 64 | `2` | The number of stages that may run at once. |")
    expect(table).toMatch(/^\| `deploy\.latencyP95` \| duration \| `2s` \| The 95th percentile/m)
    expect(table).toMatch(/^\| `cleanup\.apply` \| boolean \| `false` \|/m)
    expect(table).toMatch(
      /^\| `deploy\.verify` \| map of enforce, warn \| `\{ staging: warn, production: enforce \}` \|/m,
    )
    expect(table).toMatch(
      /^\| `quality\.checks` \| list of black, .* \| `\[black, isort, flake8, mypy, bandit\]` \|/m,
    )
  })
})
