// Dagger's version stands in src/lib/wrappers/description.ts. Manifests, locks and documents can't read it there.
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { DAGGER_VERSION } from "../../../dagger/kit/engine/binaries.js"
import { PINNED } from "../../../src/lib/wrappers/description.js"

const REPOSITORY = resolve(import.meta.dirname, "../../..")

/** Modules; not the SDK's own runtime, which names the oldest engine that it works with. */
const modules = execFileSync("git", ["ls-files", "dagger.json", "test/**/dagger.json"], {
  cwd: REPOSITORY,
  encoding: "utf8",
})
  .trim()
  .split("\n")

const LOCKED = /"node_modules\/@dagger\.io\/dagger": \{\s*"version": "([^"]*)"/g

const NAMED: [path: string, versions: RegExp][] = [
  ...modules.map((path): [string, RegExp] => [path, /"engineVersion": "v([^"]*)"/g]),
  ["package.json", /"@dagger\.io\/dagger": "([^"]*)"/g],
  ["package-lock.json", LOCKED],
  ["dagger/kit/sdk/tools/package.json", /"@dagger\.io\/dagger": "([^"]*)"/g],
  ["dagger/kit/sdk/tools/package-lock.json", LOCKED],
  ["dagger/kit/engine/go/go.mod", /^require github\.com\/dagger\/dagger v(\S*)$/gm],
  ["dagger/kit/sdk/README.md", /client generator of v(\d+\.\d+\.\d+)/g],
  ["README.md", /`dagger` command \(v(\d+\.\d+\.\d+) or later\)/g],
  ["docs/engines.md", /(?:`dagger` command of v|engine[:-]v|dagger-helm --version )(\d+\.\d+\.\d+)/g],
]

describe("Dagger's version", () => {
  it.each(NAMED)("stands in %s", (path, versions) => {
    const found = [...readFileSync(join(REPOSITORY, path), "utf8").matchAll(versions)]
    expect(new Set(found.map(([, version]) => version))).toEqual(new Set([PINNED.dagger]))
  })

  it("is that of the engine that Slipway makes", () => {
    expect(modules.length).toBeGreaterThan(5)
    expect(DAGGER_VERSION).toBe(`v${PINNED.dagger}`)
  })
})
