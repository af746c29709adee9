import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import {
  acceptsConnections,
  stopEngine as stopEngine,
  runningEngine,
  startEngine as startEngine,
} from "../../kit/engine/engine.js"
import { exportLines, chooseEngine } from "../../kit/engine/choice.js"
import { HOME, paths } from "../../lib/home.js"
import { say } from "../../lib/progress.js"

const LOGS = ["sandbox", "network", "registry", "mirror", "engine"]

async function up(): Promise<number> {
  const host = await chooseEngine()
  if (host.kind === "kit") await startEngine()
  say(host.kind === "kit" ? "engine ready" : `nothing to start: ${host.why}`)
  return 0
}

async function down(): Promise<number> {
  await stopEngine()
  return 0
}

async function status({ json }: { json?: boolean } = {}): Promise<number> {
  const host = await chooseEngine()
  const state = host.kind === "kit" ? runningEngine() : undefined
  const alive = state !== undefined && (await acceptsConnections())
  const { link, containers } = state?.networks ?? {}
  if (json) {
    const known = { kind: host.kind, why: host.why, home: HOME, running: host.kind === "kit" ? alive : null }
    console.log(JSON.stringify({ ...known, ...(alive && { pid: state.pid, link, containers }) }, null, 2))
    return host.kind !== "kit" || alive ? 0 : 3
  }
  console.log(`engine  ${host.kind}: ${host.why}`)
  if (host.kind !== "kit") return 0
  console.log(`state   ${alive ? `runs as process ${state.pid}` : "is not running"}`)
  if (alive) console.log(`network ${containers}, by way of ${link}.0/24`)
  console.log(`home    ${HOME}`)
  return alive ? 0 : 3
}

async function env(): Promise<number> {
  const host = await chooseEngine()
  console.log(exportLines(host.env))
  // The kit's dagger can't draw the full-screen view, which it would choose on a terminal.
  if (host.kind === "kit") console.log("[ ! -t 2 ] || export DAGGER_PROGRESS=dots")
  return 0
}

function logs(): Promise<number> {
  for (const name of LOGS) {
    const file = join(paths.logs, `${name}.log`)
    if (existsSync(file)) console.log(`== ${name}\n${readFileSync(file, "utf8")}`)
  }
  return Promise.resolve(0)
}

/** The subcommands of `slipway engine`, by name. Each returns the exit code. */
export const engineCommands = { up, down, status, env, logs }
