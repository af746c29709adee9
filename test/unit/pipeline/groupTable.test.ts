import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { groupTable } from "../../../src/lib/pipeline/groupTable.js"

it("the README's table of groups is that of the record; npm run schema writes it", () => {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8")
  expect(readme).toContain(`<!-- groups, written by npm run schema -->\n\n${groupTable()}\n<!-- /groups -->`)
})
