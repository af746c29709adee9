import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, it, test } from "vitest"
import { shellQuote } from "../../../src/lib/text/shellQuote.js"

const SCRIPT = fileURLToPath(new URL("../../../src/scripts/slipway_each.sh", import.meta.url))

let folder = ""
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "slipway-each-"))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the script locally, with its files in a temporary folder; returns its lines of output. */
function run(list: string): string[] {
  const [script, commands] = [join(folder, "each.sh"), join(folder, "commands")]
  mkdirSync(join(folder, "tmp"), { recursive: true })
  writeFileSync(script, readFileSync(SCRIPT, "utf8").replaceAll("/tmp/", `${folder}/tmp/`))
  writeFileSync(commands, list)
  const { status, stdout, stderr } = spawnSync("sh", [script, commands], {
    cwd: folder,
    encoding: "utf8",
    input: "what the script's caller says\n",
    maxBuffer: 64 * 1024 * 1024,
  })
  expect(stderr.replace(/^.*Killed.*$/gm, "").trim()).toBe("")
  expect(status).toBe(0)
  return stdout.split("\n").slice(0, -1)
}

interface Ran {
  exitCode: number
  stdout: Buffer
  stderr: Buffer
}

/** Returns the result of each command, from its line of output. */
const each = (...commands: string[][]): Ran[] =>
  run(commands.map((command) => `${shellQuote(command)}\n`).join("")).map(read)

function read(line: string): Ran {
  const [, exitCode = "", stdout = "", stderr = ""] = /^(\d+) ([\w+/=]*):([\w+/=]*)$/.exec(line) ?? []
  expect(exitCode, line).not.toBe("")
  const decoded = (text: string) => Buffer.from(text, "base64")
  return { exitCode: Number(exitCode), stdout: decoded(stdout), stderr: decoded(stderr) }
}

const sh = (script: string, ...args: string[]): string[] => ["sh", "-c", script, "-", ...args]

const texts = ({ exitCode, stdout, stderr }: Ran): [number, string, string] => [
  exitCode,
  stdout.toString(),
  stderr.toString(),
]

const NASTY = [
  "it's",
  '"quoted"',
  "back\\slash \\n",
  "$HOME ${HOME} $(id) `id`",
  "a; touch pwned",
  "a && touch pwned | touch pwned > pwned",
  "*",
  " two  spaces ",
  "",
  "#",
  "-n",
  "ü → 💥",
  "tab\tcr\r",
  "%s\\c",
]

describe("slipway_each.sh prints for each command a line that", () => {
  it("has its exit code, stdout and stderr", () => {
    const [ran] = each(sh("echo out; echo err >&2; exit 3"))
    expect(ran && texts(ran)).toEqual([3, "out\n", "err\n"])
  })

  test.each(NASTY)("shows that the word %j is passed unchanged", (word) => {
    expect(each(sh('printf "%s|" "$#" "$@"', word, "x")).map(texts)).toEqual([[0, `2|${word}|x|`, ""]])
    expect(existsSync(join(folder, "pwned"))).toBe(false)
  })

  it("has the exit code of a quoted program", () => {
    expect(each(["printf", "%s", "a b"], ["no such program", "x"])).toMatchObject([
      { exitCode: 0 },
      { exitCode: 127 },
    ])
  })

  it("keeps the end of the output unchanged", () => {
    const outputs = ["a", "a\n", "a\n\n", "\n", "", " ", "a \n"]
    const ran = each(...outputs.map((text) => ["printf", text.replaceAll("\n", "\\n")]))
    expect(ran.map(({ stdout }) => stdout.toString())).toEqual(outputs)
  })

  it("keeps every byte", () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    writeFileSync(join(folder, "bytes"), bytes)
    const [ran] = each(sh("cat bytes; cat bytes bytes >&2"))
    expect(ran?.stdout.equals(bytes)).toBe(true)
    expect(ran?.stderr.equals(Buffer.concat([bytes, bytes]))).toBe(true)
  })

  it("is a single line for any amount of output", () => {
    writeFileSync(join(folder, "much"), Buffer.alloc(3_000_000, "0123456789\n"))
    const [ran, next] = each(["cat", "much"], ["echo", "next"])
    expect(ran?.stdout.equals(readFileSync(join(folder, "much")))).toBe(true)
    expect(next && texts(next)).toEqual([0, "next\n", ""])
  })
})

describe("slipway_each.sh", () => {
  it("runs commands one after the other, also after failures", () => {
    const codes = [0, 1, 2, 10, 124, 255].map((code) => sh(`exit ${code}`))
    const others = [["no-such-program"], ["/"], sh("kill -KILL $$"), sh("set -e; false; echo x"), ["true"]]
    expect(each(...codes, ...others).map(({ exitCode }) => exitCode)).toEqual([
      0, 1, 2, 10, 124, 255, 127, 126, 137, 1, 0,
    ])
  })

  it("keeps the output of commands apart", () => {
    expect(each(sh("echo a; echo b >&2"), ["true"], ["echo", "c"]).map(texts)).toEqual([
      [0, "a\n", "b\n"],
      [0, "", ""],
      [0, "c\n", ""],
    ])
  })

  it("gives commands neither the list of commands nor the caller's input", () => {
    const reading = [["cat"], sh('read line; echo "$line"'), ["sh"]]
    expect(each(...reading, ["echo", "still there"]).map(texts)).toEqual([
      [0, "", ""],
      [0, "\n", ""],
      [0, "", ""],
      [0, "still there\n", ""],
    ])
  })

  it("keeps folder, variables and exit of a command from the next", () => {
    const list = ["cd /", "X=1", "exit 7", "exec false", 'echo "${X-none}"; pwd -P']
    const ran = run(`${list.join("\n")}\n`).map(read)
    expect(ran.map(({ exitCode }) => exitCode)).toEqual([0, 0, 7, 1, 0])
    expect(ran.at(-1)?.stdout.toString()).toMatch(/^none\n.*slipway-each-/)
  })

  it("splits commands by lines, and only an invalid one fails", () => {
    const ran = run("echo 'open\necho a\\b\n\necho last\n").map(read)
    expect(ran.map(({ exitCode }) => exitCode === 0)).toEqual([false, true, true, true])
    expect(ran.map(({ stdout }) => stdout.toString())).toEqual(["", "ab\n", "", "last\n"])
  })

  it("keeps spaces at the ends of a command", () => {
    const [ran] = run("  printf '%s|' a b\\ \n").map(read)
    expect(ran && texts(ran)).toEqual([0, "a|b |", ""])
  })

  it("needs no line break after the last command", () => {
    expect(run("echo a\necho b").map(read).map(texts)).toEqual([
      [0, "a\n", ""],
      [0, "b\n", ""],
    ])
  })

  it("accepts an empty list", () => {
    expect(run("")).toEqual([])
  })
})
