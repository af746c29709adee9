import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { running } from "../../dagger/engine/engine.js"
import { findHost } from "../../dagger/engine/host.js"
import { MIRROR_ADDRESS, RECIPES } from "../../dagger/images/recipes.js"
import { paths } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { call, dagger, engineEnvironment, processes } from "./dagger.js"

// Where the official engine pulls the official images there are no stand-ins.
const { kind } = await findHost()

/** What each stand-in promises: a command, and what it prints. */
const PROMISES: [image: string, command: string, printed: RegExp][] = [
  ["debian:bookworm-slim", "bash --version; test ! -e /usr/bin/python3", /^GNU bash/],
  ["python:3.11-slim", "python --version", /^Python 3\.11\./],
  ["python:3.11-slim", "python3 --version", /^Python 3\.11\./],
  ["python:3.11-slim", "pip --version", /^pip \d+.* \(python 3\.11\)$/],
  ["python:3.11-slim", "uv --version", /^uv \d+\./],
  ["python:3.11-slim", "python -m venv /tmp/venv && /tmp/venv/bin/pip --version", /^pip \d+/],
  ["alpine/git:v2.49.1", "git --version", /^git version \d+\./],
  ["alpine/git:v2.49.1", "git ls-remote https://localhost:1/", /exit code 128.*Failed to connect/],
]
const IMAGES = [...new Set(PROMISES.map(([image]) => image))]

describe.skipIf(kind !== "kit")("stand-in images", () => {
  beforeAll(engineEnvironment)

  it("are all tried here", () => {
    const names = RECIPES.map(({ name, tags }) => `${name.replace("library/", "")}:${tags[0] ?? ""}`)
    expect(names.filter((name) => !IMAGES.includes(name))).toEqual([])
  })

  describe.each(["linux/amd64", "linux/arm64"])("on %s", (platform) => {
    it.each(IMAGES)("%s has its commands", async (image) => {
      // An environment takes half a minute under emulation.
      const slow = (command: string) => platform !== "linux/amd64" && command.includes("venv")
      const promises = PROMISES.filter(([name, command]) => name === image && !slow(command))
      const script = promises
        .map(([, command]) => `out=$( (${command}) 2>&1 ) || out="exit code $? $out"; echo $out`)
        .join("; ")
      const args = [`--image=${image}`, `--command=sh,-c,"${script.replaceAll('"', '""')}"`]
      const { stdout } = await call("says", ...args, `--platform=${platform}`)
      const lines = stdout.trim().split("\n")
      promises.forEach(([, , printed], i) => expect(lines[i]).toMatch(printed))
    })
  })

  it.each(IMAGES)("%s says that it is one", async (image) => {
    const script = `container | from ${image} | label dev.slipway.stand-in`
    expect((await dagger(["-M", "-c", script])).stdout).toBe("true")
  })

  it("of an unknown tag are refused, and those that are known are named", async () => {
    const { exitCode, stderr } = await call(
      "says",
      "--image=python:9.99",
      "--command=true",
      "--platform=linux/amd64",
    )
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain("docker.io/library/python:9.99: not found")
    const known = 'no stand-in for "library/python:9.99", only for 3.11-slim, 3.11-slim-bookworm'
    expect(readFileSync(join(paths.logs, "mirror.log"), "utf8")).toContain(known)

    const [registry = 0] = await processes(running()?.pid ?? 0, "docker-registry")
    const url = `http://${MIRROR_ADDRESS}/v2/library/python/manifests/9.99`
    const { stdout } = await run`nsenter --net=/proc/${registry}/ns/net curl --silent ${url}`
    expect(JSON.parse(stdout)).toEqual({ errors: [{ code: "MANIFEST_UNKNOWN", message: known }] })
  })

  it("are kept for the next engine", () => {
    for (const { name, tags } of RECIPES)
      expect(existsSync(join(paths.registry, "stand-ins", name.replaceAll("/", "_"), tags[0] ?? ""))).toBe(
        true,
      )
  })
})
