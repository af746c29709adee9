import { describe, expect, test } from "vitest"
import {
  buildFailure,
  complaintLine,
  type EngineError,
  failureExitCode,
  failureFinding,
  failureLog,
  failureReason,
  type DockerfilePlace,
  placeOfCommand,
  placeOfLine,
  placesIn,
  placeWithoutStage,
  plainMessage,
} from "../../../src/lib/image/buildFailure.js"
import { parseDockerfile } from "../../../src/lib/image/dockerfile.js"
import { planStages } from "../../../src/lib/image/plan.js"

const TEXT = `ARG BASE=python:0
FROM \${BASE} AS builder
RUN --mount=type=secret,id=TOKEN \\
    # why
    make all
FROM scratch
COPY --from=registry.example.com/tools:1 /bin/tool /
COPY nope /
RUN true
RUN true
`
const dockerfile = parseDockerfile(TEXT)
const platform = "linux/arm64"
const stages = planStages(dockerfile, undefined, { target: platform, native: "linux/amd64" }, {}) ?? []
const builder = planStages(dockerfile, "builder", { target: platform, native: "linux/amd64" }, {}) ?? []
const places = placesIn([...builder, ...stages])

const at = (line: number): DockerfilePlace => {
  const place = places.find((known) => known.line === line)
  if (place === undefined) throw new Error(`no instruction begins in line ${line}`)
  return place
}

const failing = (error: EngineError, line?: number, secrets: string[] = ["TOKEN"]) =>
  buildFailure(
    { file: "Dockerfile", text: TEXT, platform, supplied: { secrets, ssh: false, git: false } },
    error,
    line === undefined ? undefined : at(line),
  )

const ran = (exitCode: number, stderr = "", stdout = ""): EngineError => ({
  message: `failed to clone built container state: exit code: ${exitCode} [traceparent:aa-bb]`,
  command: ["/bin/sh", "-c", "make all"],
  exitCode,
  stdout,
  stderr,
})

test("buildFailure reports a failed command with its place and output", () => {
  const failure = failing(ran(2, "make: *** No rule to make target 'all'.", "one\ntwo"), 3)
  expect(failure).toMatchObject({
    exitCode: 2,
    command: ["/bin/sh", "-c", "make all"],
    infrastructure: false,
  })
  expect(failureReason(failure)).toBe(
    "Dockerfile:3: RUN make all: exit code 2: make: *** No rule to make target 'all'.",
  )
  expect(failureFinding(failure)).toEqual({
    tool: "docker",
    rule: "RUN",
    level: "error",
    file: "Dockerfile",
    line: 3,
    message: "RUN make all: exit code 2: make: *** No rule to make target 'all'.",
  })
  expect(failureExitCode(failure)).toBe(1)
  expect(failureLog(failure)).toBe(`Dockerfile:3, builder, for linux/arm64
    3 | RUN --mount=type=secret,id=TOKEN \\
    4 |     # why
    5 |     make all
one
two
make: *** No rule to make target 'all'.
RUN make all: exit code 2: make: *** No rule to make target 'all'.
`)
})

describe("buildFailure for a command's output", () => {
  test.each([
    [ran(1, "", "out\nlast\n\n"), "exit code 1: last"],
    [
      ran(1, "ERROR: No matching distribution\n[notice] A new release of pip\n"),
      "exit code 1: ERROR: No matching distribution",
    ],
    [
      ran(1, "Traceback\n  File\nModuleNotFoundError: No module named 'x'\n"),
      "exit code 1: ModuleNotFoundError: No module named 'x'",
    ],
    [ran(100, "E: Unable to locate package x\nW: later\n"), "exit code 100: E: Unable to locate package x"],
    [ran(1, "\u001b[31mred error\u001b[0m"), "exit code 1: red error"],
    [ran(1), "exit code 1"],
    [ran(139), "ended by signal 11"],
    [ran(137), "ended by signal 9, perhaps for lack of memory"],
  ])("takes the most telling line of case %#", (error, expected) => {
    expect(failing(error, 3).message).toBe(`RUN make all: ${expected}`)
  })

  test("results in exit code 3 if the command was killed", () => {
    expect(failureExitCode(failing(ran(137), 3))).toBe(3)
  })

  test("keeps only the last lines", () => {
    const { output } = failing(ran(1, Array.from({ length: 205 }, (_, n) => `line ${n}`).join("\n")), 3)
    expect(output.split("\n")).toHaveLength(201)
    expect(output).toMatch(/^… 5 lines left out\nline 5\n/)
  })

  test("names a secret that wasn't passed", () => {
    expect(failing(ran(1, "cat: no file"), 3, []).message).toBe(
      "RUN make all: exit code 1: cat: no file (not passed: the secret TOKEN; such as --secret env://TOKEN)",
    )
  })

  test("reports a command that couldn't be started", () => {
    const message = "failed to clone built container state: get user: unable to find user x [traceparent:a-b]"
    expect(failing({ ...ran(-1), message }, 9)).toMatchObject({
      message: "RUN true: it could not be started: get user: unable to find user x",
    })
    expect(failing({ ...ran(-1), message }, 9)).not.toHaveProperty("exitCode")
  })
})

describe("buildFailure for the engine's messages", () => {
  const convert = "failed to convert Dockerfile to LLB: "

  test.each([
    [
      2,
      `${convert}python:0: docker.io/library/python:0: not found`,
      'the image "python:0" doesn\'t exist, or may not be pulled',
      1,
    ],
    [
      2,
      `${convert}python:0: no manifest matches requested platform for sha256:ab`,
      'the image "python:0" isn\'t made for linux/arm64',
      1,
    ],
    [
      2,
      `${convert}python:0: failed to do request: Head "https://r.invalid/v2/x": dial tcp: lookup r.invalid: no such host`,
      'the image "python:0" could not be fetched: dial tcp: lookup r.invalid: no such host',
      3,
    ],
    [
      7,
      `${convert}registry.example.com/tools:1: unexpected status from HEAD request to https://x: 503 Service Unavailable`,
      'the image "registry.example.com/tools:1" could not be fetched: unexpected status from HEAD request to https://x: 503 Service Unavailable',
      3,
    ],
    [
      3,
      'failed to convert Dockerfile LLB to Dagger ID: llbtodagger: unsupported op "exec" (sha256:ab12): secret "TOKEN" is required but no secret mappings were provided',
      'the secret "TOKEN" is missing: pass it, such as env://TOKEN',
      1,
    ],
    [
      8,
      `failed to load container from converted ID: load Container@${"Cro+/".repeat(900)}=: load xxh3:a60c: inputs: load xxh3:590f: inputs: failed to content hash dockerfile copy: failed to copy source directory: lstat /nope: no such file or directory`,
      'there is no "nope" where it copies from, or .dockerignore leaves it out',
      1,
    ],
    [
      2,
      `${convert}python:0: failed to authorize: 401 Unauthorized`,
      'the image "python:0" doesn\'t exist, or may not be pulled',
      1,
    ],
    [8, `${convert}dockerfile parse error on line 8: unknown flag: x`, "unknown flag: x", 1],
    [8, "something new", "something new", 1],
  ])("explains the message about line %d: %#", (line, message, expected, exitCode) => {
    const failure = failing({ message }, line)
    expect(failure.message).toContain(`: ${expected}`)
    expect(failureExitCode(failure)).toBe(exitCode)
    expect(failureLog(failure)).not.toMatch(/[\w+/=]{100}/)
  })

  test("removes long words of the engine's internals", () => {
    expect(plainMessage(`a: ${"x".repeat(5000)}: b`)).toBe("a: …: b")
  })

  test("reports a failure without a place", () => {
    const failure = failing({ message: `${convert}the Dockerfile cannot be empty` })
    expect(failureReason(failure)).toBe("Dockerfile: the Dockerfile cannot be empty")
    expect(failureFinding(failure)).toEqual({
      tool: "docker",
      rule: "build",
      level: "error",
      file: "Dockerfile",
      message: "the Dockerfile cannot be empty",
    })
  })
})

describe("places in a Dockerfile", () => {
  test("complaintLine and placeOfLine find the engine's line and the instruction around it", () => {
    const line = complaintLine({ message: "dockerfile parse error on line 4: x" }, TEXT)
    expect(line).toBe(4)
    expect(placeOfLine(dockerfile, 4)).toMatchObject({ line: 3, endLine: 5 })
    expect(placeOfLine(dockerfile, 99)).toEqual({ line: 99, endLine: 99 })
  })

  test("complaintLine finds the line of an unknown syntax", () => {
    const message = 'dockerBuild syntax frontend "x/y:1" is unsupported in hard-cutover path'
    const text = "# check=skip=all\n# syntax = x/y:1\nFROM a\n"
    expect(complaintLine({ message }, text)).toBe(2)
    const place = placeOfLine(parseDockerfile(text), 2)
    const supplied = { secrets: [], ssh: false, git: false }
    expect(buildFailure({ file: "F", text, platform, supplied }, { message }, place)).toMatchObject({
      message: 'the syntax "x/y:1" isn\'t supported, only docker/dockerfile',
    })
  })

  test("placeOfCommand finds the only instruction with a command", () => {
    expect(placeOfCommand(builder, ["/bin/sh", "-c", "make all"])).toMatchObject({ line: 3 })
    expect(placeOfCommand(stages, ["/bin/sh", "-c", "true"])).toBeUndefined()
    expect(placeOfCommand(stages, ["/bin/sh", "-c", "make all"])).toBeUndefined()
    expect(placeOfCommand(stages, undefined)).toBeUndefined()
  })

  test("placeWithoutStage finds an instruction before any FROM", () => {
    expect(placeWithoutStage(parseDockerfile("ARG A\n\nRUN x\n"))).toMatchObject({ line: 3 })
    expect(placeWithoutStage(parseDockerfile("ARG A\n"))).toBeUndefined()
    expect(placeWithoutStage(dockerfile)).toBeUndefined()
  })
})
