import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it, test } from "vitest"
import { completion, SHELLS } from "../../../dagger/cli/program/completion.js"
import { EXAMPLES } from "../../../dagger/cli/program/examples.js"
import { slipway } from "../../../dagger/cli/program/command.js"
import { nodesOf, treeOf } from "../../../dagger/cli/options/commandTree.js"
import { REPOSITORY } from "../../../dagger/lib/home.js"

/** The program with actions that only record which command was called. */
function inert() {
  const program = slipway()
  let called = ""
  for (const { path, command } of nodesOf(treeOf(program)))
    if (EXAMPLES[path] !== undefined)
      command.configureOutput({ writeErr: () => undefined }).action(() => {
        called = path
      })
  return {
    parse: async (words: string[]) => {
      called = ""
      await program.configureOutput({ writeErr: () => undefined }).parseAsync(words, { from: "user" })
      return called
    },
  }
}

const words = (line: string): string[] => (line.split(" > ")[0] ?? "").split(" ")

describe("the commands", () => {
  const nodes = nodesOf(treeOf(slipway())).filter(({ path }) => path !== "")

  it("each have a description that begins in lower case, and options with descriptions", () => {
    for (const { path, description, command } of nodes) {
      expect(description, path).toMatch(/^(?:[a-z]|Kubernetes|Dagger)/)
      for (const { long, description } of command.options)
        expect(description, `${path} ${long ?? ""}`).not.toBe("")
    }
  })

  it("each have examples that call that command", async () => {
    const { parse } = inert()
    const without = nodes.filter(({ path, children }) => children.length === 0 && !EXAMPLES[path])
    expect(without.map(({ path }) => `dagger/cli/program/examples.ts lacks ${path}`)).toEqual([])
    for (const [path, examples] of Object.entries(EXAMPLES))
      for (const example of examples) expect(await parse(words(example)), example).toBe(path)
  })

  it("show examples and groups in their help", () => {
    const program = slipway()
    expect(program.helpInformation()).toMatch(/^The pipeline:\n {2}ci [^]*^This machine:\n {2}doctor/m)
    const plan = program.commands.find((command) => command.name() === "plan")
    let help = ""
    plan?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
    expect(help).toMatch(/^Examples:\n {2}slipway plan --event push --ref refs\/heads\/feature\/x$/m)
  })

  test.each([
    [["debug", "bogus"], /unknown stage "bogus"[^]*choose one of black, [^]*UNKNOWN_STAGE/],
    [["ci", "--event", "Push"], /unknown event "Push"[^]*UNKNOWN_EVENT/],
    [["deploy", "--tag=x", "--environment=prod"], /unknown environment "prod"[^]*UNKNOWN_ENVIRONMENT/],
    [["completion", "tcsh"], /UNKNOWN_SHELL/],
    [["bogus"], /unknown command 'bogus'/],
    [["ci", "--bogus"], /unknown option '--bogus'/],
    [["engine", "bogus"], /unknown command 'bogus'/],
    [["debug"], /missing required argument 'stage'/],
    [["mypy"], /unknown command 'mypy'/],
  ])("refuse %j", async (args, message) => {
    await expect(inert().parse(args)).rejects.toThrow(message)
  })
})

const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe("completion in bash", () => {
  const script = join(scratch, "slipway.bash")
  writeFileSync(script, completion(slipway(), "bash"))
  mkdirSync(join(scratch, "folder"))
  writeFileSync(join(scratch, "file"), "")

  /** The words that bash offers for a line whose last word is being typed. */
  const offered = (line: string): string[] => {
    const typed = line.split(" ")
    const program = `source "$0"
      compopt() { :; }
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slipway; printf '%s\\n' "\${COMPREPLY[@]}"`
    const out = execFileSync("bash", ["-uc", program, script, ...typed], { encoding: "utf8", cwd: scratch })
    return out.split("\n").filter((word) => word !== "")
  }

  test.each([
    ["slipway pl", ["plan"]],
    ["slipway inf", ["infra"]],
    ["slipway infra ", expect.arrayContaining(["plan", "drift", "apply", "--json"])],
    ["slipway infra plan --det", ["--detailed-exitcode"]],
    ["slipway infra --out x apply --pl", ["--plan"]],
    ["slipway plan --event pu", ["push", "pull_request"]],
    ["slipway ci --job ", ["checks", "delivery", "preview"]],
    ["slipway debug my", ["mypy"]],
    ["slipway debug mypy --se", ["--service", "--secret"]],
    ["slipway ci --source f", ["folder"]],
    ["slipway verify --key f", []],
    ["slipway completion ", expect.arrayContaining([...SHELLS])],
    ["slipway forw", []],
    ["slipway ci --bogus", []],
  ])("%s", (line, words) => {
    expect(offered(line)).toEqual(words)
  })

  it("offers every visible command, and no hidden one", () => {
    for (const { path, children } of nodesOf(treeOf(slipway())))
      expect(offered(`slipway ${path === "" ? "" : `${path} `}`)).toEqual(
        expect.arrayContaining([...children.map(({ command }) => command.name()), "--help"]),
      )
    expect(offered("slipway ")).not.toContain("mirror")
  })
})

it("completion quotes descriptions in every shell", () => {
  const program = slipway()
  program.command("odd").description("it's $HOME `id` a:b \\")
  execFileSync("bash", ["-n"], { input: completion(program, "bash") })
  expect(completion(program, "zsh")).toContain("'odd:it'\\''s $HOME `id` a:b \\'")
  expect(completion(program, "fish")).toContain("-a odd -d 'it\\'s $HOME `id` a:b \\\\'")
})

it("--help exits without an error if its reader closes the pipe early", () => {
  const script = `set -o pipefail; node "${join(REPOSITORY, "dagger/slipway.js")}" ci --help | head -c1`
  const { status, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" })
  expect(stderr).toBe("")
  expect(status).toBe(0)
})
