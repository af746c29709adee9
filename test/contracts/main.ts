/**
 * Runs the checks of a contract: `npm run contracts` against the imitation of k6 that is built here,
 * `npm run contracts -- --real` against a real one on PATH, `--k6=PATH` or `--k6-image=REFERENCE`.
 */
import { execFileSync } from "node:child_process"
import { builtProgram } from "../../dagger/kit/images/programs.js"
import { HOST_PLATFORM } from "../../dagger/kit/debian/rootfs.js"
import { concerns, tried } from "./contract.js"
import { K6_FACTS } from "./k6.js"
import { K6_IMITATION, runK6, versionOf, type K6Fact, type Program } from "./k6Runs.js"

const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)

async function chosen(): Promise<Program> {
  const [path, image] = [option("k6"), option("k6-image")]
  if (path !== undefined) return { path }
  if (image !== undefined) return { image }
  if (!process.argv.includes("--real")) return { path: await builtProgram(K6_IMITATION, HOST_PLATFORM) }
  return { path: execFileSync("sh", ["-c", "command -v k6"], { encoding: "utf8" }).trim() }
}

/** Tries a fact, and prints what came of it. True unless the fact doesn't hold. */
async function shown(
  fact: K6Fact,
  version: string,
  program: Program,
): Promise<"held" | "failed" | "unchecked"> {
  const { id, check, byHand } = fact
  if (!concerns(fact, version) || check === undefined) {
    console.log(`–  ${id}${check === undefined ? `: by hand: ${byHand}` : `: not of version ${version}`}`)
    return "unchecked"
  }
  const differs = await tried(check, runK6(program))
  console.log(differs === undefined ? `✓  ${id}` : `✗  ${id}: ${fact.fact}\n   ${differs}`)
  return differs === undefined ? "held" : "failed"
}

const program = await chosen()
const version = versionOf(program)
const results: string[] = []
for (const fact of K6_FACTS) results.push(await shown(fact, version.number, program))
const count = (wanted: string): number => results.filter((result) => result === wanted).length
console.log(`\n${version.text}`)
console.log(
  `k6: ${K6_FACTS.length} facts, ${K6_FACTS.filter(({ check }) => check !== undefined).length} with a check; ` +
    `${count("held")} held, ${count("failed")} didn't, ${count("unchecked")} weren't tried`,
)
process.exitCode = count("failed") === 0 ? 0 : 1
