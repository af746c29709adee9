import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { runningEngine } from "../../dagger/kit/engine/engine.js"

const CGROUPS = "/sys/fs/cgroup"

/** Where runc puts what BuildKit starts, on the first version of control groups: beside the engine. */
const CONTAINERS = "buildkit"

/** The unit of /proc/PID/stat on every Linux that Node runs on. */
const TICK_MILLISECONDS = 10

/**
 * Milliseconds of processors that the commands of this process have taken, and the engine since it began; undefined
 * where the engine is not the one that Slipway makes. Whatever else the engine was asked for counts too.
 */
export function processorTime(): number | undefined {
  const engine = engineTime()
  return engine === undefined ? undefined : engine + endedCommands()
}

function engineTime(): number | undefined {
  const state = runningEngine()
  if (state === undefined) return undefined
  const lines = readFileSync(`/proc/${state.pid}/cgroup`, "utf8").trim().split("\n")
  const groups = lines.map((line) => /^\d+:([^:]*):(.*)$/.exec(line)?.slice(1) ?? [])
  const [, first] = groups.find(([controllers = ""]) => controllers.split(",").includes("cpuacct")) ?? []
  if (first !== undefined)
    return [first, CONTAINERS].map(usedMilliseconds).reduce((sum, milliseconds) => sum + milliseconds)
  const [, unified = ""] = groups.find(([controllers]) => controllers === "") ?? []
  // The sandbox's own part of it: what it started lies below.
  const used = readFileSync(join(CGROUPS, unified.replace(/\/init$/, ""), "cpu.stat"), "utf8")
  return Number(/^usage_usec (\d+)$/m.exec(used)?.[1]) / 1e3
}

function usedMilliseconds(group: string): number {
  const file = join(CGROUPS, "cpuacct", group, "cpuacct.usage")
  return existsSync(file) ? Number(readFileSync(file, "utf8")) / 1e6 : 0
}

/** What this process has waited for, with all that it waited for: fields 16 and 17 of its line. */
function endedCommands(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? []
  return (Number(fields[13]) + Number(fields[14])) * TICK_MILLISECONDS
}
