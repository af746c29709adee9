/** A clock that only sleeping moves. */

const DAY = 86_400_000

export class FakeClock {
  private readonly start = Date.UTC(2026, 2, 1, 12)
  private time = this.start
  private timers: { at: number; action: () => void }[] = []
  private readonly listeners: ((seconds: number) => void)[] = []

  readonly now = (): number => this.time

  /** Moves the time, and runs the actions that are due on the way. */
  readonly sleep = async (milliseconds: number): Promise<void> => {
    await Promise.resolve()
    const end = this.time + milliseconds
    if (end - this.start > DAY) throw new Error("the test's clock ran away: something waits forever")
    for (let due = this.next(end); due !== undefined; due = this.next(end)) {
      this.timers = this.timers.filter((timer) => timer !== due)
      this.advance(due.at)
      due.action()
    }
    this.advance(end)
  }

  /** Runs an action so many seconds from now. */
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

  private next(end: number) {
    return this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
  }

  private advance(to: number): void {
    const seconds = (to - this.time) / 1000
    this.time = Math.max(this.time, to)
    for (const listener of this.listeners) listener(Math.max(0, seconds))
  }
}
