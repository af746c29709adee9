import { oneLine } from "../text/words.js"

/** Failure of an installation by uv. */
export interface InstallFailure {
  reason: string
  /** Packages without a matching wheel that could not be built either. */
  packages: string[]
  /** True if the package index, or the host of a repository, could not be reached. */
  network: boolean
}

/** Parses uv's error message, which must not be wrapped. */
export function installFailure(complaint: string): InstallFailure {
  const packages = WITHOUT_WHEEL.flatMap((pattern) =>
    [...complaint.matchAll(pattern)].map(([, name = ""]) => name.replace(/[<>!~].*/s, "")),
  )
  const network = /Failed to fetch|error sending request|Could not resolve host|Failed to connect to/.test(
    complaint,
  )
  return { reason: oneLine(reasonOf(complaint)), packages: network ? [] : [...new Set(packages)], network }
}

const WITHOUT_WHEEL = [
  /(?<!\S)([A-Za-z0-9][\w.-]*(?:[=<>!~]=?[\w.+!*]+)?)(?:,\S*)? has no wheels with a matching/g,
  /Failed to build `([^` ]+)/g,
  /built wheel `([^`]+)` is not compatible/g,
]

/** The most specific reason: the last error or word of a build system, else the last line of uv's own. */
function reasonOf(complaint: string): string {
  const [, platforms] = /hint: (Wheels are available for [^\n]*)/.exec(complaint) ?? []
  const [, builder = ""] = /\[stderr\]\n([^]*)/.exec(complaint) ?? []
  const errors = [...builder.matchAll(/^[ \t]*(?:[Ee]rror: (.+)|((?:\w+\.)*\w+(?:Error|Exception): .+))$/gm)]
  const [, named, exception] = errors.at(-1) ?? []
  const [, git] = /^[ \t]*fatal: (.+)$/m.exec(complaint) ?? []
  const linker = builder
    .split("\n")
    .find((line) => line.includes("ld: ") && /cannot find|undefined reference/.test(line))
    ?.split("ld: ")
    .at(-1)
  // Of a compiler's errors the others follow from the first.
  const [, compiler] = /^[ \t]*([\w./+-]+:\d+:\d+: (?:fatal )?error: .+)$/m.exec(builder) ?? []
  const last = builder
    .replace(/^ *hint: [^]*/m, "")
    .trim()
    .split("\n")
    .at(-1)
    ?.trim()
  const [, bottom] = /╰─▶ ([^\n]+)/.exec(complaint) ?? []
  return (
    platforms ??
    git ??
    compiler ??
    linker ??
    named ??
    exception ??
    (last || undefined) ??
    bottom ??
    complaint.replace(/[×├╰│─▶]/g, " ")
  )
}
