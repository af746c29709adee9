import { readFileSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { jsonSchema } from "../src/lib/config/jsonSchema.js"
import { keyTable } from "../src/lib/config/keyTable.js"

/** Writes the JSON schema of `slipway.yaml` and the tables of its keys in docs/configuration.md: `npm run schema`. */
const inRepository = (path: string): string => resolve(import.meta.dirname, "..", path)

writeFileSync(inRepository("slipway.schema.json"), `${JSON.stringify(jsonSchema(), null, 2)}\n`)

const page = inRepository("docs/configuration.md")
const between = /(<!-- keys, written by npm run schema -->\n)[^]*(<!-- \/keys -->)/
writeFileSync(
  page,
  readFileSync(page, "utf8").replace(
    between,
    (_, begin: string, end: string) => `${begin}\n${keyTable()}\n${end}`,
  ),
)
