import { execFileSync, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { slipway } from "../../../dagger/cli/program/command.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { CI_HOSTS } from "../../../src/lib/config/wrappers.js"
import { deployScript } from "../../../src/lib/wrappers/deployScript.js"
import { describeWrappers, PINNED } from "../../../src/lib/wrappers/description.js"
import { wrapperFiles } from "../../../src/lib/wrappers/files.js"
import { deliveryScript, script } from "../../../src/lib/wrappers/script.js"

const folder = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const write = (path: string, text: string): string => {
  const file = join(folder, path)
  mkdirSync(join(file, ".."), { recursive: true })
  writeFileSync(file, text)
  return file
}
const git = (...args: string[]) =>
  execFileSync("git", [
    "-c",
    "user.name=me",
    "-c",
    "user.email=me@example.com",
    "-C",
    join(folder, "slipway"),
    ...args,
  ])
    .toString()
    .trim()

/** A repository with a Slipway that prints its arguments and what its `dagger` prints. */
function makeSlipway(): string {
  write(
    "slipway/dagger/slipway.js",
    'console.log(process.argv.slice(2).join(" "), require("child_process").execFileSync("dagger").toString().trim())\n',
  )
  write("slipway/dagger/package.json", '{ "type": "commonjs" }\n')
  git("init", "--quiet")
  git("add", "--all")
  git("-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "Slipway")
  return git("rev-parse", "HEAD")
}

/** The archives of Dagger's downloads, at their paths; returns their digests. */
function makeArchives(): Record<string, string> {
  chmodSync(write("dagger", "#!/bin/sh\necho the pinned dagger\n"), 0o755)
  return Object.fromEntries(
    Object.keys(PINNED.digests).map((architecture) => {
      const name = `dagger_v${PINNED.dagger}_linux_${architecture}.tar.gz`
      const file = write(`releases/${PINNED.dagger}/${name}`, "")
      execFileSync("tar", ["-czf", file, "-C", folder, "dagger"])
      return [architecture, createHash("sha256").update(readFileSync(file)).digest("hex")]
    }),
  )
}

const commit = makeSlipway()
const digests = makeArchives()
const pinned = describeWrappers(parseConfig(""), `https://git.example.com/team/slipway@${commit}`)

/** Replaces the addresses that are out of reach, and with `digests` those of the archives. */
const local = (text: string, known: Record<string, string> = digests): string =>
  Object.entries(PINNED.digests)
    .reduce((all, [name, digest]) => all.replaceAll(digest, known[name] ?? ""), text)
    .replaceAll("https://git.example.com/team/slipway", `file://${folder}/slipway`)
    .replaceAll("https://dl.dagger.io/dagger", `file://${folder}`)

const checkout = join(folder, "checkout")
beforeEach(() => {
  rmSync(checkout, { recursive: true, force: true })
  write("checkout/.slipway/slipway", "echo the branch's script\n")
  write("checkout/dagger/slipway.js", 'console.log("the branch\'s Slipway")\n')
  write("checkout/package.json", '{ "scripts": { "preinstall": "echo hooked" } }\n')
})

const run = (shell: string, text: string, env: NodeJS.ProcessEnv = {}, ...args: string[]) => {
  const own = { PATH: process.env["PATH"], HOME: folder, XDG_CACHE_HOME: join(folder, "cache"), ...env }
  const { status, stdout, stderr } = spawnSync(shell, ["-s", "--", ...args], {
    input: text,
    cwd: checkout,
    env: own,
  })
  return { status, output: stdout.toString(), errors: stderr.toString() }
}

describe.each(CI_HOSTS)("the delivery's script on %s", (host) => {
  const text = deliveryScript(host, pinned).join("\n")

  it.each(["sh", "bash"])("runs the pinned Slipway with the pinned dagger, in %s", (shell) => {
    expect(run(shell, local(text))).toEqual({
      status: 0,
      output: `ci --host ${host} --job delivery the pinned dagger\n`,
      errors: "",
    })
  })

  it("runs nothing of what an earlier job has left beside the checkout", () => {
    write("checkout@slipway/slipway/dagger/slipway.js", 'console.log("left by a stranger")\n')
    write("checkout@slipway/slipway/.git/hooks/post-checkout", "#!/bin/sh\necho hooked\n")
    chmodSync(write("checkout@slipway/bin/dagger", "#!/bin/sh\necho left by a stranger\n"), 0o755)
    expect(run("sh", local(text)).output).toBe(`ci --host ${host} --job delivery the pinned dagger\n`)
  })

  it("stops at another archive than the pinned one, before anything of it runs", () => {
    const { status, output, errors } = run(
      "sh",
      local(text, { amd64: "0".repeat(64), arm64: "0".repeat(64) }),
    )
    expect({ status, output }).toEqual({ status: 1, output: "" })
    expect(errors).toMatch(/sha256sum: WARNING: 1 computed checksum did NOT match/)
    expect(existsSync(join(folder, "checkout@slipway/bin/dagger"))).toBe(false)
  })

  it("stops where the commit isn't in the repository", () => {
    const { status, output } = run("sh", local(text.replaceAll(commit, "0".repeat(40))))
    expect(status).not.toBe(0)
    expect(output).toBe("")
  })

  it("runs the command in SLIPWAY for runners that bring it", () => {
    expect(run("sh", text, { SLIPWAY: "echo own" }).output).toBe(`own ci --host ${host} --job delivery\n`)
  })
})

describe("the script of checks", () => {
  const text = script(pinned)

  it("passes all arguments to the command in SLIPWAY", () => {
    expect(run("sh", text, { SLIPWAY: "printf <%s>" }, "ci", "--host", "a b").output).toBe(
      "<ci><--host><a b>",
    )
  })

  it("fetches Slipway and dagger once, and keeps no archive that isn't the pinned one", () => {
    const wrong = run("sh", local(text, { amd64: "0".repeat(64), arm64: "0".repeat(64) }), {}, "ci")
    expect(wrong).toMatchObject({ status: 1, output: "" })
    expect(run("sh", local(text), {}, "ci", "--json").output).toBe("ci --json the pinned dagger\n")
    rmSync(join(folder, "releases"), { recursive: true })
    expect(run("sh", local(text), {}, "ci").output).toBe("ci the pinned dagger\n")
  })

  it("is valid in every shell", () => {
    expect(() => execFileSync("sh", ["-n"], { input: text })).not.toThrow()
  })
})

describe("the script for people", () => {
  const root = join(folder, "it's a service")
  const path = "scripts/ops/deploy.sh"
  /** Calls it from another folder, with a Slipway that prints its arguments, a line each. */
  const call = (...args: string[]) => {
    write(
      "it's a service/.slipway/slipway",
      script(describeWrappers(parseConfig(""), `file:///x@${"0".repeat(40)}`)),
    )
    const file = write(`it's a service/${path}`, deployScript(path, pinned))
    chmodSync(file, 0o755)
    const env = { ...process.env, SLIPWAY: "printf %s\\n" }
    return spawnSync(file, args, { cwd: tmpdir(), env, encoding: "utf8" })
  }

  it.each([
    [["deploy", "--environment", "staging", "--tag", "v1.2.3"]],
    [["deploy", "--environment", "production", "--tag", "v1.2.3"]],
    [["deploy", "--tag", "v1.2.3"]],
    [["rollback", "--version", "v1.2.2"]],
    [["rollback", "--environment", "staging", "--version", "v1.2.2"]],
    [["rollback"]],
    [["status"]],
    [["status", "--environment", "staging"]],
    [["logs"]],
    [["logs", "--environment", "staging"]],
  ])("hands %j on, for its own repository", ([name = "", ...more]) => {
    const { status, stdout, stderr } = call(name, ...more)
    expect(stderr).toBe("")
    expect(stdout.trimEnd().split("\n")).toEqual([name, `--source=${root}`, ...more])
    expect(status).toBe(0)
    // Slipway's own command takes these options.
    const command = slipway().commands.find((known) => known.name() === name)
    expect(command?.parseOptions([`--source=${root}`, ...more])).toEqual({ operands: [], unknown: [] })
  })

  it("knows no other command, and says which there are", () => {
    for (const args of [[], ["ci"], ["engine", "down"], ["--tag", "v1"]]) {
      const { status, stdout, stderr } = call(...args)
      expect([status, stdout], args.join(" ")).toEqual([4, ""])
      expect(stderr).toContain("usage: deploy.sh deploy --tag VERSION [--environment staging]\n")
    }
    expect(call("--help")).toMatchObject({
      status: 0,
      stderr: "",
      stdout: expect.stringContaining(" logs ") as string,
    })
  })

  it("is written with what it calls, for whatever hosts, and lies at any depth", () => {
    const description = describeWrappers(parseConfig(""), `file:///x@${"0".repeat(40)}`)
    expect(Object.keys(wrapperFiles([], description, "deploy.sh"))).toEqual([".slipway/slipway", "deploy.sh"])
    expect(wrapperFiles([], description)).toEqual({})
    expect(deployScript("deploy.sh", description)).toContain("cd '.'")
    expect(deployScript("scripts/deploy.sh", description)).toContain("cd '..'")
  })
})
