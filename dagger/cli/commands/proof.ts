import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { findingLine } from "../../../src/lib/migration/exemptions.js"
import type { Proof, ProofStep } from "../../../src/lib/migration/proof.js"
import { visible } from "../../../src/lib/text/escape.js"
import { callModule, daggerWithProgress } from "../../module/call.js"
import {
  recipientIn,
  configuredRecipient,
  type Recipient,
  registryArguments,
  type RegistryOptions,
} from "./credentials.js"
import { reportNoVerdict } from "./runWithVerdict.js"
import { absoluteSource } from "./sourceFolder.js"

/** Which release is to work on the schema of which. */
export interface ProveOptions extends RegistryOptions {
  source: string
  previous: string
  tag: string
  environment: string
  embedded?: boolean
  json?: boolean
}

/** Proves it, and prints each step. Returns the exit code: 1 where it isn't proven. */
export async function prove(options: ProveOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-proof-"))
  const file = join(folder, "proof.json")
  const log = join(folder, "dagger.log")
  const source = absoluteSource(options.source)
  const code = await daggerWithProgress([...proofArguments({ ...options, source }), `--path=${file}`], log)
  // The log stays where it says why.
  if (code !== 0 && code !== 130) return reportNoVerdict(log)
  const written = code === 0 ? readFileSync(file, "utf8") : ""
  rmSync(folder, { recursive: true, force: true })
  if (code === 130) return code
  const proof = JSON.parse(written) as Proof
  process.stdout.write(options.json ? written : proofText(proof))
  return proof.proven ? ExitCode.passed : ExitCode.gateFailed
}

/** The arguments of `dagger`, but for where the file goes. */
export function proofArguments(options: ProveOptions): string[] {
  const { source, previous, tag, environment, embedded } = options
  return [
    ...callModule(source),
    "deploy",
    `--environment=${environment}`,
    "proof",
    `--previous=${previous}`,
    `--next=${tag}`,
    ...registryArguments(options, recipientOf(options)),
    ...(embedded ? ["--embedded"] : []),
    "export",
  ]
}

/** Who may get the user and password of the environment: nobody whom a reference alone names. */
function recipientOf({ source, previous, tag, embedded }: ProveOptions): Recipient {
  if (embedded) return "nobody"
  const whole = [previous, tag].filter((reference) => reference.includes("/"))
  return whole.every((reference) => recipientIn(reference, source).known)
    ? configuredRecipient(source)
    : "nobody"
}

const SIGNS: Record<ProofStep["status"], string> = { passed: "✓", failed: "✗", skipped: "-" }

/** What a proof came to, for people. */
export function proofText({ proven, reason, steps, statements }: Proof): string {
  const open = statements.filter(({ exemption }) => exemption === undefined)
  return [
    ...steps.map(({ name, status, reason }) => `${SIGNS[status]} ${name}: ${visible(reason)}`),
    ...open.map((finding) => `  ${visible(findingLine(finding))}`),
    "",
    `${proven ? "proven" : "not proven"}: ${visible(reason)}`,
    "",
  ].join("\n")
}
