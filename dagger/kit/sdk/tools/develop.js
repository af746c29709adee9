// Completes the module in the working directory for an editor: package.json, tsconfig.json, and a first source file.
// Usage: develop.js MODULE-NAME
import { existsSync, globSync, mkdirSync, writeFileSync } from "node:fs"
import { completePackage, completeTsconfig } from "./config.js"

const words = process.argv[2].split(/[^A-Za-z0-9]+/).filter(Boolean)
const name = words.map((word) => word[0].toUpperCase() + word.slice(1)).join("")

completePackage(".")
completeTsconfig(".")
if (!existsSync("src") || globSync("src/**/*.{ts,mts}").length === 0) {
  mkdirSync("src", { recursive: true })
  writeFileSync("src/index.ts", `import { dag, Container, object, func } from "@dagger.io/dagger"

@object()
export class ${name} {
  /** Returns a container that has echoed the argument. */
  @func()
  containerEcho(stringArg: string): Container {
    return dag.container().from("alpine:latest").withExec(["echo", stringArg])
  }
}
`)
}
