import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { visible } from "../../../src/lib/text/escape.js"
import type { Check, Verification } from "../../../src/lib/release/verification.js"
import { callModule, daggerWithProgress } from "../../module/call.js"
import { say } from "../../lib/progress.js"
import {
  loginArguments,
  recipientIn,
  type Recipient,
  registryArguments,
  type RegistryOptions,
  signerArguments,
  type SignerOptions,
} from "./credentials.js"
import { canLogInToAcr, whileLoggedIn } from "./acrLogin.js"
import { policyArguments } from "./policy.js"
import { reportNoVerdict } from "./runWithVerdict.js"
import { absoluteSource, originOf } from "./sourceFolder.js"

export interface VerifyOptions extends RegistryOptions, SignerOptions {
  source: string
  /** Send the user and password of the environment to a registry that slipway.yaml doesn't name. */
  login?: boolean
  /** The web address of the service's repository; by default that of git's origin. */
  origin?: string
  /** The floor: a file or a pinned address. */
  policy?: string
  json?: boolean
}

/** Verifies a published image and prints each check. Returns the exit code. */
export async function verify(reference: string, options: VerifyOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-verify-"))
  const file = join(folder, "verification.json")
  const log = join(folder, "dagger.log")
  const source = absoluteSource(options.source)
  const origin = options.origin ?? (await originOf(source))
  const recipient = recipientOf(reference, { ...options, source })
  const code = await whileLoggedIn(recipient, () => {
    const args = verifyArguments(reference, { ...options, source, origin }, recipient)
    return daggerWithProgress([...args, "export", `--path=${file}`], log)
  })
  // The log is kept if it shows the cause.
  if (code !== 0 && code !== 130) return reportNoVerdict(log)
  const written = code === 0 ? readFileSync(file, "utf8") : ""
  rmSync(folder, { recursive: true, force: true })
  if (code === 130) return code
  const verification = JSON.parse(written) as Verification
  process.stdout.write(options.json ? written : text(verification))
  return verification.exitCode
}

/** The arguments of `dagger` that verify a reference, of a source by its whole path. */
export function verifyArguments(
  reference: string,
  options: VerifyOptions,
  recipient = recipientOf(reference, options),
): string[] {
  return [
    ...callModule(options.source),
    ...originArguments(options.origin),
    ...loggingIn(registryArguments(options, recipient), recipient),
    ...signerArguments(options, false),
    ...policyArguments(options.policy),
    "verification",
    `--reference=${reference}`,
  ]
}

/** Adds the host that gets the credentials: the module sends them to no other than that of slipway.yaml by itself. */
const loggingIn = (call: string[], recipient: Recipient): string[] =>
  typeof recipient === "object" && call.some((word) => word.startsWith("--username="))
    ? [...call, `--login-host=${recipient.host}`]
    : call

/** The call that tells the module the service's own repository, which releases must come from. */
export const originArguments = (origin = ""): string[] =>
  origin === "" ? [] : ["with-commit", `--origin=${origin}`]

/** Decides who may get the environment's credentials: the author of the reference chose its host. */
function recipientOf(reference: string, { source, embedded, login }: VerifyOptions): Recipient {
  if (embedded) return "nobody"
  const { recipient, known } = recipientIn(reference, source)
  if (known || login) return recipient
  if (loginArguments(recipient).length > 0 || canLogInToAcr(recipient))
    say("no credentials are sent, since slipway.yaml doesn't name this registry; pass --login to send them")
  return "nobody"
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
