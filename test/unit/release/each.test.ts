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

/** Runs the script here, with the files that it writes in a folder of ours; returns the lines that it prints. */
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

/** What became of each command, which the script tells in a line for each. */
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

describe("each command's line", () => {
  it("has its exit code, and apart what it printed and what it complained of", () => {
    const [ran] = each(sh("echo out; echo err >&2; exit 3"))
    expect(ran && texts(ran)).toEqual([3, "out\n", "err\n"])
  })

  test.each(NASTY)("gives a command the word %j as it is", (word) => {
    expect(each(sh('printf "%s|" "$#" "$@"', word, "x")).map(texts)).toEqual([[0, `2|${word}|x|`, ""]])
    expect(existsSync(join(folder, "pwned"))).toBe(false)
  })

  it("takes the program itself from a quoted word", () => {
    expect(each(["printf", "%s", "a b"], ["no such program", "x"])).toMatchObject([
      { exitCode: 0 },
      { exitCode: 127 },
    ])
  })

  it("keeps the end of what was printed as it is", () => {
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

  it("is one line, however much was printed", () => {
    writeFileSync(join(folder, "much"), Buffer.alloc(3_000_000, "0123456789\n"))
    const [ran, next] = each(["cat", "much"], ["echo", "next"])
    expect(ran?.stdout.equals(readFileSync(join(folder, "much")))).toBe(true)
    expect(next && texts(next)).toEqual([0, "next\n", ""])
  })
})

describe("commands", () => {
  it("are run one after the other, whatever became of those before", () => {
    const codes = [0, 1, 2, 10, 124, 255].map((code) => sh(`exit ${code}`))
    const others = [["no-such-program"], ["/"], sh("kill -KILL $$"), sh("set -e; false; echo x"), ["true"]]
    expect(each(...codes, ...others).map(({ exitCode }) => exitCode)).toEqual([
      0, 1, 2, 10, 124, 255, 127, 126, 137, 1, 0,
    ])
  })

  it("leave nothing of what they printed to the next", () => {
    expect(each(sh("echo a; echo b >&2"), ["true"], ["echo", "c"]).map(texts)).toEqual([
      [0, "a\n", "b\n"],
      [0, "", ""],
      [0, "c\n", ""],
    ])
  })

  it("can't read the list of commands, nor what the script's caller says", () => {
    const reading = [["cat"], sh('read line; echo "$line"'), ["sh"]]
    expect(each(...reading, ["echo", "still there"]).map(texts)).toEqual([
      [0, "", ""],
      [0, "\n", ""],
      [0, "", ""],
      [0, "still there\n", ""],
    ])
  })

  it("change nothing for the next: no folder, no variable, no end", () => {
    const list = ["cd /", "X=1", "exit 7", "exec false", 'echo "${X-none}"; pwd -P']
    const ran = run(`${list.join("\n")}\n`).map(read)
    expect(ran.map(({ exitCode }) => exitCode)).toEqual([0, 0, 7, 1, 0])
    expect(ran.at(-1)?.stdout.toString()).toMatch(/^none\n.*slipway-each-/)
  })

  it("are told apart by lines alone: what isn't a command fails by itself", () => {
    const ran = run("echo 'open\necho a\\b\n\necho last\n").map(read)
    expect(ran.map(({ exitCode }) => exitCode === 0)).toEqual([false, true, true, true])
    expect(ran.map(({ stdout }) => stdout.toString())).toEqual(["", "ab\n", "", "last\n"])
  })

  it("keep the spaces at their ends", () => {
    const [ran] = run("  printf '%s|' a b\\ \n").map(read)
    expect(ran && texts(ran)).toEqual([0, "a|b |", ""])
  })

  it("don't need a last line's end", () => {
    expect(run("echo a\necho b").map(read).map(texts)).toEqual([
      [0, "a\n", ""],
      [0, "b\n", ""],
    ])
  })

  it("may be none", () => {
    expect(run("")).toEqual([])
  })
})
