/** A clock that only sleeping moves: once everybody who could go on sleeps, it jumps to the next who wakes. */

const DAY = 86_400_000

interface Timer {
  at: number
  action: () => void
  /** Ends a sleep that lasts forever; undefined for what nobody waits for. */
  fail?: (error: Error) => void
}

export class FakeClock {
  private readonly start = Date.UTC(2026, 2, 1, 12)
  private time = this.start
  private timers: Timer[] = []
  private readonly listeners: ((seconds: number) => void)[] = []
  private isPumping = false

  readonly now = (): number => this.time

  /** The monotonic clock. */
  readonly elapsed = (): number => this.time - this.start

  readonly sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve, reject) => {
      this.timers.push({ at: this.time + milliseconds, action: resolve, fail: reject })
      this.pump()
    })

  /** Waits like `sleep`, but doesn't move the time by itself, as the renewal of a lock in the background. */
  readonly pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const abort = () => {
        this.timers = this.timers.filter((other) => other !== timer)
        reject(new Error("aborted"))
      }
      const action = () => {
        signal.removeEventListener("abort", abort)
        resolve()
      }
      const timer = { at: this.time + milliseconds, action }
      if (signal.aborted) return abort()
      this.timers.push(timer)
      signal.addEventListener("abort", abort)
    })

  /** Runs an action so many seconds from now, if somebody sleeps until then. */
  after(seconds: number, action: () => void): void {
    this.timers.push({ at: this.time + seconds * 1000, action })
  }

  /** Calls a listener with the seconds of each move. */
  onAdvance(listener: (seconds: number) => void): void {
    this.listeners.push(listener)
  }

  /** Seconds since the clock was made. */
  get seconds(): number {
    return (this.time - this.start) / 1000
  }

  private pump(): void {
    if (this.isPumping) return
    this.isPumping = true
    // By then everybody who doesn't sleep has gone on as far as possible.
    setImmediate(() => {
      this.isPumping = false
      this.wakeNext()
      if (this.timers.some(({ fail }) => fail !== undefined)) this.pump()
    })
  }

  private wakeNext(): void {
    const [first, ...others] = this.timers
    if (first === undefined) return
    const next = others.reduce((found, timer) => (timer.at < found.at ? timer : found), first)
    this.timers = this.timers.filter((timer) => timer !== next)
    if (next.at - this.start > DAY)
      return next.fail?.(new Error("the test's clock ran away: something waits forever"))
    this.advance(next.at)
    next.action()
  }

  private advance(to: number): void {
    const seconds = Math.max(0, (to - this.time) / 1000)
    this.time = Math.max(this.time, to)
    for (const listener of this.listeners) listener(seconds)
  }
}
