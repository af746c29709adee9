/** CPU headroom of the machine that generated the load, recorded by slipway_load.sh each second. */

export interface Generator {
  cores: number
  /** CPU use of the machine, from 0 to 1: the mean of the run, and of its busiest tenth. */
  busy: number
  peak: number
  /** Number of cores that k6 itself used at its peak. */
  own: number
}

/** Limit of CPU use beyond which processes wait for one another. */
const BUSY = 0.9
/** CPU ticks per second, as Linux counts them. */
const TICKS = 100

/** Parses the number of cores and the lines of /proc/stat and /proc/PID/stat. Undefined for fewer than two samples. */
export function readGenerator(text: string): Generator | undefined {
  const [head = "", ...lines] = text.trim().split("\n")
  const noted = lines.flatMap((line) => {
    const words = line.trim().split(/\s+/)
    if (words[0] !== "cpu") return []
    // "cpu" and its ten numbers; then those of the process, from its state on.
    const times = words.slice(1, 11).map(Number)
    const own = words.slice(11)
    const all = times.slice(0, 8).reduce((sum, time) => sum + time, 0)
    return [
      { all, idle: (times[3] ?? 0) + (times[4] ?? 0), own: Number(own[11] ?? 0) + Number(own[12] ?? 0) },
    ]
  })
  const cores = Number(head)
  const steps = noted.slice(1).flatMap((now, index) => {
    const before = noted[index]
    const all = now.all - (before?.all ?? 0)
    if (before === undefined || !(all > 0)) return []
    const seconds = all / TICKS / Math.max(1, cores)
    return [
      { busy: 1 - (now.idle - before.idle) / all, own: Math.max(0, now.own - before.own) / TICKS / seconds },
    ]
  })
  if (steps.length === 0 || !(cores > 0)) return undefined
  const busy = steps.map((step) => step.busy).sort((a, b) => b - a)
  const tenth = busy.slice(0, Math.ceil(busy.length / 10))
  return { cores, busy: mean(busy), peak: mean(tenth), own: Math.max(...steps.map((step) => step.own)) }
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, one) => sum + one, 0) / Math.max(1, numbers.length)

/** Warns if the generator may have been the bottleneck. */
export function generatorWarning(generator: Generator | undefined): string | undefined {
  if (generator === undefined) return "how busy the load generator was isn't known: the run was too short"
  const { cores, peak, own } = generator
  if (peak < BUSY) return undefined
  return `the machine that made the load was busy to ${Math.round(peak * 100)} % (k6 took ${own.toFixed(1)} of its ${cores} cores): times may be its own, not the service's`
}
