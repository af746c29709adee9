/** Limit for comments in bytes. GitHub accepts 65,536 characters; the rest is for what a host adds. */
export const COMMENT_BYTES = 60_000

export const byteLength = (text: string): number => Buffer.byteLength(text)

/** Formats items as long as they fit; those after the first that doesn't are not formatted. */
export function fill<T>(
  items: readonly T[],
  room: number,
  write: (item: T) => string,
): { text: string; taken: number } {
  let text = ""
  let left = room
  for (const [index, item] of items.entries()) {
    const next = write(item)
    left -= byteLength(next)
    if (left < 0) return { text, taken: index }
    text += next
  }
  return { text, taken: items.length }
}
