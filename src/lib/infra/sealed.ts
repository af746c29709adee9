import { createHash } from "node:crypto"
import { fail } from "../errors/catalogue.js"
import { fields, parseJson } from "../text/json.js"
import type { PlanCounts } from "./changes.js"

/** Origin of a plan, by which an apply checks that it is the reviewed one. */
export interface PlanAbout {
  schema: 1
  environment: string
  root: string
  /** The commit. */
  sha: string
  /** The tool and its version. */
  tool: string
  /** SHA-256 of the root's lock file; empty without one. */
  lock: string
  /** The state that it starts from; empty and -1 if there was none. */
  lineage: string
  serial: number
  counts: PlanCounts
  /** The run that made it, and the time, RFC 3339. */
  run: string
  createdAt: string
}

/** A plan with its origin. */
export interface SealedPlan {
  about: PlanAbout
  /** The tool's own file. */
  plan: Buffer
}

/**
 * Base-2 logarithm of scrypt's work factor for a passphrase: 64 MiB and some 0.3 s for each guess.
 *
 * `age` itself uses 18 (256 MiB), too much for a run that seals many plans at once. A plan key should be random, and
 * then the work factor doesn't matter.
 */
const WORK_FACTOR = 16

const NEWLINE = 0x0a

/** Line of `age-keygen`'s file, or the identity alone. */
const IDENTITY = /^AGE-SECRET-KEY-\S+$/m
const RECIPIENT = /^age1\S+$/

type PlanKey = Record<"identity" | "recipient" | "passphrase", string | undefined>

/**
 * Encrypts a plan, since the tool's file holds secrets in plain text.
 *
 * The result is an armored age file: `age -d` opens it. Its content is the origin as one line of JSON, then the
 * tool's file, byte for byte; age authenticates both together. The key is a passphrase, an age identity (`AGE-SECRET-KEY-1…`)
 * or an age recipient (`age1…`), which can only encrypt. Fails with NO_PLAN_KEY and UNUSABLE_PLAN_KEY.
 */
export const seal = ({ about, plan }: SealedPlan, key: string): Promise<string> =>
  encrypted(Buffer.concat([Buffer.from(`${JSON.stringify(about)}\n`), plan]), key)

/** Encrypts a file with a plan's key as an armored age file. Fails with NO_PLAN_KEY and UNUSABLE_PLAN_KEY. */
export async function encrypted(content: Buffer, key: string): Promise<string> {
  const { identity, recipient, passphrase } = planKey(key)
  const { armor, Encrypter, identityToRecipient } = await age()
  const encrypter = new Encrypter()
  encrypter.setScryptWorkFactor(WORK_FACTOR)
  if (passphrase !== undefined) encrypter.setPassphrase(passphrase)
  else
    await usable(async () =>
      encrypter.addRecipient(
        identity === undefined ? (recipient ?? "") : await identityToRecipient(identity),
      ),
    )
  return armor.encode(await encrypter.encrypt(content))
}

/**
 * Decrypts a sealed plan.
 *
 * Fails with PLAN_FILE for a file that isn't one, with PLAN_KEY for another key or a changed file, and with NO_PLAN_KEY
 * and UNUSABLE_PLAN_KEY.
 */
export async function unseal(text: string, key: string): Promise<SealedPlan> {
  const { identity, recipient, passphrase } = planKey(key)
  if (recipient !== undefined) throw fail("UNUSABLE_PLAN_KEY", ["an age recipient can only encrypt"])
  const { Decrypter } = await age()
  const decrypter = new Decrypter()
  if (passphrase !== undefined) decrypter.addPassphrase(passphrase)
  else await usable(() => decrypter.addIdentity(identity ?? ""))
  const file = await dearmored(text)
  const content = await decrypter.decrypt(file).catch((cause: unknown) => {
    throw fail("PLAN_KEY", [], { cause })
  })
  return opened(Buffer.from(content))
}

/** Loads the library only to seal or unseal a plan: every call of the module would pay for it otherwise. */
const age = () => import("age-encryption")

/** Parses a key: an age key or a passphrase. A trailing line break is part of the file, not of the passphrase. */
function planKey(text: string): PlanKey {
  const identity = IDENTITY.exec(text)?.[0]
  const recipient = RECIPIENT.exec(text.trim())?.[0]
  const passphrase =
    identity === undefined && recipient === undefined ? text.replace(/\r?\n$/, "") : undefined
  if (passphrase === "") throw fail("NO_PLAN_KEY", [])
  return { identity, recipient, passphrase }
}

/** Runs a function that takes an age key, and replaces the library's error, which would quote the key. */
async function usable(work: () => unknown): Promise<void> {
  try {
    await work()
  } catch {
    throw fail("UNUSABLE_PLAN_KEY", ["it looks like an age key, but has a mistake in it"])
  }
}

async function dearmored(text: string): Promise<Uint8Array> {
  const { armor } = await age()
  try {
    return armor.decode(text)
  } catch (cause) {
    throw fail("PLAN_FILE", [`it has ${text.length} characters, and is no age file`], { cause })
  }
}

/** Parses the decrypted content. With a public recipient anybody may have made it. */
function opened(content: Buffer): SealedPlan {
  const end = content.indexOf(NEWLINE)
  const about = fields(parseJson(content.toString("utf8", 0, Math.max(end, 0))))
  if (!isAbout(about)) throw fail("PLAN_FILE", ["an age file of something else"])
  return { about: about as unknown as PlanAbout, plan: content.subarray(end + 1) }
}

const TEXTS = ["environment", "root", "sha", "tool", "lock", "lineage", "run", "createdAt"] as const

const isAbout = (about: Record<string, unknown>): boolean =>
  about["schema"] === 1 &&
  Number.isSafeInteger(about["serial"]) &&
  TEXTS.every((name) => typeof about[name] === "string")

/** SHA-256 in hex. */
export const sha256 = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex")

/** Parts of a plan's origin that must be the same at the time of the apply. */
export type PlanPlace = Pick<PlanAbout, "sha" | "lock" | "lineage" | "serial">

/** Differences between a plan's origin and the present, each as a phrase. */
export function outdated(about: PlanAbout, now: PlanPlace): string[] {
  const state = (lineage: string, serial: number) =>
    serial < 0 ? "no state" : `serial ${serial} of ${lineage}`
  return [
    ...(about.sha === now.sha
      ? []
      : [`the commit: planned on ${about.sha || "none"}, now ${now.sha || "none"}`]),
    ...(about.lock === now.lock ? [] : ["the lock file .terraform.lock.hcl"]),
    ...(about.lineage === now.lineage && about.serial === now.serial
      ? []
      : [
          `the state: planned on ${state(about.lineage, about.serial)}, now ${state(now.lineage, now.serial)}`,
        ]),
  ]
}

/**
 * Identity of a state, from the output of `state pull`; empty output means no state yet. Fails with STATE_UNREADABLE.
 */
export function stateIdentity(text: string): Pick<PlanAbout, "lineage" | "serial"> {
  if (text.trim() === "") return { lineage: "", serial: -1 }
  const state = parseJson(text)
  if (state === undefined) throw fail("STATE_UNREADABLE", ["it is not valid JSON"])
  const { lineage, serial } = fields(state)
  const counts = Number.isSafeInteger(serial) && Number(serial) >= 0
  if (typeof lineage !== "string" || !counts) throw fail("STATE_UNREADABLE", ["it has no lineage and serial"])
  return { lineage, serial: Number(serial) }
}
