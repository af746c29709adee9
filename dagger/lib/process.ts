import { readFileSync } from "node:fs"

/** A started process; its start time distinguishes it from a later one with the same id. */
export interface Process {
  pid: number
  born: string
}

/** Start time of a process in the kernel's clock ticks; undefined if none with that id runs. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
    return state === "Z" ? undefined : fields[18]
  } catch {
    return undefined
  }
}

export const isAlive = ({ pid, born }: Process): boolean => startTimeOf(pid) === born
