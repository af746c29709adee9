// Bundles the command for its sources as they are: loading one file takes a fraction of transpiling hundreds.
import { createHash, randomUUID } from "node:crypto"
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

const TARGET = "node20"

/**
 * Returns the path of the bundle of `dagger/cli/program/main.ts`, and writes it first unless it is there.
 *
 * Packages are bundled too, and `import.meta` keeps naming the file that it is written in.
 */
export async function bundledCommand(repository) {
  const kept = join(repository, "node_modules/.cache/slipway")
  const name = `command-${stateOf(repository)}.js`
  if (existsSync(join(kept, name))) return join(kept, name)
  const folder = writable(kept) ? kept : temporaryFolder()
  const file = join(folder, name)
  const { build } = await import("esbuild")
  const partial = join(folder, `.${randomUUID()}.js`)
  await build({
    entryPoints: [join(repository, "dagger/cli/program/main.ts")],
    outfile: partial,
    bundle: true,
    platform: "node",
    format: "esm",
    target: TARGET,
    // Packages in CommonJS ask for Node's own modules.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url)',
    },
    plugins: [ownPlaces],
    logLevel: "error",
  })
  // Complete under its name or not there at all, whoever else writes it at this moment.
  renameSync(partial, file)
  const others = readdirSync(folder).filter((other) => other.startsWith("command-") && other !== name)
  for (const other of others) rmSync(join(folder, other), { force: true })
  return file
}

/** True for a folder that can be written to; makes it. A repository may be somebody else's, or mounted read-only. */
function writable(folder) {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** A folder that ends with this process. */
function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "slipway-command-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Names the state of the sources: all their names, sizes and times. */
function stateOf(repository) {
  const hash = createHash("sha256")
  const add = (name) => {
    const { mtimeMs, size } = statSync(name)
    hash.update(`${name}\0${mtimeMs}\0${size}\0`)
  }
  for (const folder of ["dagger", "src"])
    for (const entry of readdirSync(join(repository, folder), { recursive: true, withFileTypes: true }))
      if (entry.isFile() && /\.[jt]s$/.test(entry.name)) add(join(entry.parentPath, entry.name))
  for (const name of ["package.json", "package-lock.json"]) add(join(repository, name))
  return hash.digest("hex").slice(0, 16)
}

/** Keeps the place of each source in its text, since code finds files beside itself by it. */
const ownPlaces = {
  name: "own-places",
  setup({ esbuild, onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = readFileSync(path, "utf8")
      if (!source.includes("import.meta")) return undefined
      const places = { dirname: dirname(path), filename: path, url: pathToFileURL(path) }
      const define = Object.entries(places).map(([key, value]) => [
        `import.meta.${key}`,
        JSON.stringify(value),
      ])
      const options = { loader: "ts", sourcefile: path, target: TARGET, define: Object.fromEntries(define) }
      const { code } = await esbuild.transform(source, options)
      return { contents: code, loader: "js" }
    })
  },
}
