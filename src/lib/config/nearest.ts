/**
 * Returns the Damerau-Levenshtein distance of two texts, in its optimal string alignment form.
 *
 * It is the number of letters to add, drop, change or swap with their neighbour to turn one into the other.
 */
export function distance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const changed = a[row - 1] === b[column - 1] ? 0 : 1
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + changed,
        swapped ? at(beforeLast, column - 2) + 1 : Infinity,
      )
    }
    beforeLast = last
    last = current
  }
  return at(last, b.length)
}

const at = (row: number[], column: number): number => row[column] ?? Infinity

/** Returns the name most likely meant, if one is near: at most one letter in three may differ. */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Infinity
  for (const name of names) {
    const allowed = Math.max(1, Math.floor(name.length / 3))
    // Saves the work on texts that are far too long.
    if (Math.abs(wrong.length - name.length) > allowed) continue
    const far = distance(wrong.toLowerCase(), name.toLowerCase())
    if (far <= allowed && far < least) [best, least] = [name, far]
  }
  return best
}
