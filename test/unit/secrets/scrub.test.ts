import { describe, expect, it } from "vitest"
import { scrub } from "../../../src/lib/secrets/scrub.js"

/** Numbers that look random and repeat. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const next = randomNumbers(20261201)
const ALPHABET = [..."abcdefghijkXYZ0123456789-_+/=.:@!\"'\\&<>%#$ éß😀"]
const made = (length: number): string =>
  `S${Array.from({ length }, () => ALPHABET[next(ALPHABET.length)] ?? "").join("")}9`

const KEY = `-----BEGIN PRIVATE KEY-----\n${[1, 2, 3].map((n) => Buffer.from(`${n} key material `.repeat(3)).toString("base64").slice(0, 64)).join("\n")}\n-----END PRIVATE KEY-----`

const SECRETS: readonly string[] = [
  "hunter2hunter2",
  "postgres://shop:p%40ss@db.internal:5432/shop?sslmode=require",
  "https://hooks.example.com/services/T000/B000/XXXXXXXXXXXX",
  "correct horse battery staple",
  'p&ss "w/rd" +1',
  "phr&se <1> 'quoted'\\",
  "C:\\new\\table\\xa9",
  "ghp_0123456789abcdefABCDEF",
  "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
  KEY,
  ...Array.from({ length: 20 }, (_, index) => made(8 + index * 2)),
]

const base64 = (text: string) => Buffer.from(text).toString("base64")
const hex = (text: string) => Buffer.from(text).toString("hex")
const json = (text: string) => JSON.stringify(text)
const html = (text: string) =>
  text.replace(
    /[&<>"'=]/g,
    (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[char] ?? `&#${char.charCodeAt(0)};`,
  )
const ascii = (text: string) =>
  json(text).replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)

const ENCODINGS: Record<string, (text: string) => string> = {
  plain: (text) => text,
  base64,
  base64url: (text) => Buffer.from(text).toString("base64url"),
  "base64 behind other text": (text) => base64(`user:${text};x`),
  "base64 twice": (text) => base64(base64(text)),
  "base64 of base64 behind other text": (text) => base64(`k: ${base64(`ab${text}c`)}\n`),
  "base64 of UTF-16, as PowerShell takes it": (text) => Buffer.from(text, "utf16le").toString("base64"),
  "URL-encoded": encodeURIComponent,
  "URL-encoded as a form": (text) => new URLSearchParams([["a", text]]).toString(),
  "URL-encoded twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  "URL-encoded base64": (text) => encodeURIComponent(base64(text)),
  "base64 of a URL-encoded text": (text) => base64(encodeURIComponent(text)),
  hexadecimal: hex,
  "hexadecimal in capitals": (text) => hex(text).toUpperCase(),
  "hexadecimal with colons": (text) => hex(text).replace(/..(?=.)/g, "$&:"),
  "hexadecimal in a list": (text) => hex(text).replace(/../g, "0x$&, "),
  "hexadecimal in a shell": (text) => hex(text).replace(/../g, "\\x$&"),
  "hexadecimal twice": (text) => hex(hex(text)),
  "hexadecimal of base64": (text) => hex(base64(text)),
  "base64 of hexadecimal": (text) => base64(hex(text)),
  JSON: json,
  "JSON in ASCII": ascii,
  "JSON in JSON": (text) => json(json(text)),
  "JSON in JSON in ASCII": (text) => ascii(ascii(text)),
  "JSON in JSON in JSON": (text) => json(json(json({ a: text } as unknown as string))),
  "JSON in a URL": (text) => encodeURIComponent(json(text)),
  "JSON in base64": (text) => base64(json({ password: text } as unknown as string)),
  "base64 in JSON in base64": (text) => base64(json({ auth: base64(`robot:${text}`) } as unknown as string)),
  HTML: html,
  "HTML twice": (text) => html(html(text)),
  "JSON in HTML": (text) => html(json(text)),
}

const wrapped = (width: number, between: string) => (text: string) =>
  [...text].map((char, index) => (index > 0 && index % width === 0 ? between + char : char)).join("")

const WRAPS: Record<string, (text: string) => string> = {
  "on one line": (text) => text,
  "wrapped at 7": wrapped(7, "\n"),
  "wrapped at 76 with CR LF": wrapped(76, "\r\n"),
  "wrapped and indented": wrapped(20, "\n        "),
  "wrapped in a box of Terraform": wrapped(11, "\n│   "),
  "wrapped and quoted": wrapped(16, "\n> | "),
}

/** What a reader could take a secret from: what is left, without white space. */
const bareText = (text: string) => text.replace(/[\s│>|]/g, "")

describe("scrub", () => {
  it.each(Object.entries(ENCODINGS))("removes %s, however it is wrapped", (_, encode) => {
    for (const [name, wrap] of Object.entries(WRAPS)) {
      const encoded = SECRETS.map(encode)
      const clean = scrub(encoded.map((each) => `{[${wrap(each)}]}`).join("\n"), SECRETS)
      const parts = [...clean.matchAll(/\{\[(.*?)\]\}/gs)].map(([, part = ""]) => part)
      expect(parts).toHaveLength(SECRETS.length)
      for (const [index, secret] of SECRETS.entries()) {
        const [part = "", before = ""] = [parts[index], encoded[index]]
        const about = `${JSON.stringify(secret)} ${name}: ${part}`
        expect(part, about).toContain("***")
        expect(part, about).not.toContain(secret.slice(1, -1))
        // Quotes, padding and what stands beside the secret in the encoding are left.
        const left = bareText(part).replaceAll("***", "").length
        expect(left, about).toBeLessThan(bareText(before).length - bareText(secret).length / 2)
      }
    }
  })

  it("keeps text without a secret as it is, byte for byte", () => {
    const text = `${'The quick brown fox — jumps 50% of dogs\t\\n {"a": "\\u00e9"} %41 &amp; 0xde 😀 \uD800\n'.repeat(2000)}${base64("nothing of it").repeat(50)}`
    expect(scrub(text, SECRETS)).toBe(text)
  })

  it("keeps what stands around secrets", () => {
    for (const secret of SECRETS)
      expect(scrub(`é😀 ${secret} |é😀| ${secret} 😀é`, [secret])).toBe("é😀 *** |é😀| *** 😀é")
  })

  it("takes short secrets for words of their own only: four letters across a space are none", () => {
    expect(scrub("te st te\nst test", ["test"])).toBe("te st te\nst ***")
    expect(scrub("abcd efgh abcd\n  efgh", ["abcdefgh"])).toBe("*** ***")
  })

  it("finds secrets across the pieces that a long text is searched in", () => {
    const secret = "across-the-border"
    for (const before of [2 ** 20 - 20, 2 ** 20 - 5, 2 ** 20 + 4300]) {
      const clean = scrub(`${"é".repeat(before)} ${base64(base64(secret))} ${"x".repeat(10_000)}`, [secret])
      expect(clean.slice(before - 2, before + 20), String(before)).toMatch(/^éé ?\*\*\*/)
    }
  })

  it("takes linear time for texts that look encoded, escaped and wrapped all over", () => {
    const took = (text: string) => {
      const before = process.cpuUsage()
      scrub(text, SECRETS)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1000
    }
    for (const part of ["aGVsbG8g", "%25", "\\\\", "&amp;", "0x61,", "S\n", "\\u00", "Q\n| "]) {
      const [short, long] = [took(part.repeat(20_000)), took(part.repeat(80_000))]
      expect(long, part).toBeLessThan(Math.max(10 * short, 3000))
    }
  }, 120_000)
})
