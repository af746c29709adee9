// A module's package.json and tsconfig.json, completed as the SDK needs them. What has all of it stays as it is.
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import module from "node:module"
import { join } from "node:path"

/** The compiler that lies in the image: with this alone as dependency a module needs no installation. */
export const TYPESCRIPT = "5.9.3"

const paths = {
  "@dagger.io/dagger": ["./sdk/index.ts"],
  "@dagger.io/dagger/telemetry": ["./sdk/telemetry.ts"],
}
const newTsconfig = { compilerOptions: { strict: true, skipLibCheck: true, target: "ES2022", moduleResolution: "Node" } }

export function completeTsconfig(folder) {
  return complete(join(folder, "tsconfig.json"), newTsconfig, (config) => {
    const options = (config.compilerOptions ??= {})
    options.experimentalDecorators = true
    options.paths = { ...options.paths, ...paths }
  })
}

export function completePackage(folder) {
  return complete(join(folder, "package.json"), {}, (config) => {
    config.type = "module"
    const dependencies = (config.dependencies ??= {})
    dependencies.typescript ??= TYPESCRIPT
    delete dependencies["@dagger.io/dagger"]
  })
}

function complete(file, fresh, change) {
  const exists = existsSync(file)
  const config = exists ? parse(file) : structuredClone(fresh)
  const before = JSON.stringify(config)
  change(config)
  if (!exists || JSON.stringify(config) !== before) writeFileSync(file, JSON.stringify(config, null, 2) + "\n")
  return config
}

/** The compiler, slow to load, is asked only where there are comments or surplus commas. */
function parse(file) {
  const text = readFileSync(file, "utf8")
  try {
    return JSON.parse(text)
  } catch (error) {
    const { config, error: problem } = module.createRequire(import.meta.url)("typescript").parseConfigFileTextToJson(file, text)
    if (problem || !config) throw new Error(`${file}: ${error.message}`)
    return config
  }
}
