import { stripVTControlCharacters } from "node:util"
import { ExitCode } from "../errors/catalogue.js"
import type { Finding } from "../run/finding.js"
import { clip } from "../text/escape.js"
import { oneLine } from "../text/words.js"
import { type Dockerfile, type Instruction, runs } from "./dockerfile.js"
import { type PlannedStage, mountedSecretNames, mountsAgent, sources } from "./plan.js"
import { HISTORY_ADVICE, secretOption, SSH_OPTION, type Supplied } from "./unsupported.js"

/** Error of the engine for a failed build. */
export interface EngineError {
  message: string
  /** The command that failed, if one did. */
  command?: readonly string[]
  exitCode?: number
  stdout?: string
  stderr?: string
}

/** A place in a Dockerfile. */
export interface DockerfilePlace {
  line: number
  endLine: number
  instruction?: Instruction
  stage?: PlannedStage
}

/** Identifies the build of a Dockerfile in the text of a failure. */
export interface DockerfileRef {
  file: string
  text: string
  platform: string
  supplied: Omit<Supplied, "ignored">
}

/** Failure of a Dockerfile build. */
export interface BuildFailure extends DockerfileRef {
  place?: DockerfilePlace
  /** The command that failed. */
  command?: readonly string[]
  exitCode?: number
  /** Its last output. */
  output: string
  /** One line, without the place. */
  message: string
  /** True if the Dockerfile may be correct: a registry didn't answer, or a command was killed. */
  infrastructure: boolean
}

const INSTRUCTION_LENGTH = 120
const OUTPUT_LINES = 200

/** Collects the details of a failure. */
export function buildFailure(
  build: DockerfileRef,
  error: EngineError,
  place?: DockerfilePlace,
): BuildFailure {
  const { stdout = "", stderr = "", exitCode, command } = error
  const instruction = place?.instruction
  const explanation = `${explain(error, build.platform, place)}${notPassed(build, error, place)}`
  const ran = exitCode !== undefined && exitCode >= 0
  return {
    ...build,
    ...(place !== undefined && { place }),
    ...(command !== undefined && { command }),
    ...(ran && { exitCode }),
    output: lastLines([stdout, stderr].filter((text) => text !== "").join("\n")),
    message: oneLine(
      instruction === undefined ? explanation : `${instructionText(instruction)}: ${explanation}`,
    ),
    infrastructure: ran ? exitCode > SIGNALS : UNREACHED.test(error.message),
  }
}

/**
 * Names what the command mounts and wasn't passed: what isn't required is simply absent, and commands seldom name it;
 * and the history, if the command looked for it.
 */
function notPassed(
  { supplied: { secrets, ssh, git } }: DockerfileRef,
  { exitCode, stdout = "", stderr = "" }: EngineError,
  place?: DockerfilePlace,
): string {
  const { instruction } = place ?? {}
  if (exitCode === undefined || instruction === undefined) return ""
  const missing = mountedSecretNames(instruction).filter((name) => !secrets.includes(name))
  const [first] = missing
  const lacks = [
    ...(first === undefined ? [] : [`the secret ${missing.join(", ")}; ${secretOption(first)}`]),
    ...(ssh || !mountsAgent(instruction) ? [] : [`an SSH agent; ${SSH_OPTION}`]),
    ...(git || !NO_HISTORY.test(stdout + stderr) ? [] : [`.git; ${HISTORY_ADVICE}`]),
  ]
  return lacks.map((lack) => ` (not passed: ${lack})`).join("")
}

/** Messages of git and of tools that take a version from it, without a repository. */
const NO_HISTORY =
  /not a git repository|unable to detect version|Versioning for this project requires either an sdist|no version information found|Unable to determine version/i

/** From this exit code on, a shell reports the signal that ended the command. */
const SIGNALS = 128

/** Messages of an unreachable registry or network, unlike those of a missing image. */
const UNREACHED =
  /dial tcp|connection re(?:fused|set)|no such host|i\/o timeout|deadline exceeded|TLS handshake|x509|failed to do request|unexpected status(?:(?!unexpected status).)*: (?:429|5\d\d)\b|too many requests|unexpected EOF/i

/** Returns an instruction as one line of limited length; for a `RUN`, its command. */
export const instructionText = ({ keyword, flags, rest }: Instruction): string =>
  clip(
    [keyword, ...(keyword === "RUN" ? [] : flags), rest].join(" ").replace(/\s+/g, " "),
    INSTRUCTION_LENGTH,
  )

function lastLines(text: string): string {
  const lines = text.trimEnd().split("\n")
  const left = lines.length - OUTPUT_LINES
  return left > 0 ? `… ${left} lines left out\n${lines.slice(left).join("\n")}` : lines.join("\n")
}

function explain(error: EngineError, platform: string, place?: DockerfilePlace): string {
  const { exitCode, stdout = "", stderr = "" } = error
  if (exitCode === undefined) return explainMessage(plainMessage(error.message), platform, place)
  if (exitCode < 0) return `it could not be started: ${plainMessage(error.message)}`
  const ending =
    exitCode > SIGNALS
      ? `ended by signal ${exitCode - SIGNALS}${exitCode === SIGNALS + 9 ? ", perhaps for lack of memory" : ""}`
      : `exit code ${exitCode}`
  const said = failureLine(stderr) ?? failureLine(stdout)
  return said === undefined ? ending : `${ending}: ${said}`
}

/** Finds the most likely cause in a command's output: the last error, else the last line. */
function failureLine(output: string): string | undefined {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .filter((line) => line.trim() !== "")
  return lines.findLast((line) => /\b(?:error|fatal)\b|^E: |Error: /i.test(line)) ?? lines.at(-1)
}

type Meaning = [pattern: RegExp, meaning: (found: string, platform: string) => string]

/** Explains the engine's messages in terms of the Dockerfile. */
const OF_IMAGES: readonly Meaning[] = [
  [/no manifest matches|no match for platform/, (_, platform) => `isn't made for ${platform}`],
  [
    /: not found$|access denied|insufficient_scope|unauthorized|: 40[13]\b/i,
    () => "doesn't exist, or may not be pulled",
  ],
  [/(?:failed to do request: \w+ "[^"]*": )?(.*)/s, (message) => `could not be fetched: ${message}`],
]

const OF_ALL: readonly Meaning[] = [
  [/secret "([^"]*)" is required/, (id) => `the secret "${id}" is missing: pass it, such as env://${id}`],
  [
    /lstat (?:\.?\/)?((?:(?!lstat ).)*): no such file or directory/,
    (path) => `there is no "${path}" where it copies from, or .dockerignore leaves it out`,
  ],
  [
    /dockerBuild syntax frontend "([^"]*)" is unsupported/,
    (name) => `the syntax "${name}" isn't supported, only docker/dockerfile`,
  ],
  [/no build stage in current context/, () => "there is no FROM before it"],
  [/dockerfile parse error on line \d+: (.*)/s, (message) => message],
]

function explainMessage(message: string, platform: string, place?: DockerfilePlace): string {
  const image = imageOf(place)
  const ofImage = image !== "" && message.startsWith(`${image}: `)
  const rest = ofImage ? message.slice(image.length + 2) : message
  for (const [pattern, meaning] of ofImage ? OF_IMAGES : OF_ALL) {
    const match = pattern.exec(rest)
    if (match !== null) return `${ofImage ? `the image "${image}" ` : ""}${meaning(match[1] ?? "", platform)}`
  }
  return message
}

/** Reference of the image that an instruction requires; empty for none. */
function imageOf({ instruction, stage }: Partial<DockerfilePlace> = {}): string {
  if (instruction === undefined) return ""
  return instruction.keyword === "FROM" ? (stage?.base ?? "") : (sources(instruction)[0]?.from ?? "")
}

/** Removes the engine's own wrapping from a message, which holds kilobytes of internal addresses. */
export const plainMessage = (message: string): string =>
  message
    .replace(/(?<! ) *\[traceparent:[\w-]+\]/g, "")
    .replace(/\bload (?:\w+@)?[\w+/=:]+: (?:inputs: )?/g, "")
    .replace(
      /\bfailed to (?:convert Dockerfile (?:LLB )?to (?:LLB|Dagger ID)|load container from converted ID): /g,
      "",
    )
    .replace(
      /\bfailed to (?:clone built container state|content hash dockerfile \w+|copy source directory): /g,
      "",
    )
    .replace(/\bllbtodagger: unsupported op "[^"]*" \([^()]*\): /, "")
    .replace(/[\w+/=]{100,}/g, "…")
    .trim()

/** Line number that the engine's message itself names. */
export function complaintLine({ message }: EngineError, text: string): number | undefined {
  const [, line] = /dockerfile parse error on line (\d+)/.exec(message) ?? []
  if (line !== undefined) return Number(line)
  const syntax = text.split("\n").findIndex((line) => /^\s*#\s*syntax\s*=/i.test(line))
  return message.includes("syntax frontend") && syntax >= 0 ? syntax + 1 : undefined
}

/** Finds the instruction and stage at a line. */
export function placeOfLine({ globals, stages }: Dockerfile, line: number): DockerfilePlace {
  const all = [...globals, ...stages.flatMap(({ instructions }) => instructions)]
  const instruction = all.find((known) => known.line <= line && line <= known.endLine)
  const { endLine = line } = instruction ?? {}
  return { line: instruction?.line ?? line, endLine, ...(instruction !== undefined && { instruction }) }
}

/** First instruction of a Dockerfile without any stage. */
export function placeWithoutStage(dockerfile: Dockerfile): DockerfilePlace | undefined {
  const first = dockerfile.globals.find(({ keyword }) => keyword !== "ARG")
  return first === undefined || dockerfile.stages.length > 0 ? undefined : placeOfLine(dockerfile, first.line)
}

/** The only instruction that can have run a command; undefined for several, or none. */
export function placeOfCommand(
  stages: readonly PlannedStage[],
  command: readonly string[] | undefined,
): DockerfilePlace | undefined {
  if (command === undefined) return undefined
  const [first, ...more] = placesIn(stages).filter(
    ({ instruction }) => instruction.keyword === "RUN" && runs(instruction, command),
  )
  return more.length === 0 ? first : undefined
}

/** All instructions of these stages, in the order of the file. */
export const placesIn = (stages: readonly PlannedStage[]) =>
  stages.flatMap((stage) =>
    stage.stage.instructions.map((instruction) => {
      const { line, endLine } = instruction
      return { line, endLine, instruction, stage }
    }),
  )

/** One line: `Dockerfile:10: RUN make: exit code 2: No rule to make target`. */
export const failureReason = ({ file, place, message }: BuildFailure): string =>
  oneLine(`${file}${place === undefined ? "" : `:${place.line}`}: ${message}`)

export const failureFinding = ({ file, place, message }: BuildFailure): Finding => ({
  tool: "docker",
  rule: place?.instruction?.keyword ?? "build",
  level: "error",
  file,
  ...(place !== undefined && { line: place.line }),
  message,
})

/** Exit code of the run for a failed build. */
export const failureExitCode = ({ infrastructure }: BuildFailure): ExitCode =>
  infrastructure ? ExitCode.infrastructure : ExitCode.gateFailed

/** Full text of the failure, for the stage's log. */
export function failureLog({ file, text, platform, place, output, message }: BuildFailure): string {
  if (place === undefined)
    return `${file}, for ${platform}\n${output === "" ? "" : `${output}\n`}${message}\n`
  const { line, endLine, stage } = place
  const excerpt = text
    .split("\n")
    .slice(line - 1, endLine)
    .map((source, index) => `${String(line + index).padStart(5)} | ${source}`)
  const head = `${file}:${line}${stage === undefined ? "" : `, ${stage.label}`}, for ${platform}`
  return [head, ...excerpt, ...(output === "" ? [] : [output]), message, ""].join("\n")
}
