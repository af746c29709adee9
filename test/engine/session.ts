import { dagger } from "./dagger.js"

interface Scripts {
  /** Module whose functions the scripts call. */
  module: string
  /** Commands that the session begins with. */
  prelude: string
  /** Scripts by name, which run one after the other. */
  scripts: Record<string, string>
  env: NodeJS.ProcessEnv
}

/**
 * Runs scripts of Dagger's shell in one session, one after the other, regardless of failures. Returns the output of
 * each, and all error output.
 */
export async function runScripts({ module, prelude, scripts, env }: Scripts) {
  const steps = Object.entries(scripts).map(
    ([name, script]) => `.echo\n.echo "== ${name}"\n(${script}) || .echo "failed"\n`,
  )
  const { stdout, stderr } = await dagger(["-m", module, "-c", [prelude, ...steps].join("\n")], { env })
  const printed = new Map(
    stdout.split(/^== /m).map((part) => {
      const [name = "", ...lines] = part.split("\n")
      return [name, lines.join("\n").trim()]
    }),
  )
  const errors = stderr.match(/^.*?(?:! |Error: ).*(?:\n→.*)?$/gm)?.join("\n") ?? ""
  const of = (name: string): string => printed.get(name) ?? `nothing: ${errors}`
  const json = (name: string): unknown => {
    const text = of(name)
    if (!text.startsWith("{")) throw new Error(`${name}: ${text}\n${errors}`)
    return JSON.parse(text)
  }
  return { of, json, stdout, stderr, errors }
}
