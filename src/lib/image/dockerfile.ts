/**
 * Dockerfiles, as far as a build has to be explained: which instruction stands on which lines, what it runs, where a
 * stage begins. Lines are put together just as the engine's parser does it (moby/buildkit, frontend/dockerfile/parser):
 * a part of the file then means what it means in the whole, and a command that failed is found by its text.
 */
export interface Heredoc {
  name: string
  content: string
  /** Whether tabs at the beginning of its lines don't count. */
  chomp: boolean
}

export interface Instruction {
  /** In capitals. */
  keyword: string
  /** Options such as `--mount=type=cache,target=/c`, without their quotes. */
  flags: readonly string[]
  /** All else, on one line. */
  rest: string
  heredocs: readonly Heredoc[]
  /** Counted from 1. */
  line: number
  endLine: number
}

export interface DockerfileStage {
  /** Counted from 0. */
  index: number
  /** In small letters; empty without one. */
  name: string
  /** What it builds on, as it is written. */
  base: string
  /** Its option `--platform`, as it is written. */
  platform?: string
  /** `FROM` first. */
  instructions: readonly Instruction[]
}

export interface Dockerfile {
  /** What stands before the first stage. */
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

/** The values of an instruction's option, in its order. */
export const optionOf = ({ flags }: Instruction, name: string): string[] =>
  flags.filter((flag) => flag.startsWith(`--${name}=`)).map((flag) => flag.slice(name.length + 3))

/** The words of an instruction that is written as JSON; undefined for any other. */
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

/** Where reading has come to. */
interface Reader {
  /** With their line breaks. */
  lines: readonly string[]
  next: number
  continued: RegExp
}

function readInstructions(text: string): Instruction[] {
  const lines = text.replace(/^\uFEFF/, "").split(/(?<=\n)/)
  const reader: Reader = {
    lines: text === "" ? [] : lines,
    next: 0,
    continued: continuation(escapeOf(lines)),
  }
  const instructions: Instruction[] = []
  while (reader.next < reader.lines.length) {
    const line = reader.next + 1
    const whole = readLine(reader)
    if (whole === undefined) continue
    const parts = split(whole)
    const heredocs = heredocNames(whole, parts).map((heredoc) => readHeredoc(reader, heredoc))
    instructions.push({ ...parts, heredocs, line, endLine: reader.next })
  }
  return instructions
}

/** The character that joins lines. Directives stand before anything else, other comments included. */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const directive = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.*\S)\s*$/.exec(line)
    const name = directive?.[1]?.toLowerCase()
    if (name === "escape") return directive?.[2] === "`" ? "`" : "\\"
    if (name !== "syntax" && name !== "check") break
  }
  return "\\"
}

const continuation = (escape: string): RegExp =>
  escape === "`" ? /([^`])`[ \t]*$|^`[ \t]*$/ : /([^\\])\\[ \t]*$|^\\[ \t]*$/

const isComment = (line: string): boolean => /^\s*#/.test(line)
const withoutBreak = (line: string): string => line.replace(/[\r\n]+$/, "")

/** Reads what belongs together across lines; undefined for a comment or an empty line. */
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

/** An option, with quotes and escapes still in it. */
const FLAG = /^\s*(--(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[^\s"'\\])*)(?=\s|$)/s

function split(line: string): Pick<Instruction, "keyword" | "flags" | "rest"> {
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
  const inner = keyword === "ONBUILD" ? split(rest) : { keyword, rest }
  if (!["ADD", "COPY", "RUN"].includes(inner.keyword) || jsonForm(inner.rest) !== undefined) return []
  return shellWords(line).flatMap((word) => heredocOf(word) ?? [])
}

/** What a word says of a here-document; undefined for any other word. */
export function heredocOf(word: string): HeredocStart | undefined {
  const [, dash, quoted = ""] = HEREDOC.exec(word) ?? []
  const [first = "", ...more] = shellWords(quoted)
  const name = first.replace(/\\(.)|["']/gs, "$1")
  return name === "" || more.length > 0 ? undefined : { name, chomp: dash === "-" }
}

/** The words of a line as a shell sees them, quotes kept; none where a quote isn't closed. */
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

/** Whether this is what the engine runs for a `RUN`. A shell gets all of its command as one text. */
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

/** What reproducible builds take the time from: https://reproducible-builds.org/specs/source-date-epoch/. */
export const EPOCH = "SOURCE_DATE_EPOCH"

/**
 * Lets every command see the time that the image's files get. Python then compiles to bytecode that knows its source by
 * a hash: by its time, it would hold that for changed, and compile it again at each start.
 */
export const withEpoch = (text: string): string =>
  stageBegins(text)
    .reduceRight((lines, end) => lines.toSpliced(end, 0, `ARG ${EPOCH}`), text.split("\n"))
    .join("\n")

/** The line that one of `withEpoch` was before. */
export const originalLine = (text: string, line: number): number =>
  line - stageBegins(text).filter((end, index) => end + index < line).length

/** The last line of each `FROM`. */
const stageBegins = (text: string): number[] =>
  parseDockerfile(text).stages.flatMap(({ instructions }) => instructions[0]?.endLine ?? [])
