// Installs what the module in the working directory depends on, with the package manager that it has chosen.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, symlinkSync } from "node:fs"
import { completePackage, TYPESCRIPT } from "./config.js"

const runs = { npm: ["install", "--omit=dev"], yarn: ["install", "--prod"], pnpm: ["install", "--prod", "--shamefully-hoist=true"] }
const locks = { "package-lock.json": "npm", "yarn.lock": "yarn@1.22.22", "pnpm-lock.yaml": "pnpm@8.15.4" }

const wanted = completePackage(".")
const dependencies = wanted.dependencies
refuseOtherRuntimes(wanted.dagger ?? {})

if (Object.keys(dependencies).every((name) => name === "typescript" && dependencies.typescript === TYPESCRIPT)) {
  mkdirSync("node_modules", { recursive: true })
  symlinkSync("/opt/node/node_modules/typescript", "node_modules/typescript")
} else {
  install(wanted.packageManager ?? locks[Object.keys(locks).find(existsSync)] ?? "npm")
}

function install(manager) {
  const [name, version] = manager.split(/[@+]/)
  if (!Object.hasOwn(runs, name)) fail(`packageManager "${manager}" is none of npm, yarn and pnpm`)
  if (name === "yarn" && Number.parseInt(version) !== 1) fail(`packageManager "${manager}": of yarn only version 1 is supported`)
  const own = name === "npm" ? [] : ["exec", "--yes", `--package=${name}@${version ?? "latest"}`, "--", name]
  const { status } = spawnSync("npm", [...own, ...runs[name]], { stdio: "inherit" })
  process.exit(status ?? 1)
}

function refuseOtherRuntimes({ runtime = "", baseImage }) {
  const known = Object.keys(locks).some(existsSync)
  const other =
    (runtime && !/^node(@|$)/.test(runtime) && `dagger.runtime "${runtime}" in package.json`) ||
    (baseImage && `dagger.baseImage "${baseImage}" in package.json`) ||
    (!runtime && (existsSync("bun.lock") || existsSync("bun.lockb")) && "a lock file of Bun") ||
    (!runtime && !known && (existsSync("deno.json") || existsSync("deno.lock")) && "a configuration of Deno")
  if (other) fail(`found ${other}, but this SDK runs modules only with its own Node.js ${process.version}`)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
