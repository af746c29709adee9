// The rules by which files lie in src/ and dagger/: CONTRIBUTING.md says where things go.
import { readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { GROUPS } from "../../src/lib/pipeline/stages.js"

const REPOSITORY = resolve(import.meta.dirname, "../..")

/** Stages that are functions of the root, without an object of their own. */
const WITHOUT_OBJECT = ["wrappers"]
/** Rooms of src/ that are no stage, but what several stages stand on. */
const GROUND = ["lib", "pipeline", "python", "registry", "scripts", "stage"]

/** Flags of `dagger call` (0.21 and 1.0.0-beta.10). */
const DAGGER_FLAGS = [
  ...["json", "output", "autoApply", "mod", "noMod", "allowLlm", "env", "model", "lock", "workdir"],
  ...["debug", "interactive", "progress", "quiet", "silent", "verbose", "web", "help"],
  ...[
    "loadModule",
    "noLoadModule",
    "eagerRuntime",
    "workspace",
    "org",
    "noExit",
    "xRelease",
    "interactiveCommand",
  ],
]

interface SourceFile {
  path: string
  folder: string
  tree: ts.SourceFile
  /** What it imports, types included: paths in the repository, else names of packages. */
  imports: string[]
}

const FILES = ["src", "dagger"].flatMap((top) =>
  readdirSync(join(REPOSITORY, top), { recursive: true, encoding: "utf8" })
    .map((file) => join(top, file))
    .filter((path) => path.endsWith(".ts") && !/^dagger\/kit\/sdk\/|\/\.dagger\//.test(path))
    .map(read),
)

function read(path: string): SourceFile {
  const text = readFileSync(join(REPOSITORY, path), "utf8")
  const folder = dirname(path)
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true)
  const imports = ts
    .preProcessFile(text)
    .importedFiles.map(({ fileName }) =>
      fileName.startsWith(".") ? join(folder, fileName).replace(/\.js$/, ".ts") : fileName,
    )
  return { path, folder, tree, imports }
}

const sources = FILES.filter(({ path }) => path.startsWith("src/"))
const inside = (folder: string) => FILES.filter(({ path }) => path.startsWith(`${folder}/`))

function nodes<N extends ts.Node>(file: SourceFile, is: (node: ts.Node) => node is N): N[] {
  const found: N[] = []
  const visit = (node: ts.Node): void => {
    if (is(node)) found.push(node)
    ts.forEachChild(node, visit)
  }
  visit(file.tree)
  return found
}

/** The classes that are objects of the module. */
const objects = (file: SourceFile): string[] =>
  nodes(file, ts.isClassDeclaration).flatMap((node) =>
    ts.getDecorators(node)?.some((decorator) => decorator.getText() === "@object()")
      ? [node.name?.text ?? ""]
      : [],
  )

/** The names that a file declares and exports. */
const exported = ({ tree }: SourceFile): string[] =>
  tree.statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined
    if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return []
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map(({ name }) => name.getText())
    const { name } = statement as unknown as { name?: ts.Identifier }
    return name === undefined ? [] : [name.text]
  })

/** A way from a folder back to itself, over imports between folders; undefined where there is none. */
function circle(files: readonly SourceFile[]): string[] | undefined {
  const arrows = new Map<string, Set<string>>()
  const paths = new Set(files.map(({ path }) => path))
  for (const { folder, imports } of files)
    for (const to of imports.filter((path) => paths.has(path)).map((path) => dirname(path)))
      if (to !== folder) arrows.set(folder, (arrows.get(folder) ?? new Set()).add(to))
  const done = new Set<string>()
  const search = (folder: string, way: string[]): string[] | undefined => {
    if (way.includes(folder)) return [...way.slice(way.indexOf(folder)), folder]
    if (done.has(folder)) return undefined
    for (const to of arrows.get(folder) ?? []) {
      const found = search(to, [...way, folder])
      if (found !== undefined) return found
    }
    done.add(folder)
    return undefined
  }
  for (const folder of arrows.keys()) {
    const found = search(folder, [])
    if (found !== undefined) return found
  }
  return undefined
}

describe("src/", () => {
  const stages = [...new Set(sources.flatMap(({ folder }) => folder.split("/")[1] ?? []))].filter(
    (stage) => !GROUND.includes(stage),
  )

  it.each(stages)("%s/ has one object of the module, in the file of its name", (stage) => {
    const file = sources.find(({ path }) => path === `src/${stage}/${stage}.ts`)
    if (file === undefined) throw new Error(`there is no src/${stage}/${stage}.ts`)
    expect(objects(file)).toHaveLength(WITHOUT_OBJECT.includes(stage) ? 0 : 1)
  })

  it("has one object of the module in a file", () => {
    expect(sources.filter((file) => objects(file).length > 1).map(({ path }) => path)).toEqual([])
  })

  it("lib/ imports neither the SDK nor anything above it", () => {
    const wrong = inside("src/lib").flatMap(({ path, imports }) =>
      imports
        .filter((to) => to.startsWith("@dagger.io/") || /^(src\/(?!lib\/)|dagger\/)/.test(to))
        .map((to) => `${path} imports ${to}`),
    )
    expect(wrong).toEqual([])
  })

  it("names every image and its version in stage/images.ts", () => {
    const wrong = sources
      .filter(({ path }) => path !== "src/stage/images.ts")
      .flatMap((file) => [
        ...nodes(file, ts.isVariableDeclaration)
          .filter(({ name, initializer }) => {
            const versions = initializer !== undefined && ts.isStringLiteral(initializer)
            return versions && /_VERSION$/.test(name.getText())
          })
          .map(({ name }) => `${file.path}: ${name.getText()}`),
        ...nodes(file, ts.isCallExpression)
          .filter(({ expression, arguments: [first] }) => {
            const from = ts.isPropertyAccessExpression(expression) && expression.name.text === "from"
            return from && first !== undefined && ts.isStringLiteralLike(first)
          })
          .map((call) => `${file.path}: ${call.arguments[0]?.getText() ?? ""}`),
      ])
    expect(wrong).toEqual([])
  })

  const callsOf = (file: SourceFile, name: string) =>
    nodes(file, ts.isCallExpression).filter(
      ({ expression }) => ts.isPropertyAccessExpression(expression) && expression.name.text === name,
    )

  it("names every cache volume in stage/volumes.ts, by the trust in the code that may write to it", () => {
    // A trial cluster is the engine's own, as its caller names it, and runs what was deployed to it.
    const known = ["src/stage/volumes.ts", "src/cluster/cluster.ts"]
    const others = sources.filter(({ path }) => !known.includes(path))
    expect(others.filter((file) => callsOf(file, "cacheVolume").length > 0).map(({ path }) => path)).toEqual(
      [],
    )
  })

  it("makes images and Python environments without cache volumes, which code that they run could change", () => {
    const makers = [...inside("src/python"), ...inside("src/image"), ...inside("src/testing")]
    // The shell of a failed Dockerfile has that Dockerfile's own mounts, and makes no image.
    const wrong = makers.filter((file) => callsOf(file, "withMountedCache").length > 0)
    expect(wrong.map(({ path }) => path)).toEqual(["src/image/dockerfileShell.ts"])
  })

  it("names no argument of a function like a flag of dagger call, which refuses the whole function then", () => {
    const decorated = (node: ts.MethodDeclaration) =>
      ts.getDecorators(node)?.some((decorator) => decorator.getText().startsWith("@func("))
    const names = sources.flatMap((file) =>
      nodes(file, ts.isMethodDeclaration)
        .filter(decorated)
        .flatMap((node) => node.parameters.map((parameter) => parameter.name.getText())),
    )
    expect(names.length).toBeGreaterThan(100)
    expect(names.filter((name) => DAGGER_FLAGS.includes(name))).toEqual([])
  })

  it("keeps what is known of groups of stages in one record", () => {
    // Policy has the events that run them, graph and debug how they run, and the command an example of each.
    const known = ["src/lib/pipeline/stages.ts", "src/lib/pipeline/policy.ts", "src/pipeline/graph.ts"]
    const commands = ["src/pipeline/debug.ts", "dagger/cli/program/examples.ts"]
    const isGroup = (text: string) => GROUPS.some((group) => group === text)
    const list = (node: ts.Node): node is ts.ArrayLiteralExpression =>
      ts.isArrayLiteralExpression(node) &&
      node.elements.filter((element) => ts.isStringLiteral(element) && isGroup(element.text)).length > 4
    const table = (node: ts.Node): node is ts.ObjectLiteralExpression =>
      ts.isObjectLiteralExpression(node) &&
      node.properties.filter((property) => property.name !== undefined && isGroup(property.name.getText()))
        .length > 6
    const wrong = FILES.filter(({ path }) => ![...known, ...commands].includes(path)).filter(
      (file) =>
        nodes(file, list).length > 0 ||
        nodes(file, table).some((node) => !node.getText().includes("Section")),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })
})

describe("src/ and dagger/", () => {
  it("dagger/cli/ imports of src/ only lib/", () => {
    const wrong = inside("dagger/cli").flatMap(({ path, imports }) =>
      imports.filter((to) => /^src\/(?!lib\/)/.test(to)).map((to) => `${path} imports ${to}`),
    )
    expect(wrong).toEqual([])
  })

  it("have no circle of folders", () => {
    expect(circle(FILES)).toBeUndefined()
  })

  it("declare no exported name twice", () => {
    const places = new Map<string, string[]>()
    for (const file of FILES)
      for (const name of new Set(exported(file))) places.set(name, [...(places.get(name) ?? []), file.path])
    const twice = [...places].filter(([, files]) => files.length > 1)
    expect(twice.map(([name, files]) => `${name}: ${files.join(", ")}`)).toEqual([])
  })

  it("repeat no folder in the name of a file, but for its main one", () => {
    const wrong = FILES.filter(({ path, folder }) => {
      const [room, name] = [basename(folder), basename(path, ".ts")]
      return new RegExp(`^${room}[A-Z]`).test(name)
    })
    expect(wrong.map(({ path }) => relative(".", path))).toEqual([])
  })
})
