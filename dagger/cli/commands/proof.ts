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
import { whileLoggedIn } from "./acrLogin.js"
import { reportNoVerdict } from "./runWithVerdict.js"
import { absoluteSource } from "./sourceFolder.js"

/** The two releases to check against each other. */
export interface ProveOptions extends RegistryOptions {
  source: string
  previous: string
  tag: string
  environment: string
  json?: boolean
}

/** Runs the proof and prints each step. Returns the exit code: 1 if the proof fails. */
export async function prove(options: ProveOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-proof-"))
  const file = join(folder, "proof.json")
  const log = join(folder, "dagger.log")
  const source = absoluteSource(options.source)
  const known = { ...options, source }
  const code = await whileLoggedIn(recipientOf(known), () =>
    daggerWithProgress([...proofArguments(known), `--path=${file}`], log),
  )
  // The log is kept if it shows the cause.
  if (code !== 0 && code !== 130) return reportNoVerdict(log)
  const written = code === 0 ? readFileSync(file, "utf8") : ""
  rmSync(folder, { recursive: true, force: true })
  if (code === 130) return code
  const proof = JSON.parse(written) as Proof
  process.stdout.write(options.json ? written : proofText(proof))
  return proof.proven ? ExitCode.passed : ExitCode.gateFailed
}

/** The arguments of `dagger`, except the target file. */
export function proofArguments(options: ProveOptions): string[] {
  const { source, previous, tag, environment } = options
  return [
    ...callModule(source),
    ...registryArguments(options, recipientOf(options)),
    "deploy",
    `--environment=${environment}`,
    "proof",
    `--previous=${previous}`,
    `--next=${tag}`,
    "export",
  ]
}

/** Decides who may get the environment's credentials: never a host that only a reference names. */
function recipientOf({ source, previous, tag, embedded }: ProveOptions): Recipient {
  if (embedded) return "nobody"
  const whole = [previous, tag].filter((reference) => reference.includes("/"))
  return whole.every((reference) => recipientIn(reference, source).known)
    ? configuredRecipient(source)
    : "nobody"
}

const SIGNS: Record<ProofStep["status"], string> = { passed: "✓", failed: "✗", skipped: "-" }

/** Formats a proof for people. */
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
