#!/usr/bin/env node
// Installs the npm packages that a fresh clone lacks, then hands over to cli/.
import { execFileSync } from "node:child_process"
import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const repository = fileURLToPath(new URL("..", import.meta.url))
const time = (name) => (existsSync(join(repository, name)) ? statSync(join(repository, name)).mtimeMs : 0)

if (time("node_modules/.package-lock.json") < time("package-lock.json")) {
  console.error("npm packages …")
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: repository, stdio: ["ignore", 2, 2] })
}
const { register } = await import("tsx/esm/api")
register({ tsconfig: join(repository, "tsconfig.json") })
await import("./cli/index.ts")
