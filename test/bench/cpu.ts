import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { runningEngine } from "../../dagger/kit/engine/engine.js"

const CGROUPS = "/sys/fs/cgroup"

/** Control group of runc for BuildKit's containers with version 1 of control groups, next to the engine's. */
const CONTAINERS = "buildkit"

/** Unit of /proc/PID/stat on every Linux that Node runs on. */
const TICK_MILLISECONDS = 10

/**
 * Returns the processor time in milliseconds of this process's commands, and of the engine since its start, including
 * unrelated requests; undefined if the engine is not the one that Slipway starts.
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
  // The sandbox's own group, which contains those of its descendants.
  const used = readFileSync(join(CGROUPS, unified.replace(/\/init$/, ""), "cpu.stat"), "utf8")
  return Number(/^usage_usec (\d+)$/m.exec(used)?.[1]) / 1e3
}

function usedMilliseconds(group: string): number {
  const file = join(CGROUPS, "cpuacct", group, "cpuacct.usage")
  return existsSync(file) ? Number(readFileSync(file, "utf8")) / 1e6 : 0
}

/**
 * Returns the processor time of the child processes that this process has waited for, and of their children: fields
 * 16 and 17 of its stat line.
 */
function endedCommands(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? []
  return (Number(fields[13]) + Number(fields[14])) * TICK_MILLISECONDS
}
