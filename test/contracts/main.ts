/**
 * Runs the checks of contracts: `npm run contracts` against the imitation of k6 that is built here, and
 * `npm run contracts -- --real` against a real one on PATH, `--k6=PATH` or `--k6-image=REFERENCE`; `--terraform=PATH`
 * against Terraform or OpenTofu; `--service=slack --base=ADDRESS` against a real service, with the token in
 * CONTRACT_TOKEN and the words in braces of its contract as options, such as `--repository=/repos/OWNER/NAME --number=7`.
 */
import { execFileSync } from "node:child_process"
import { builtProgram } from "../../dagger/kit/images/programs.js"
import { HOST_PLATFORM } from "../../dagger/kit/debian/rootfs.js"
import { concerns, type Fact, tried } from "./contract.js"
import { K6_FACTS } from "./k6.js"
import { K6_IMITATION, runK6, versionOf, type Program } from "./k6Runs.js"
import { ask } from "./serviceRuns.js"
import { SERVICES } from "./targets.js"
import { TERRAFORM_FACTS } from "./terraform.js"
import { runTerraform, terraformVersion } from "./terraformRuns.js"

const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)

async function chosenK6(): Promise<Program> {
  const [path, image] = [option("k6"), option("k6-image")]
  if (path !== undefined) return { path }
  if (image !== undefined) return { image }
  if (!process.argv.includes("--real")) return { path: await builtProgram(K6_IMITATION, HOST_PLATFORM) }
  return { path: execFileSync("sh", ["-c", "command -v k6"], { encoding: "utf8" }).trim() }
}

/** Tries all facts of a contract, and prints what came of each. True if none failed. */
async function kept<Ran, Settings>(
  name: string,
  facts: readonly Fact<Ran, Settings>[],
  version: { text: string; number: string },
  execute: (settings: Settings) => Promise<Ran>,
): Promise<boolean> {
  const counts = { held: 0, failed: 0, untried: 0 }
  for (const fact of facts) {
    const { id, check, byHand } = fact
    if (!concerns(fact, version.number) || check === undefined) {
      counts.untried += 1
      console.log(
        `–  ${id}${check === undefined ? `: by hand: ${byHand}` : `: not of version ${version.number}`}`,
      )
      continue
    }
    const differs = await tried(check, execute)
    counts[differs === undefined ? "held" : "failed"] += 1
    console.log(differs === undefined ? `✓  ${id}` : `✗  ${id}: ${fact.fact}\n   ${differs}`)
  }
  const checks = facts.filter(({ check }) => check !== undefined).length
  console.log(`\n${version.text}\n${name}: ${facts.length} facts, ${checks} with a check`)
  console.log(`${counts.held} held, ${counts.failed} didn't, ${counts.untried} weren't tried`)
  return counts.failed === 0
}

/** Words in braces of the contracts of services. */
const PLACES = ["repository", "number", "project", "threads", "graphql", "viewer"]

/** Tries the contract of a real service. It writes there: messages, comments and annotations. */
async function serviceKept(name: string): Promise<boolean> {
  const [service, base] = [SERVICES[name], option("base")]
  if (service === undefined)
    throw new Error(`unknown service "${name}": one of ${Object.keys(SERVICES).join(", ")}`)
  if (base === undefined) throw new Error("no --base: the webhook, or the address of the API")
  const places = Object.fromEntries(PLACES.map((place) => [place, option(place) ?? ""]))
  const target = { base, token: process.env["CONTRACT_TOKEN"] ?? "", headers: service.headers, places }
  return kept(name, service.facts, { text: new URL(base).host, number: "1.0.0" }, ask(target))
}

async function programKept(): Promise<boolean> {
  const path = option("terraform")
  if (path !== undefined)
    return kept("terraform", TERRAFORM_FACTS, terraformVersion(path), runTerraform(path))
  const program = await chosenK6()
  return kept("k6", K6_FACTS, versionOf(program), runK6(program))
}

const service = option("service")
process.exitCode = (await (service === undefined ? programKept() : serviceKept(service))) ? 0 : 1
