import { readFileSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { fileSchema, jsonSchema } from "../src/lib/config/jsonSchema.js"
import { floorSpec } from "../src/lib/release/floorSpec.js"
import { keyTable } from "../src/lib/config/keyTable.js"
import { groupTable } from "../src/lib/pipeline/groupTable.js"
import { jsonText } from "../src/lib/text/json.js"

/** Writes the JSON schema of `slipway.yaml`, and the tables of its keys and of the groups of stages: `npm run schema`. */
const inRepository = (path: string): string => resolve(import.meta.dirname, "..", path)

writeFileSync(inRepository("slipway.schema.json"), jsonText(jsonSchema()))
writeFileSync(inRepository("policy.schema.json"), jsonText(fileSchema(floorSpec, "policy")))
writeTable("docs/configuration.md", "keys", keyTable())
writeTable("README.md", "groups", groupTable())

/** Replaces the text between the markers of this name in a page. */
function writeTable(path: string, name: string, table: string): void {
  const page = inRepository(path)
  const between = new RegExp(`(<!-- ${name}, written by npm run schema -->\\n)[^]*(<!-- /${name} -->)`)
  writeFileSync(
    page,
    readFileSync(page, "utf8").replace(
      between,
      (_, begin: string, end: string) => `${begin}\n${table}\n${end}`,
    ),
  )
}
