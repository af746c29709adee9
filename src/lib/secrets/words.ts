/** Range of a text. */
export type Span = [from: number, to: number]

/** Automaton of Aho and Corasick, which finds many words in one pass. State 0 is the start. */
export interface Automaton {
  next: Map<number, number>
  /** State of the longest suffix of a state's text that is also a prefix of a word. */
  fallback: number[]
  /** Length of the longest word that a state's text ends with; 0 without one. */
  longest: number[]
  /** Hashes of the first two characters of the words, which rule out most of a text. */
  starts: Uint8Array
}

/** Key of an edge: state and character as one number. */
const edge = (state: number, char: number): number => state * 0x10000 + char

export function automaton(words: Iterable<string>): Automaton {
  const next = new Map<number, number>()
  const [fallback, longest] = [[0], [0]]
  const added: { parent: number; char: number; state: number; depth: number }[] = []
  const starts = new Uint8Array(0x10000)
  for (const word of words) {
    if (word.length === 1) starts.fill(1)
    else starts[startAt(word, 0)] = 1
    let state = 0
    for (let index = 0; index < word.length; index += 1) {
      const char = word.charCodeAt(index)
      let following = next.get(edge(state, char))
      if (following === undefined) {
        following = longest.push(0) - 1
        next.set(edge(state, char), following)
        added.push({ parent: state, char, state: following, depth: index + 1 })
      }
      state = following
    }
    longest[state] = word.length
  }
  const made = { next, fallback, longest, starts }
  // A state falls back to a shorter one, which has been built before.
  for (const { parent, char, state, depth } of added.sort((a, b) => a.depth - b.depth)) {
    const shorter = depth === 1 ? 0 : step(made, fallback[parent] ?? 0, char)
    fallback[state] = shorter
    longest[state] = Math.max(longest[state] ?? 0, longest[shorter] ?? 0)
  }
  return made
}

/** Hash of two characters. */
const startAt = (text: string, at: number): number =>
  ((text.charCodeAt(at) << 8) ^ text.charCodeAt(at + 1)) & 0xffff

function step({ next, fallback }: Automaton, from: number, char: number): number {
  let state = from
  for (;;) {
    const following = next.get(edge(state, char))
    if (following !== undefined) return following
    if (state === 0) return 0
    state = fallback[state] ?? 0
  }
}

/** Ranges of words, with overlapping ones merged. */
export function spans(text: string, words: Automaton): Span[] {
  const found: Span[] = []
  let state = 0
  for (let index = 0; index < text.length; index += 1) {
    if (state === 0 && words.starts[startAt(text, index)] !== 1) continue
    state = step(words, state, text.charCodeAt(index))
    const length = words.longest[state] ?? 0
    if (length > 0) add(found, index + 1 - length, index + 1)
  }
  return found
}

/** Adds a range; a long word may end after several short ones within it. */
function add(found: Span[], start: number, to: number): void {
  let from = start
  for (let last = found.at(-1); last !== undefined && last[1] > from; last = found.at(-1)) {
    from = Math.min(from, last[0])
    found.pop()
  }
  found.push([from, to])
}
