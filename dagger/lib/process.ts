import { readFileSync } from "node:fs"

/** A process that was started, told apart from a later one of the same number by its birth. */
export interface Process {
  pid: number
  born: string
}

/** When a process began, in the kernel's clock ticks; undefined when no living one has that number. */
export function startTimeOf(pid: number): string | undefined {
  try {
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
    return state === "Z" ? undefined : fields[18]
  } catch {
    return undefined
  }
}

export const isAlive = ({ pid, born }: Process): boolean => startTimeOf(pid) === born
