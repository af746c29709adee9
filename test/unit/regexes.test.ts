/**
 * Every regular expression takes time in proportion to its text, whoever wrote that: https://makenowjust-labs.github.io/recheck
 *
 * To analyse all of them takes minutes, so those that passed stand in a file, and only others are analysed.
 * `SLIPWAY_RECORD=1` adds these to the file; without it, all are analysed.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { checkSync } from "recheck"
import ts from "typescript"
import { describe, expect, it, vi } from "vitest"
import type * as Diff from "../../src/lib/quality/diff.js"
import type * as Credentials from "../../src/lib/secrets/credentials.js"

const REPOSITORY = resolve(import.meta.dirname, "../..")
const RECORD = join(import.meta.dirname, "regexes.txt")
const WRITES = process.env["SLIPWAY_RECORD"] === "1"

interface Regex {
  place: string
  source: string
  flags: string
}

const text = ({ source, flags }: Pick<Regex, "source" | "flags">): string => `/${source}/${flags}`

const FILES = ["src", "dagger"].flatMap((top) =>
  readdirSync(join(REPOSITORY, top), { recursive: true, encoding: "utf8" })
    .map((file) => join(top, file))
    .filter(
      (path) => /\.[jt]s$/.test(path) && !/^dagger\/kit\/sdk\/|\/\.dagger\/|\/node_modules\//.test(path),
    )
    .map((path) => ({ path, tree: parsed(path) })),
)

function parsed(path: string): ts.SourceFile {
  const code = readFileSync(join(REPOSITORY, path), "utf8")
  return ts.createSourceFile(path, code, ts.ScriptTarget.ESNext, true)
}

function regexesOf({ path, tree }: (typeof FILES)[number]): Regex[] {
  const found: Regex[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/")
      const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1
      found.push({
        place: `${path}:${line}`,
        source: node.text.slice(1, end),
        flags: node.text.slice(end + 1).replace(/[dgy]/g, ""),
      })
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

/** Number of regular expressions that a file makes from strings. */
function made({ tree }: (typeof FILES)[number]): number {
  let count = 0
  const visit = (node: ts.Node): void => {
    if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === "RegExp")
      count += 1
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return count
}

/** Use of a module whose regular expressions made from strings aren't all constants. */
const USES: Record<string, (module: unknown) => unknown> = {
  "src/lib/quality/diff.ts": (module) =>
    (module as typeof Diff).readDiff("", { before: ":before", after: ":after" }),
  "src/lib/secrets/credentials.ts": (module) =>
    (module as typeof Credentials).environmentSecrets([], "prod-eu", ["prod"]),
}

/** Written by us alone: the project's own documents. */
const OWN = ["dagger/schema.ts"]

/** The regular expressions that a module makes from strings, caught as they are made. */
async function madeBy(path: string): Promise<Regex[]> {
  const caught: Regex[] = []
  const catching = new Proxy(RegExp, {
    construct(target, args: [string | RegExp, string?], newTarget) {
      const regex = Reflect.construct(target, args, newTarget) as RegExp
      caught.push({ place: path, source: regex.source, flags: regex.flags.replace(/[dgy]/g, "") })
      return regex
    },
  })
  vi.resetModules()
  vi.stubGlobal("RegExp", catching)
  try {
    const module: unknown = await import(join(REPOSITORY, path))
    USES[path]?.(module)
  } finally {
    vi.unstubAllGlobals()
  }
  return caught
}

/** Why a regular expression isn't known to take linear time; undefined if it is. */
function problem(regex: Regex): string | undefined {
  const found = checkSync(regex.source, regex.flags, { timeout: 30_000 })
  if (found.status === "safe") return undefined
  const why =
    found.status === "unknown" ? found.error.kind : `${found.complexity.summary}: ${found.attack.pattern}`
  return `${regex.place}: ${text(regex)} ${why}`
}

describe("regular expressions", () => {
  it("take linear time", { timeout: 600_000 }, async () => {
    const literals = FILES.flatMap(regexesOf)
    const built: Regex[] = []
    for (const file of FILES) {
      if (made(file) === 0 || OWN.includes(file.path)) continue
      const caught = await madeBy(file.path)
      // If this fails, the file makes one in a function, which has to stand in USES.
      expect(caught.length, file.path).toBeGreaterThanOrEqual(made(file))
      built.push(...caught)
    }
    expect(literals.length).toBeGreaterThan(500)
    const unique = new Map([...literals, ...built].map((regex) => [text(regex), regex]))
    const known = new Set(existsSync(RECORD) ? readFileSync(RECORD, "utf8").split("\n") : [])
    const fresh = [...unique].filter(([key]) => !known.has(key))
    expect(fresh.flatMap(([, regex]) => problem(regex) ?? [])).toEqual([])
    if (WRITES) writeFileSync(RECORD, `${[...unique.keys()].sort().join("\n")}\n`)
  })

  it.each([
    [String.raw`^([^\s#;[=:][^=:]*?)\s*[=:]`, ""],
    [String.raw`\/+$`, ""],
    [String.raw`^\s*(-e|--editable)`, "m"],
    [String.raw`"(?:[^"\\]|\\.)*"`, ""],
    [String.raw`lstat (.*): no such file`, ""],
  ])("would be found if it took more: /%s/%s", (source, flags) => {
    expect(problem({ place: "here", source, flags })).toContain("polynomial")
  })
})
