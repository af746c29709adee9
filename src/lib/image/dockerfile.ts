/**
 * Parser for Dockerfiles, as far as failed builds need it: instructions with their lines and commands, and stages.
 *
 * It joins lines exactly as the engine's parser does (moby/buildkit, frontend/dockerfile/parser): a part of the file
 * then means the same as in the whole, and a failed command is found by its text.
 */
export interface Heredoc {
  name: string
  content: string
  /** True if tabs at the beginning of its lines are removed. */
  chomp: boolean
}

export interface Instruction {
  /** Upper case. */
  keyword: string
  /** Options such as `--mount=type=cache,target=/c`, without their quotes. */
  flags: readonly string[]
  /** The rest, on one line. */
  rest: string
  heredocs: readonly Heredoc[]
  /** Counted from 1. */
  line: number
  /** The last line before the here-documents. */
  lastLine: number
  endLine: number
}

export interface DockerfileStage {
  /** Counted from 0. */
  index: number
  /** Lower case; empty without one. */
  name: string
  /** The base, as written. */
  base: string
  /** The option `--platform`, as written. */
  platform?: string
  /** `FROM` first. */
  instructions: readonly Instruction[]
}

export interface Dockerfile {
  /** Instructions before the first stage. */
  globals: readonly Instruction[]
  stages: readonly DockerfileStage[]
}

export function parseDockerfile(text: string): Dockerfile {
  const instructions = readInstructions(text)
  const first = instructions.findIndex(({ keyword }) => keyword === "FROM")
  if (first < 0) return { globals: instructions, stages: [] }
  const stages: (DockerfileStage & { instructions: Instruction[] })[] = []
  for (const instruction of instructions.slice(first)) {
    if (instruction.keyword === "FROM") stages.push(beginStage(instruction, stages.length))
    else stages.at(-1)?.instructions.push(instruction)
  }
  return { globals: instructions.slice(0, first), stages }
}

function beginStage(from: Instruction, index: number) {
  const [base = "", as, name = ""] = from.rest.split(/\s+/)
  const platform = optionOf(from, "platform")[0]
  return {
    index,
    name: as?.toUpperCase() === "AS" ? name.toLowerCase() : "",
    base,
    ...(platform !== undefined && { platform }),
    instructions: [from],
  }
}

/** Returns the values of an instruction's option, in order. */
export const optionOf = ({ flags }: Instruction, name: string): string[] =>
  flags.filter((flag) => flag.startsWith(`--${name}=`)).map((flag) => flag.slice(name.length + 3))

/** Returns the words of an instruction in JSON form; undefined for any other. */
export function jsonForm(rest: string): string[] | undefined {
  if (!rest.startsWith("[")) return undefined
  try {
    const words: unknown = JSON.parse(rest)
    const texts = (value: unknown): value is string[] =>
      Array.isArray(value) && value.every((word) => typeof word === "string")
    return texts(words) ? words : undefined
  } catch {
    return undefined
  }
}

/** Position of the reader. */
interface Reader {
  /** With their line breaks. */
  lines: readonly string[]
  next: number
  continued: RegExp
}

function readInstructions(text: string): Instruction[] {
  const lines = text.replace(/^\uFEFF/, "").split(/(?<=\n)/)
  const reader: Reader = { lines: text === "" ? [] : lines, next: 0, continued: continuationIn(text) }
  const instructions: Instruction[] = []
  while (reader.next < reader.lines.length) {
    const line = reader.next + 1
    const whole = readLine(reader)
    if (whole === undefined) continue
    const lastLine = reader.next
    const parts = splitInstruction(whole)
    const heredocs = heredocNames(whole, parts).map((heredoc) => readHeredoc(reader, heredoc))
    instructions.push({ ...parts, heredocs, line, lastLine, endLine: reader.next })
  }
  return instructions
}

/** Returns the escape character, which joins lines. Directives precede everything else, even other comments. */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const directive = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*)/s.exec(line.trim())
    const name = directive?.[1]?.toLowerCase()
    if (name === "escape") return directive?.[2] === "`" ? "`" : "\\"
    if (name !== "syntax" && name !== "check") break
  }
  return "\\"
}

const continuation = (escape: string): RegExp =>
  escape === "`" ? /([^`])`[ \t]*$|^`[ \t]*$/ : /([^\\])\\[ \t]*$|^\\[ \t]*$/

/** Matches a line that the next one continues. */
export const continuationIn = (text: string): RegExp =>
  continuation(escapeOf(text.replace(/^\uFEFF/, "").split(/(?<=\n)/)))

const isComment = (line: string): boolean => /^\s*#/.test(line)
const withoutBreak = (line: string): string => line.replace(/(?<![\r\n])[\r\n]+$/, "")

/** Reads a logical line, joined from physical ones; undefined for a comment or an empty line. */
function readLine(reader: Reader): string | undefined {
  const next = (): string => withoutBreak(reader.lines[reader.next++] ?? "")
  const begin = next().trimStart()
  if (begin === "" || isComment(begin)) return undefined
  let [whole, line] = ["", begin]
  while (reader.continued.test(line)) {
    whole += line.replace(reader.continued, "$1")
    do {
      if (reader.next >= reader.lines.length) return whole
      line = next()
    } while (isComment(line) || line.trim() === "")
  }
  return whole + line
}

/** Matches an option with its quotes and escapes. */
const FLAG = /^\s*(--(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[^\s"'\\])*)(?=\s|$)/s

/** Splits a logical line. */
export function splitInstruction(line: string): Pick<Instruction, "keyword" | "flags" | "rest"> {
  const [, keyword = "", after = ""] = /^(\S*)\s*(.*)$/s.exec(line.trim()) ?? []
  const flags: string[] = []
  let rest = after
  for (let match = FLAG.exec(rest); match !== null; match = FLAG.exec(rest)) {
    rest = rest.slice(match[0].length)
    const word = match[1] ?? ""
    if (word === "--") break
    flags.push(word.replace(/\\(.)|["']/gs, "$1"))
  }
  return { keyword: keyword.toUpperCase(), flags, rest: rest.trim() }
}

const HEREDOC = /^\d*<<(-?)([^<]+)$/

type HeredocStart = Omit<Heredoc, "content">

function heredocNames(
  line: string,
  { keyword, rest }: Pick<Instruction, "keyword" | "rest">,
): HeredocStart[] {
  const inner = keyword === "ONBUILD" ? splitInstruction(rest) : { keyword, rest }
  if (!["ADD", "COPY", "RUN"].includes(inner.keyword) || jsonForm(inner.rest) !== undefined) return []
  return shellWords(line).flatMap((word) => heredocOf(word) ?? [])
}

/** Parses a word as the start of a here-document; undefined for any other word. */
export function heredocOf(word: string): HeredocStart | undefined {
  const [, dash, quoted = ""] = HEREDOC.exec(word) ?? []
  const [first = "", ...more] = shellWords(quoted)
  const name = first.replace(/\\(.)|["']/gs, "$1")
  return name === "" || more.length > 0 ? undefined : { name, chomp: dash === "-" }
}

/** Splits a line into words as a shell does, quotes kept; none if a quote isn't closed. */
function shellWords(line: string): string[] {
  const words = line.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+|["']/gs) ?? []
  return words.some((word) => word === '"' || word === "'") ? [] : words
}

function readHeredoc(reader: Reader, { name, chomp }: HeredocStart): Heredoc {
  const content: string[] = []
  while (reader.next < reader.lines.length) {
    const line = reader.lines[reader.next++] ?? ""
    const end = withoutBreak(line)
    if ((chomp ? end.replace(/^\t+/, "") : end) === name) break
    content.push(line)
  }
  return { name, content: content.join(""), chomp }
}

/** True if the engine runs this command for the `RUN`. A shell gets the whole command as one text. */
export function runs({ rest, heredocs }: Instruction, command: readonly string[]): boolean {
  const words = jsonForm(rest)
  if (words !== undefined) return JSON.stringify(words) === JSON.stringify(command)
  return command.length > 1 && command.at(-1) === shellText(rest, heredocs)
}

function shellText(rest: string, heredocs: readonly Heredoc[]): string {
  const [first] = heredocs
  if (first === undefined || heredocOf(rest) === undefined)
    return rest + heredocs.map(({ name, content }) => `\n${content}${name}`).join("")
  if (first.content.startsWith("#!")) return `/dev/pipes/${first.name}`
  return first.chomp ? first.content.replace(/^\t+/gm, "") : first.content
}

/** Source of the time for reproducible builds: https://reproducible-builds.org/specs/source-date-epoch/. */
export const EPOCH = "SOURCE_DATE_EPOCH"

/**
 * Sets the variable to the time of the image's files for every command.
 *
 * Python then compiles bytecode that identifies its source by a hash: bytecode that identifies it by time would count
 * as stale and be compiled again at each start.
 */
export const withEpoch = (text: string): string =>
  stageBegins(text)
    .reduceRight((lines, end) => lines.toSpliced(end, 0, `ARG ${EPOCH}`), text.split("\n"))
    .join("\n")

/** Returns a line's number before `withEpoch`. */
export const originalLine = (text: string, line: number): number =>
  line - stageBegins(text).filter((end, index) => end + index < line).length

/** The last line of each `FROM`. */
const stageBegins = (text: string): number[] =>
  parseDockerfile(text).stages.flatMap(({ instructions }) => instructions[0]?.endLine ?? [])
