/** One way in which a run lets more pass than its base. */
export interface Weakening {
  /** A key of `slipway.yaml`, a tool's setting, a kind of exception. */
  what: string
  from: string
  to: string
  /** The file or files. */
  where: string
}

/** What a run's gates were compared with. */
export interface GateBase {
  /** Its name: `main`, `v1.2.3`. */
  ref: string
  /** Its commit; empty if unknown. */
  sha: string
}

/** The gates of a run against those of its base: a part of the verdict. */
export interface GateComparison {
  /** The digest of the run's effective policy; empty if it wasn't read. */
  policy: string
  base: GateBase | null
  /** Why nothing was compared, if so. */
  problem: string | null
  /** What lets more pass than the base, at most 200. */
  weakened: Weakening[]
  /** The number of those that aren't listed. */
  more: number
  /** What sources have in the place of Slipway's own, and gates that let everything pass, with a base or without. */
  notable: string[]
}
