import { spawn } from "node:child_process"
import { createHash, randomUUID } from "node:crypto"
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { call, dagger, engineEnvironment, freePort, KIT, onTerminal } from "./dagger.js"
import { serving } from "./gitDaemon.js"

const scratch = mkdtempSync(join(tmpdir(), "kit-"))
beforeAll(engineEnvironment)
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Number of the first line of the module's source that contains a text. */
const lineOf = (text: string): number =>
  readFileSync(join(KIT, "src/index.ts"), "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text)) + 1

describe("dagger call", () => {
  it("passes arguments and fills in defaults", async () => {
    expect(await call("greet", "--name=you")).toMatchObject({ exitCode: 0, stdout: "hello you" })
    const all = await call("greet", "--name=ä 'b'", "--greeting=bye", "--times=2")
    expect(all.stdout).toBe("bye ä 'b', bye ä 'b'")
  })

  it("exits with the code of the failed command, and shows its output", async () => {
    const { exitCode, stderr } = await call("broken")
    expect(exitCode).toBe(7)
    expect(stderr).toContain("to stdout")
    expect(stderr).toContain("to stderr")
  })

  it("shows a module's own error with its line", async () => {
    const { exitCode, stderr } = await call("thrown", "--what=this")
    expect(exitCode).toBe(1)
    expect(stderr).toContain("this went wrong: this")
    expect(stderr).toContain(`src/index.ts:${lineOf("throw new Error")}`)
  })

  it("refuses an argument that the function doesn't have", async () => {
    const { exitCode, stderr } = await call("greet", "--nobody=you")
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain("nobody")
  })
})

describe("dagger functions", () => {
  it("lists the module's functions with their docs, and only the types of src/", async () => {
    const { stdout } = await dagger(["functions"])
    expect(stdout).toMatch(/greet +Greets somebody\./)
    const types = "{ currentTypeDefs { asObject { name sourceModuleName } } }"
    const { stdout: known } = await dagger(["query"], { input: types })
    const { currentTypeDefs: all } = JSON.parse(known) as {
      currentTypeDefs: { asObject: { name: string; sourceModuleName: string } | null }[]
    }
    const own = all.flatMap(({ asObject }) => (asObject?.sourceModuleName === "kit" ? [asObject.name] : []))
    expect(own).toEqual(["Kit"])
  })
})

it("dagger query answers GraphQL with the module's functions in the schema", async () => {
  const { stdout } = await dagger(["query"], { input: '{ greet(name: "query") defaultPlatform }' })
  expect(JSON.parse(stdout)).toEqual({ greet: "hello query", defaultPlatform: "linux/amd64" })
})

describe("dagger check", () => {
  it("lists the module's checks", async () => {
    const { stdout } = await dagger(["check", "-l"])
    expect(stdout).toMatch(/kit:failing/)
    expect(stdout).toMatch(/kit:passing/)
    expect(stdout).not.toContain("greet")
  })

  it("passes, or fails with the tool's output", async () => {
    expect(await dagger(["check", "kit:passing"])).toMatchObject({ exitCode: 0 })
    const { exitCode, stderr } = await dagger(["check", "kit:*"])
    expect(exitCode).toBe(1)
    expect(stderr).toContain("main.py:3: too long")
  })
})

it("dagger develop writes a library that the TypeScript compiler accepts", async () => {
  const module = join(scratch, "module")
  cpSync(KIT, module, { recursive: true, filter: (path) => !path.includes("node_modules") })
  rmSync(join(module, "sdk"), { recursive: true, force: true })
  const tsc = () =>
    run({ nothrow: true, cwd: module })`node ${join(REPOSITORY, "node_modules/typescript/bin/tsc")} -p .`
  expect((await tsc()).stdout).toContain("Cannot find module '@dagger.io/dagger'")

  expect(await dagger(["develop"], { cwd: module })).toMatchObject({ exitCode: 0 })
  expect(readdirSync(join(module, "sdk"))).toContain("client.gen.ts")
  expect(readFileSync(join(module, "src/index.ts"), "utf8")).toBe(
    readFileSync(join(KIT, "src/index.ts"), "utf8"),
  )
  expect(await tsc()).toMatchObject({ stdout: "", exitCode: 0 })
})

it("the module has the packages of its lock file, without development dependencies", async () => {
  const { stdout } = await call("packages")
  expect(stdout.trim().split("\n")).toEqual(["ms", "typescript"])
})

describe("dagger on a terminal", () => {
  const sum = "echo sum $((40 + 2))"

  it("-i opens a shell at the failed command, and still exits with the command's code", async () => {
    const { exitCode, stdout } = await onTerminal(
      ["call", "-i", "--progress=tty", "broken"],
      [
        [/[#$] $/, `cat /evidence; ${sum}`],
        [/sum 42/, "exit"],
      ],
    )
    expect(stdout).toContain("left behind")
    expect(exitCode).toBe(7)
  })

  it("terminal opens a shell in a container", async () => {
    const { exitCode, stdout } = await onTerminal(
      ["call", "--progress=tty", "debian", "terminal"],
      [
        [/[#$] $/, `cat /etc/debian_version; ${sum}`],
        [/sum 42/, "exit"],
      ],
    )
    expect(stdout).toMatch(/^12\.\d+\r$/m)
    expect(exitCode).toBe(0)
  })
})

describe("services", () => {
  it("are reachable from the containers that they are bound to", async () => {
    const text = randomUUID()
    expect((await call("talk", `--text=${text}`)).stdout.trim()).toBe(text)
  })

  it("are reachable from the host through a tunnel while `up` runs", async () => {
    const [text, port] = [randomUUID(), await freePort()]
    const args = ["call", "web", `--text=${text}`, "up", `--ports=${port}:8000`]
    const child = spawn("dagger", args, { cwd: KIT, env: await engineEnvironment(), stdio: "ignore" })
    const ended = new Promise((resolve) => child.once("close", resolve))
    try {
      expect(await fetched(`http://127.0.0.1:${port}/`)).toBe(text)
    } finally {
      child.kill("SIGINT")
      await ended
    }
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
  })
})

it("secrets reach the command, but never the output", async () => {
  const secret = randomUUID()
  const { stdout, stderr } = await dagger(["call", "whisper", "--secret=env://KIT_SECRET"], {
    env: { KIT_SECRET: secret },
  })
  expect(stdout).toContain(createHash("sha256").update(secret).digest("hex"))
  expect(stdout).toContain("spoken: ***")
  expect(stderr).toContain("shouted: ***")
  expect(stdout + stderr).not.toContain(secret)
})

it("export writes files and directories to the host", async () => {
  const [file, folder] = [join(scratch, "file.txt"), join(scratch, "tree")]
  expect(await call("file", "export", `--path=${file}`)).toMatchObject({ exitCode: 0 })
  expect(readFileSync(file, "utf8")).toBe("one")
  expect(await call("tree", "export", `--path=${folder}`)).toMatchObject({ exitCode: 0 })
  expect(readFileSync(join(folder, "deep/file.txt"), "utf8")).toBe("one")
  expect(readFileSync(join(folder, "ä ö.txt"), "utf8")).toBe("two")
})

it("cache volumes persist from one call to the next", async () => {
  const volume = randomUUID()
  expect((await call("remember", `--volume=${volume}`, "--line=first")).stdout).toBe("first\n")
  expect((await call("remember", `--volume=${volume}`, "--line=second")).stdout).toBe("first\nsecond\n")
})

it("linux/arm64 containers run by emulation", async () => {
  expect((await call("machine", "--platform=linux/arm64")).stdout.trim()).toBe("aarch64 arm64")
})

describe("git", () => {
  it("reads a repository from a service", async () => {
    const text = randomUUID()
    expect((await call("repository", `--text=${text}`)).stdout).toBe(text)
  })

  it("accepts a repository as an argument", async () => {
    const [work, served] = [join(scratch, "work"), join(scratch, "served")]
    const git = run({ cwd: scratch })
    await git`git init --quiet --initial-branch=main ${work}`
    cpSync(join(KIT, "dagger.json"), join(work, "dagger.json"))
    const commit = [
      "-c",
      "user.name=kit",
      "-c",
      "user.email=kit@localhost",
      "commit",
      "--quiet",
      "-am",
      "first",
    ]
    await git`git -C ${work} add .`
    await git`git -C ${work} ${commit}`
    await git`git clone --quiet --bare ${work} ${join(served, "kit.git")}`
    const { stdout } = await serving(served, (address) => call("entries", `--source=${address}/kit.git#main`))
    expect(stdout).toContain("dagger.json")
  })
})

it("a container reaches a package registry with trusted certificates", async () => {
  expect((await call("pip", "--name=six", `--run=${randomUUID()}`)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

/** Fetches a URL as soon as it is served. */
async function fetched(url: string): Promise<string> {
  const deadline = Date.now() + 30_000
  for (;;)
    try {
      return await (await fetch(url)).text()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(100)
    }
}
