import { expect, test } from "vitest"
import { parseDockerfile } from "../../../src/lib/image/dockerfile.js"
import {
  argumentsOf,
  checkedPlatforms,
  emulatedRuns,
  mountsOf,
  planStages,
  secretPath,
  mountedSecretNames,
} from "../../../src/lib/image/plan.js"

const PLATFORMS = { target: "linux/arm64", native: "linux/amd64" }

const plan = (text: string, target?: string, args: Record<string, string> = {}) =>
  planStages(parseDockerfile(text), target, PLATFORMS, args)

const labels = (text: string, target?: string) => plan(text, target)?.map(({ label }) => label)

const STAGES = `
FROM a AS base
FROM base AS tools
RUN x
FROM b AS unused
COPY --from=tools /x /
FROM c
COPY --from=1 /x /
RUN --mount=type=bind,from=Extra,target=/e true
FROM d AS extra
`

test("planStages returns the last stage, unless another is the target", () => {
  expect(labels(STAGES)).toEqual(["extra"])
  expect(labels(STAGES, "Tools")).toEqual(["base", "tools"])
  expect(labels(STAGES, "unused")).toEqual(["base", "tools", "unused"])
  expect(labels(STAGES, "nope")).toBeUndefined()
  expect(labels("ARG A\n")).toBeUndefined()
})

test("planStages returns the stages that files come from: by name, for COPY by number too, and only earlier ones", () => {
  const text = STAGES.replace("FROM d AS extra\n", "")
  expect(labels(text)).toEqual(["base", "tools", "stage-3"])
  expect(labels("FROM a AS x\nFROM b\nRUN --mount=from=0,target=/x true\n")).toEqual(["stage-1"])
  expect(labels("FROM a AS x\nFROM b\nRUN --mount=from=X,target=/x true\n")).toEqual(["x", "stage-1"])
  expect(labels("FROM a\nCOPY --from=0 /x /\nCOPY --from=1 /x /\nCOPY --from=later / /\n")).toEqual([
    "stage-0",
  ])
})

test("planStages prefers an earlier stage to an image of the same name", () => {
  const stages = plan("FROM python AS python\nFROM python\n")
  expect(stages).toMatchObject([
    { base: "python", fromImage: true },
    { base: "python", fromImage: false },
  ])
})

test.each([
  ["ARG V=3\nFROM python:$V\n", {}, "python:3"],
  ["ARG V=3\nFROM python:${V}-slim\n", { V: "4" }, "python:4-slim"],
  ["ARG V\nFROM python:${V:-3}\n", {}, "python:3"],
  ["ARG V=\nFROM python${V:+:}${V}\n", {}, "python"],
  ["ARG V=\nFROM python:${V-3}\n", {}, "python:"],
  ['ARG A=x B="${A}y"\nFROM ${B}\n', {}, "xy"],
  ["ARG A=x\nFROM ${B:-${A}}\n", {}, "x"],
  ["FROM image-$TARGETARCH$TARGETVARIANT\n", {}, "image-arm64"],
  ["FROM image-${BUILDARCH}\n", {}, "image-amd64"],
])("planStages expands %s with %j to %s", (text, args, base) => {
  expect(plan(text, undefined, args)).toMatchObject([{ base }])
})

test("planStages runs a stage on the target's platform, its own, or that of its base stage", () => {
  const stages = plan(
    [
      "FROM --platform=$BUILDPLATFORM a AS build",
      "RUN native",
      "FROM --platform=linux/arm64 build AS still",
      "RUN also native",
      "FROM --platform=$TARGETPLATFORM b AS target",
      "RUN first",
      "FROM c",
      "RUN second",
      "COPY --from=still / /",
      "COPY --from=target / /",
    ].join("\n"),
  )
  expect(stages?.map(({ label, platform }) => [label, platform])).toEqual([
    ["build", "linux/amd64"],
    ["still", "linux/amd64"],
    ["target", "linux/arm64"],
    ["stage-3", "linux/arm64"],
  ])
  const emulated = emulatedRuns(stages ?? [], PLATFORMS)
  expect(emulated.map(({ line, rest }) => [line, rest])).toEqual([
    [6, "first"],
    [8, "second"],
  ])
})

test("checkedPlatforms accepts only supported platforms", () => {
  expect(checkedPlatforms(["linux/arm64", "linux/amd64"])).toEqual(["linux/arm64", "linux/amd64"])
  for (const platform of ["linux/riscv64", "windows/amd64", "linux/arm64/v8", "amd64", ""])
    expect(() => checkedPlatforms(["linux/amd64", platform])).toThrow(
      `unsupported platform ${JSON.stringify(platform)}\n→ choose among linux/amd64, linux/arm64 [UNKNOWN_PLATFORM]`,
    )
})

test("emulatedRuns ignores the variant of a processor", () => {
  const stages = planStages(
    parseDockerfile("FROM a\nRUN b\n"),
    undefined,
    { target: "linux/arm64/v8", native: "linux/arm64" },
    {},
  )
  expect(emulatedRuns(stages ?? [], { target: "", native: "linux/arm64" })).toEqual([])
})

const only = (line: string) => {
  const [instruction] = parseDockerfile(line).globals
  if (instruction === undefined) throw new Error(line)
  return instruction
}

test("argumentsOf returns one or more arguments of a line", () => {
  expect(argumentsOf(only('ARG A=1 B C="x y" D='))).toEqual([
    { name: "A", value: "1" },
    { name: "B" },
    { name: "C", value: '"x y"' },
    { name: "D", value: "" },
  ])
  expect(argumentsOf(only("ENV A=1"))).toEqual([])
})

test("mounts are parsed, and secrets found by any of their names", () => {
  const run = only(
    "RUN --mount=type=secret,id=A --mount=type=secret,SRC=b/c --mount=type=secret,dst=/run/D --mount=target=/x,rw true",
  )
  expect(mountsOf(run).at(-1)).toEqual({ target: "/x", rw: "" })
  expect(mountedSecretNames(run)).toEqual(["A", "b/c", "D"])
  expect(mountsOf(run).slice(0, 3).map(secretPath)).toEqual(["/run/secrets/A", "/run/secrets/c", "/run/D"])
})
