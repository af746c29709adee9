import { execFileSync } from "node:child_process"
import { expect, it } from "vitest"
import { shellQuote } from "../../../src/lib/text/shellQuote.js"

it("shellQuote leaves plain words unchanged", () => {
  expect(shellQuote(["dagger", "call", "--source=./a_b", "x:1,2+3@4%"])).toBe(
    "dagger call --source=./a_b x:1,2+3@4%",
  )
})

it("shellQuote is read back by a shell unchanged", () => {
  const words = ["", "a b", "it's", '"q"', "$HOME", "`id`", "a\nb", "*", "~", "\\", "ä", "!", "-x", ";", "#"]
  const script = `printf '%s\\0' ${shellQuote(words)}`
  expect(execFileSync("sh", ["-c", script]).toString().split("\0").slice(0, -1)).toEqual(words)
})
