import { harmlessOutput } from "../../src/lib/text/hostOutput.js"

/** Variables of which every job of a CI host has one. */
const MARKS = ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "BUILD_TAG", "JENKINS_URL", "CIRCLECI"]

/** True in a job of a CI host, which may obey what is printed. */
export const inCiJob = (env: NodeJS.ProcessEnv = process.env): boolean => MARKS.some((name) => env[name])

type Write = (text: string) => boolean

/** Prints to stdout past the guard; undefined without one. */
let unguarded: Write | undefined

/**
 * Makes all that this process prints harmless for CI hosts.
 *
 * The one place for it: progress, problems, warnings, and what children say pass here. Only `printCommands` doesn't.
 */
export function guardOutput(): void {
  if (unguarded !== undefined) return
  unguarded = guard(process.stdout)
  guard(process.stderr)
}

/** Guards a stream, and returns the function that it wrote by. */
function guard(stream: NodeJS.WriteStream): Write {
  const write = stream.write.bind(stream)
  const [harmless, decoder] = [harmlessOutput(), new TextDecoder()]
  const guarded = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true })
    const done = rest.find((each): each is () => void => typeof each === "function")
    return write(harmless(text), done)
  }
  stream.write = guarded
  return write
}

/** Prints lines that the host is to obey. */
export function printCommands(lines: readonly string[]): void {
  const print: Write = unguarded ?? ((text) => process.stdout.write(text))
  for (const line of lines) print(`${line}\n`)
}
