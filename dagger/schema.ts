import { writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { jsonSchema } from "../src/lib/config/jsonSchema.js"

/** Writes the JSON schema of `slipway.yaml` for editors: `npm run schema`. */
const file = resolve(import.meta.dirname, "../slipway.schema.json")
writeFileSync(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`)
