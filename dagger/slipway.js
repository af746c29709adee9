#!/usr/bin/env node
// Installs the npm packages that a fresh clone lacks, then hands over to the bundle of cli/program/.
import { spawnSync } from "node:child_process"
import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const repository = fileURLToPath(new URL("..", import.meta.url))
const time = (name) => (existsSync(join(repository, name)) ? statSync(join(repository, name)).mtimeMs : 0)

const INSTALLED = "node_modules/.package-lock.json"
const LOCK = "package-lock.json"

if (time(INSTALLED) < time(LOCK)) {
  console.error("npm packages …")
  // One at a time: `npm ci` first deletes the packages that another one has just installed.
  const install = [
    "sh",
    "-c",
    `[ ${INSTALLED} -nt ${LOCK} ] || exec npm ci --ignore-scripts --no-audit --no-fund`,
  ]
  const run = (words) => spawnSync(words[0], words.slice(1), { cwd: repository, stdio: ["ignore", 2, 2] })
  const locked = run(["flock", "--exclusive", LOCK, ...install])
  const { status, error } = locked.error?.code === "ENOENT" ? run(install) : locked
  if (status !== 0) {
    console.error(
      `slipway: its npm packages can't be installed: ${error?.message ?? "see what npm says above"}`,
    )
    process.exit(3)
  }
}
const { bundledCommand } = await import("./bundle.js")
await import(pathToFileURL(await bundledCommand(repository)))
