import { closeSync, existsSync, openSync, readSync } from "node:fs"
import { StringDecoder } from "node:string_decoder"

/** Longest line in characters: memory holds one, however much a tool prints without a line break. */
export const LONGEST_LINE = 1_000_000

const CHUNK_BYTES = 1_000_000

/** Splits bytes of UTF-8 into lines; a longer one than `LONGEST_LINE` is broken. */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8")
  #rest = ""

  /** The lines that end in this chunk. */
  take(chunk: Buffer): string[] {
    const lines = (this.#rest + this.#decoder.write(chunk)).split(/\r?\n|\r/)
    this.#rest = lines.pop() ?? ""
    if (this.#rest.length > LONGEST_LINE) {
      lines.push(this.#rest)
      this.#rest = ""
    }
    return lines
  }

  /** The last line, if it lacks a line break. */
  end(): string[] {
    const last = this.#rest + this.#decoder.end()
    return last === "" ? [] : [last]
  }
}

/** Reads the lines of a file of any size, one chunk at a time; none if there is no file. */
export function* fileLines(path: string): Generator<string> {
  if (!existsSync(path)) return
  const file = openSync(path, "r")
  try {
    const splitter = new LineSplitter()
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk))
      yield* splitter.take(chunk.subarray(0, read))
    yield* splitter.end()
  } finally {
    closeSync(file)
  }
}
