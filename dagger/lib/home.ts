import { mkdirSync } from "node:fs"
import { homedir } from "node:os"
import { join, resolve } from "node:path"

/** Slipway's repository, which contains this file. */
export const REPOSITORY = resolve(import.meta.dirname, "../..")

/** The one folder that holds everything Slipway keeps on this machine. */
export const HOME = resolve(
  process.env["SLIPWAY_HOME"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "slipway"),
)

/** Files and folders below `HOME`. `run` is emptied at each start of the engine; the others persist. */
export const paths = {
  run: join(HOME, "run"),
  socket: join(HOME, "run/engine.sock"),
  state: join(HOME, "run/state.json"),
  logs: join(HOME, "logs"),
  store: join(HOME, "store"),
  engineState: join(HOME, "engine"),
  /** Exists once the engine has ended by itself. */
  engineEnded: join(HOME, "engine.ended"),
  /** Exists while the engine is asked to end. */
  engineEnding: join(HOME, "run/ending"),
  registry: join(HOME, "registry"),
  /** Files of the running cluster, deleted with it. */
  cluster: join(HOME, "cluster"),
} as const

export function makeHome(): void {
  for (const folder of [paths.run, paths.logs, paths.store, paths.engineState, paths.registry])
    mkdirSync(folder, { recursive: true })
}
