/** Coverage of the code. Lines and branches count alike. */
export interface Coverage {
  covered: number
  total: number
  /** Worst first. */
  files: FileCoverage[]
}
export interface FileCoverage {
  /** Relative to the source's root. */
  file: string
  covered: number
  total: number
  /** Lines that never ran, for example `3-9, 14`. */
  missing: string
}

/** Percentage with two digits, rounded down: 79.999 % is not yet 80 %. */
export const percent = ({ covered, total }: { covered: number; total: number }): string =>
  total === 0 ? "100.00" : (Math.floor((covered * 10000) / total) / 100).toFixed(2)
