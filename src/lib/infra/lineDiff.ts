/** Line of a diff: unchanged, removed or added. */
export interface DiffLine {
  sign: " " | "-" | "+"
  text: string
}

/** Maximum size of the table of common lines, which grows with the product of both sides. */
const MOST_CELLS = 250_000

/** Compares texts line by line; beyond the limit all removed lines precede all added ones. */
export function lineDiff(before: readonly string[], after: readonly string[]): DiffLine[] {
  const least = Math.min(before.length, after.length)
  let start = 0
  while (start < least && before[start] === after[start]) start += 1
  let end = 0
  while (end < least - start && before.at(-1 - end) === after.at(-1 - end)) end += 1
  return [
    ...signed(" ", before.slice(0, start)),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...signed(" ", before.slice(before.length - end)),
  ]
}

const signed = (sign: DiffLine["sign"], lines: readonly string[]): DiffLine[] =>
  lines.map((text) => ({ sign, text }))

function middle(before: readonly string[], after: readonly string[]): DiffLine[] {
  const width = after.length + 1
  if (before.length * after.length > MOST_CELLS) return [...signed("-", before), ...signed("+", after)]
  const table = commonLengths(before, after)
  const found: DiffLine[] = []
  let [row, column] = [0, 0]
  while (row < before.length || column < after.length) {
    const [old, young] = [before[row], after[column]]
    const down = table[(row + 1) * width + column] ?? -1
    const right = table[row * width + column + 1] ?? -1
    if (old !== undefined && old === young) {
      found.push({ sign: " ", text: old })
      row += 1
      column += 1
    } else if (old !== undefined && (young === undefined || down >= right)) {
      found.push({ sign: "-", text: old })
      row += 1
    } else if (young !== undefined) {
      found.push({ sign: "+", text: young })
      column += 1
    }
  }
  return found
}

/** Number of lines that the remainders of both sides have in common, for each pair of positions. */
function commonLengths(before: readonly string[], after: readonly string[]): Uint16Array {
  const width = after.length + 1
  const table = new Uint16Array((before.length + 1) * width)
  for (let row = before.length - 1; row >= 0; row -= 1)
    for (let column = after.length - 1; column >= 0; column -= 1) {
      const at = row * width + column
      const diagonal = table[at + width + 1] ?? 0
      table[at] =
        before[row] === after[column] ? diagonal + 1 : Math.max(table[at + width] ?? 0, table[at + 1] ?? 0)
    }
  return table
}

/** Keeps the changed lines, with this many unchanged lines around them. */
export function hunks(lines: readonly DiffLine[], context: number): DiffLine[] {
  const near = new Set<number>()
  lines.forEach(({ sign }, index) => {
    if (sign !== " ") for (let at = index - context; at <= index + context; at += 1) near.add(at)
  })
  return lines.flatMap((line, index) => {
    if (near.has(index)) return [line]
    return index === 0 || near.has(index - 1) ? [{ sign: " ", text: "…" }] : []
  })
}
