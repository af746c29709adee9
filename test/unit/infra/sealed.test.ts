import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption"
import { describe, expect, it, test } from "vitest"
import { fail, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import {
  outdated,
  type PlanAbout,
  seal,
  sha256,
  stateIdentity,
  unseal,
} from "../../../src/lib/infra/sealed.js"

const ABOUT: PlanAbout = {
  schema: 1,
  environment: "staging",
  root: "infra/azure",
  sha: "0123456789abcdef",
  tool: "Terraform 1.5.7",
  lock: "2f1d",
  lineage: "5cbf",
  serial: 7,
  counts: { create: 1, update: 0, replace: 0, delete: 2 } as unknown as PlanAbout["counts"],
  run: "run-1",
  createdAt: "2026-03-01T12:00:00Z",
}
/** Contains a line break and a byte that is invalid UTF-8. */
const PLAN = Buffer.concat([Buffer.from("PK\u0003\u0004\na plan, with a s3cret\n"), Buffer.from([0xff])])
const PASSPHRASE = "correct horse"
// An age key needs no slow derivation: properties of every key are tested with one.
const KEY = await generateX25519Identity()
const RECIPIENT = await identityToRecipient(KEY)
const sealed = await seal({ about: ABOUT, plan: PLAN }, KEY)
const locked = await seal({ about: ABOUT, plan: PLAN }, PASSPHRASE)

/** Code of the error that a promise is rejected with; "none" if it isn't. */
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: unknown) => (error instanceof SlipwayError ? error.code : String(error)),
  )

const codes = async (texts: readonly string[], key = KEY): Promise<string[]> => [
  ...new Set(await Promise.all(texts.map((text) => codeOf(unseal(text, key))))),
]

/** File that age encrypts for KEY, with any content. */
async function ageFile(content: string | Uint8Array): Promise<string> {
  const encrypter = new Encrypter()
  encrypter.addRecipient(RECIPIENT)
  return armor.encode(await encrypter.encrypt(content))
}

/** Every step-th index, and the last one. */
const sampled = (length: number, step: number): number[] => [
  ...Array.from({ length: Math.floor(length / step) }, (_, index) => index * step),
  length - 1,
]

const withAbout = (about: object): Promise<string> => ageFile(`${JSON.stringify(about)}\nPK`)

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8")

describe("seal", () => {
  test.each([
    ["a passphrase, read from a file with a line break", locked, `${PASSPHRASE}\n`],
    ["an age identity", sealed, KEY],
    ["the file that age-keygen writes", sealed, `# created: today\n# public key: ${RECIPIENT}\n${KEY}\n`],
  ])("makes a file that opens with %s", async (_, text, key) => {
    expect(await unseal(text, key)).toEqual({ about: ABOUT, plan: PLAN })
    expect(text).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/)
    expect(text).not.toContain("staging")
    expect(text).not.toContain(Buffer.from("s3cret").toString("base64").slice(0, 6))
  })

  it("encrypts for a recipient, whose identity alone opens the file", async () => {
    const text = await seal({ about: ABOUT, plan: PLAN }, `${RECIPIENT}\n`)
    expect(await unseal(text, KEY)).toEqual({ about: ABOUT, plan: PLAN })
    expect(await codes([text], RECIPIENT)).toEqual(["UNUSABLE_PLAN_KEY"])
    expect(await codes([text], PASSPHRASE)).toEqual(["PLAN_KEY"])
  })

  it("writes the origin as a line before the tool's file", async () => {
    const decrypter = new Decrypter()
    decrypter.addIdentity(KEY)
    const content = Buffer.from(await decrypter.decrypt(armor.decode(sealed)))
    expect(content.equals(Buffer.concat([Buffer.from(`${JSON.stringify(ABOUT)}\n`), PLAN]))).toBe(true)
  })

  it("creates a different file each time", async () => {
    expect(await seal({ about: ABOUT, plan: PLAN }, KEY)).not.toBe(sealed)
  })

  it("accepts an empty plan, and one of a megabyte", async () => {
    for (const plan of [Buffer.alloc(0), Buffer.alloc(1_000_000, 7)])
      expect((await unseal(await seal({ about: ABOUT, plan }, KEY), KEY)).plan.equals(plan)).toBe(true)
  })

  test.each([
    ["that is empty", "NO_PLAN_KEY", ""],
    ["that is a line break", "NO_PLAN_KEY", "\n"],
    ["that is an identity cut off", "UNUSABLE_PLAN_KEY", KEY.slice(0, -1)],
    ["that is a recipient cut off", "UNUSABLE_PLAN_KEY", RECIPIENT.slice(0, -1)],
  ])("fails for a key %s, without quoting it", async (_, code, key) => {
    const error: unknown = await seal({ about: ABOUT, plan: PLAN }, key).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code })
    expect((error as Error).cause).toBeUndefined()
    if (key.length > 1) expect(String(error)).not.toContain(key)
    expect(await codes([sealed], key)).toEqual([code])
  })
})

describe("unseal", () => {
  it("fails for another key", async () => {
    expect(await codes([sealed], await generateX25519Identity())).toEqual(["PLAN_KEY"])
    expect(await codes([sealed], PASSPHRASE)).toEqual(["PLAN_KEY"])
    expect(await codes([locked], KEY)).toEqual(["PLAN_KEY"])
    expect(await codes([locked], `${PASSPHRASE} `)).toEqual(["PLAN_KEY"])
  })

  it("fails for a file with a bit changed, wherever it is", async () => {
    const file = armor.decode(sealed)
    const changed = sampled(file.length, 7).map((index) => {
      const copy = Buffer.from(file)
      copy[index] = copy.readUInt8(index) ^ (1 << (index % 8))
      return armor.encode(copy)
    })
    expect(await codes(changed)).toEqual(["PLAN_KEY"])
  })

  it("fails for a file with a character changed, wherever it is", async () => {
    const changed = sampled(sealed.trimEnd().length, 11).map((index) => {
      const character = String.fromCharCode(sealed.charCodeAt(index) ^ (1 << (index % 7)))
      return sealed.slice(0, index) + character + sealed.slice(index + 1)
    })
    expect((await codes(changed)).sort()).toEqual(["PLAN_FILE", "PLAN_KEY"])
  })

  it("fails for a file that is cut off or longer", async () => {
    const file = armor.decode(sealed)
    const changed = [
      file.subarray(0, -1),
      file.subarray(0, -PLAN.length),
      Buffer.concat([file, Buffer.of(0)]),
    ]
    expect(await codes(changed.map((bytes) => armor.encode(bytes)))).toEqual(["PLAN_KEY"])
  })

  it("fails for the origin of one file with the plan of another", async () => {
    const other = armor.decode(
      await seal({ about: { ...ABOUT, environment: "production" }, plan: PLAN }, KEY),
    )
    const file = armor.decode(sealed)
    const end = Buffer.from(file).indexOf("\n--- ")
    const mixed = Buffer.concat([file.subarray(0, end), other.subarray(Buffer.from(other).indexOf("\n--- "))])
    expect(await codes([armor.encode(mixed)])).toEqual(["PLAN_KEY"])
  })

  test.each<[what: string, text: string | Promise<string>]>([
    ["nothing", ""],
    ["null", "null"],
    ["a plan of the tool's own", "PK\u0003\u0004"],
    ["a plan in the former format", '{"about":{"schema":1},"salt":"","nonce":"","data":""}\n'],
    ["half of one", sealed.slice(0, sealed.length / 2)],
    ["one without its last line", sealed.trimEnd().split("\n").slice(0, -1).join("\n")],
    ["a file of age without anything", ageFile("")],
    ["a file of age with another text", ageFile("a letter\n")],
    ["an origin without a plan's line", ageFile(JSON.stringify(ABOUT))],
    ["another schema", withAbout({ ...ABOUT, schema: 2 })],
    ["a root that is a number", withAbout({ ...ABOUT, root: 7 })],
    ["a serial that is a text", withAbout({ ...ABOUT, serial: "7" })],
    ["an origin without a run", withAbout({ ...ABOUT, run: undefined })],
  ])("fails for a file that is %s", async (_, text) => {
    expect(await codes([await text])).toEqual(["PLAN_FILE"])
  })

  it("quotes nothing of a file that isn't a sealed plan: it may be the plan itself, or the key", async () => {
    for (const text of [`AGE-SECRET-KEY-1${"Q".repeat(58)}`, '{"outputs":{"password":"hunter2"}}'])
      await expect(unseal(text, KEY)).rejects.toThrow(
        new RegExp(`^not a sealed plan: it has ${text.length} characters, and is no age file\n`),
      )
  })
})

/** True if the program age is installed; its stored files are tested in any case. */
const AGE = spawnSync("age", ["--version"]).status === 0

describe("the program age", () => {
  // Made once from the output of seal: one by `age --recipient age1… --armor` (1.1.1), one by age's own Go library (1.2.1)
  // with a work factor of 10, since that of `age --passphrase` costs two seconds.
  test.each([
    ["a passphrase", "passphrase.age", PASSPHRASE],
    ["a recipient", "recipient.age", fixture("identity.txt")],
  ])("creates a file with %s that unseal opens", async (_, name, key) => {
    expect(await unseal(fixture(name), key)).toEqual({ about: ABOUT, plan: PLAN })
  })

  it.skipIf(!AGE)("opens the output of seal (skipped if age isn't installed)", () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-age-"))
    try {
      writeFileSync(join(folder, "key.txt"), KEY)
      const content = execFileSync("age", ["-d", "-i", join(folder, "key.txt")], { input: sealed })
      expect(content.equals(Buffer.concat([Buffer.from(`${JSON.stringify(ABOUT)}\n`), PLAN]))).toBe(true)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe("outdated", () => {
  const now = { sha: ABOUT.sha, lock: ABOUT.lock, lineage: ABOUT.lineage, serial: ABOUT.serial }

  test.each<[change: Partial<typeof now>, words: string[]]>([
    [{}, []],
    [{ sha: "fedc" }, ["the commit: planned on 0123456789abcdef, now fedc"]],
    [{ sha: "" }, ["the commit: planned on 0123456789abcdef, now none"]],
    [{ lock: "" }, ["the lock file .terraform.lock.hcl"]],
    [{ serial: 8 }, ["the state: planned on serial 7 of 5cbf, now serial 8 of 5cbf"]],
    [{ lineage: "x" }, ["the state: planned on serial 7 of 5cbf, now serial 7 of x"]],
    [{ lineage: "", serial: -1 }, ["the state: planned on serial 7 of 5cbf, now no state"]],
  ])("reports a change of %j", (change, words) => {
    expect(outdated(ABOUT, { ...now, ...change })).toEqual(words)
  })

  it("reports all changes at once", () => {
    expect(outdated(ABOUT, { sha: "a", lock: "b", lineage: "c", serial: 1 })).toHaveLength(3)
  })
})

describe("sha256", () => {
  it("returns the digest in hex", () => {
    expect(sha256("lock")).toBe("0c030586945fe504b604ecc2e875c38ede400cd5cd73da9730302162e6b02c6f")
  })
})

describe("stateIdentity", () => {
  it("returns lineage and serial", () => {
    expect(stateIdentity('{"version":4,"serial":0,"lineage":"5cbf"}')).toEqual({ lineage: "5cbf", serial: 0 })
    expect(stateIdentity(" \n")).toEqual({ lineage: "", serial: -1 })
  })

  test.each([
    ['{"version": 4, "ser', "it is not valid JSON"],
    ["null", "it has no lineage and serial"],
    ["[]", "it has no lineage and serial"],
    ['{"lineage":"x"}', "it has no lineage and serial"],
    ['{"lineage":"x","serial":"7"}', "it has no lineage and serial"],
    ['{"lineage":"x","serial":-1}', "it has no lineage and serial"],
    ['{"lineage":"x","serial":9007199254740993}', "it has no lineage and serial"],
  ])("fails for %s", (text, reason) => {
    expect(() => stateIdentity(text)).toThrow(fail("STATE_UNREADABLE", [reason]))
  })
})
