import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from "node:crypto"
import { fail } from "../errors/catalogue.js"
import { fields, parseJson } from "../text/json.js"
import type { PlanCounts } from "./changes.js"

/** What a plan was made of, so that nothing else is applied than what was reviewed. */
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
  /** The state that it starts from; empty and -1 where there was none yet. */
  lineage: string
  serial: number
  counts: PlanCounts
  /** The run that made it, and when, RFC 3339. */
  run: string
  createdAt: string
}

/** A plan with what it was made of. */
export interface SealedPlan {
  about: PlanAbout
  /** The tool's own file. */
  plan: Buffer
}

/** As it lies in a file: what it was made of can be read by all, and changed by nobody without the key. */
interface Envelope {
  about: PlanAbout
  salt: string
  nonce: string
  /** AES-256-GCM, with the tag at its end. */
  data: string
}

const CIPHER = "aes-256-gcm"
const TAG_BYTES = 16
const SALT_BYTES = 16
const NONCE_BYTES = 12

/** Encrypts a plan: the tool's file holds secrets in plain text. Fails with NO_PLAN_KEY. */
export function seal({ about, plan }: SealedPlan, key: string): string {
  if (key === "") throw fail("NO_PLAN_KEY", [])
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)]
  const cipher = createCipheriv(CIPHER, derived(key, salt), nonce).setAAD(associated(about))
  const data = Buffer.concat([cipher.update(plan), cipher.final(), cipher.getAuthTag()])
  const encoded = {
    salt: salt.toString("base64"),
    nonce: nonce.toString("base64"),
    data: data.toString("base64"),
  }
  return `${JSON.stringify({ about, ...encoded } satisfies Envelope)}\n`
}

/**
 * Decrypts it. Fails with PLAN_FILE for what isn't one, with PLAN_KEY for another key and for a changed file, and with
 * NO_PLAN_KEY.
 */
export function unseal(text: string, key: string): SealedPlan {
  if (key === "") throw fail("NO_PLAN_KEY", [])
  const { about, salt, nonce, data } = envelope(text)
  const bytes = Buffer.from(data, "base64")
  try {
    const decipher = createDecipheriv(
      CIPHER,
      derived(key, Buffer.from(salt, "base64")),
      Buffer.from(nonce, "base64"),
      { authTagLength: TAG_BYTES },
    )
    decipher.setAAD(associated(about)).setAuthTag(bytes.subarray(-TAG_BYTES))
    return { about, plan: Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]) }
  } catch (cause) {
    throw fail("PLAN_KEY", [], { cause })
  }
}

function envelope(text: string): Envelope {
  const value = fields(parseJson(text))
  const { schema, environment, root } = fields(value["about"])
  const holds = schema === 1 && typeof environment === "string" && typeof root === "string"
  if (holds && isBase64(value["salt"], SALT_BYTES) && isBase64(value["nonce"], NONCE_BYTES))
    if (isBase64(value["data"])) return value as unknown as Envelope
  throw fail("PLAN_FILE", [text.slice(0, 40)])
}

/** True for a text that is the only one for its bytes: what nobody changed unseen. */
function isBase64(text: unknown, length?: number): boolean {
  if (typeof text !== "string") return false
  const bytes = Buffer.from(text, "base64")
  const fits = length === undefined ? bytes.length >= TAG_BYTES : bytes.length === length
  return fits && bytes.toString("base64") === text
}

/** Slow on purpose: what a person chose as a key is not to be guessed. */
const derived = (key: string, salt: Buffer): Buffer => scryptSync(key, salt, 32)

const associated = (about: PlanAbout): Buffer => Buffer.from(JSON.stringify(about))

/** SHA-256 in hex. */
export const sha256 = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex")

/** What a plan would have to meet where it is applied. */
export type PlanPlace = Pick<PlanAbout, "sha" | "lock" | "lineage" | "serial">

/** What is no longer as it was when the plan was made, each in words. */
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

/** A state's identity, from `state pull`; what is empty is no state yet. Fails with STATE_UNREADABLE. */
export function stateIdentity(text: string): Pick<PlanAbout, "lineage" | "serial"> {
  if (text.trim() === "") return { lineage: "", serial: -1 }
  const state = parseJson(text)
  if (state === undefined) throw fail("STATE_UNREADABLE", ["it is no JSON"])
  const { lineage, serial } = fields(state)
  const counts = Number.isSafeInteger(serial) && Number(serial) >= 0
  if (typeof lineage !== "string" || !counts) throw fail("STATE_UNREADABLE", ["it has no lineage and serial"])
  return { lineage, serial: Number(serial) }
}
