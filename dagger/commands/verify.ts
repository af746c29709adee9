import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { ExitCode } from "../../src/lib/errors.js"
import { visible } from "../../src/lib/report/escape.js"
import type { Check, Verification } from "../../src/lib/release/verification.js"
import { callModule, daggerWithProgress } from "../dagger.js"
import { absoluteSource, noVerdict } from "./ci.js"
import { registryArguments, type RegistryOptions } from "./credentials.js"

export interface VerifyOptions extends RegistryOptions {
  source: string
  key?: string
  identity?: string
  issuer?: string
  embedded?: boolean
  json?: boolean
}

/** Verifies a published image and prints each check. Returns the exit code. */
export async function verify(reference: string, options: VerifyOptions): Promise<number> {
  const { source, key, identity, issuer, embedded, json } = options
  const folder = mkdtempSync(join(tmpdir(), "slipway-verify-"))
  const file = join(folder, "verification.json")
  const log = join(folder, "dagger.log")
  const args = [
    ...[...callModule(absoluteSource(source)), "verification", `--reference=${reference}`],
    ...registryArguments(options),
    ...(embedded ? ["--embedded"] : []),
    ...(key === undefined ? [] : [`--public-key=${resolve(key)}`]),
    ...(identity === undefined ? [] : [`--identity=${identity}`]),
    ...(issuer === undefined ? [] : [`--issuer=${issuer}`]),
    ...["export", `--path=${file}`],
  ]
  const code = await daggerWithProgress(args, log)
  // The log stays where it says why.
  if (code !== 0 && code !== 130) return noVerdict(log)
  const written = code === 0 ? readFileSync(file, "utf8") : ""
  rmSync(folder, { recursive: true, force: true })
  if (code === 130) return code
  const verification = JSON.parse(written) as Verification
  process.stdout.write(json ? written : text(verification))
  return verification.exitCode
}

function text({ reference, digest, status, exitCode, problem, checks }: Verification): string {
  const what = digest === null ? reference : `${reference} (${digest})`
  const verdict =
    status === "passed" ? "verified" : exitCode === ExitCode.gateFailed ? "refused" : "not verified"
  return [
    ...checks.map(line),
    ...(problem?.split("\n").map(visible) ?? []),
    "",
    `${verdict}: ${what}`,
    "",
  ].join("\n")
}

const line = ({ name, subject, problem }: Check): string =>
  problem === undefined ? `✓ ${name} of ${subject}` : `✗ ${name} of ${subject}: ${visible(problem)}`
