import { describe, expect, it, test } from "vitest"
import {
  type Instruction,
  optionOf,
  originalLine,
  parseDockerfile,
  runs,
  withEpoch,
} from "../../../src/lib/image/dockerfile.js"
import { cost } from "../cost.js"

const instructions = (text: string): Instruction[] => {
  const { globals, stages } = parseDockerfile(text)
  return [...globals, ...stages.flatMap(({ instructions }) => instructions)]
}

/** Instructions with their lines, such as `RUN 2-4 x && y`, one per line. */
const outline = (text: string): string[] =>
  instructions(text).map(({ keyword, line, endLine, rest }) => `${keyword} ${line}-${endLine} ${rest}`.trim())

// Each expectation was compared with the result of the parser in the engine's version.
describe("parseDockerfile joins lines", () => {
  test.each([
    ["plain", "FROM a\nrun x\n", ["FROM 1-1 a", "RUN 2-2 x"]],
    ["no break at the end", "FROM a\nRUN x", ["FROM 1-1 a", "RUN 2-2 x"]],
    ["empty", "", []],
    ["only comments", "# a\n\n  # b\n", []],
    ["continued", "FROM a\nRUN x \\\n  && y\nRUN z\n", ["FROM 1-1 a", "RUN 2-3 x   && y", "RUN 4-4 z"]],
    [
      "comments and gaps within",
      "FROM a\nRUN x \\\n# c\n\n  # d\n && y\n",
      ["FROM 1-1 a", "RUN 2-6 x  && y"],
    ],
    ["blanks after the backslash", "FROM a\nRUN x \\ \t\n y\n", ["FROM 1-1 a", "RUN 2-3 x  y"]],
    ["two backslashes", "FROM a\nRUN x \\\\\nRUN y\n", ["FROM 1-1 a", "RUN 2-2 x \\\\", "RUN 3-3 y"]],
    ["continued into nothing", "FROM a\nRUN x \\\n", ["FROM 1-1 a", "RUN 2-2 x"]],
    ["line breaks of Windows", "FROM a\r\nRUN x \\\r\n  y\r\n", ["FROM 1-1 a", "RUN 2-3 x   y"]],
    ["a byte order mark", "\uFEFFFROM a\nRUN x\n", ["FROM 1-1 a", "RUN 2-2 x"]],
    [
      "another escape",
      "# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN x `\n y\nCOPY c:\\ d\n",
      ["FROM 3-3 a", "RUN 4-5 x  y", "COPY 6-6 c:\\ d"],
    ],
    ["a directive too late", "# c\n# escape=`\nFROM a\nRUN x `\n", ["FROM 3-3 a", "RUN 4-4 x `"]],
  ])("%s", (_, text, expected) => {
    expect(outline(text)).toEqual(expected)
  })
})

describe("parseDockerfile reads here-documents", () => {
  test.each([
    ["one", "FROM a\nRUN <<EOF\nFROM b\nEOF\nRUN z\n", ["FROM 1-1 a", "RUN 2-4 <<EOF", "RUN 5-5 z"]],
    [
      "with tabs, quoted",
      "FROM a\nRUN <<-'E F' sh\n\tRUN x\n\tE F\nRUN z\n",
      ["FROM 1-1 a", "RUN 2-4 <<-'E F' sh", "RUN 5-5 z"],
    ],
    [
      "two",
      'FROM a\nCOPY <<A <<"B" /x/\none\nA\nFROM two\nB\nRUN z\n',
      ["FROM 1-1 a", 'COPY 2-6 <<A <<"B" /x/', "RUN 7-7 z"],
    ],
    [
      "after a continued line",
      "FROM a\nRUN x \\\n && cat <<EOF\nRUN y\nEOF\nRUN z\n",
      ["FROM 1-1 a", "RUN 2-5 x  && cat <<EOF", "RUN 6-6 z"],
    ],
    ["with a number", "FROM a\nRUN 3<<EOF x\nRUN y\nEOF\n", ["FROM 1-1 a", "RUN 2-4 3<<EOF x"]],
    ["in ONBUILD", "FROM a\nONBUILD RUN <<EOF\nRUN y\nEOF\n", ["FROM 1-1 a", "ONBUILD 2-4 RUN <<EOF"]],
    ["never ended", "FROM a\nRUN <<EOF\nRUN y\n", ["FROM 1-1 a", "RUN 2-3 <<EOF"]],
    [
      "none: a shift",
      "FROM a\nRUN echo $((1<<2))\nRUN z\n",
      ["FROM 1-1 a", "RUN 2-2 echo $((1<<2))", "RUN 3-3 z"],
    ],
    ["none: a text", "FROM a\nRUN cat <<< x\nRUN z\n", ["FROM 1-1 a", "RUN 2-2 cat <<< x", "RUN 3-3 z"]],
    ["none: quoted", 'FROM a\nRUN echo "<<E"\nRUN z\n', ["FROM 1-1 a", 'RUN 2-2 echo "<<E"', "RUN 3-3 z"]],
    ["none: an open quote", "FROM a\nRUN it's <<E\nRUN z\n", ["FROM 1-1 a", "RUN 2-2 it's <<E", "RUN 3-3 z"]],
    ["none: without a name", 'FROM a\nRUN x <<""\nRUN z\n', ["FROM 1-1 a", 'RUN 2-2 x <<""', "RUN 3-3 z"]],
    ["none: JSON", 'FROM a\nRUN ["x", "<<E"]\nRUN z\n', ["FROM 1-1 a", 'RUN 2-2 ["x", "<<E"]', "RUN 3-3 z"]],
    ["none: ENV", "FROM a\nENV A=<<EOF\nRUN z\n", ["FROM 1-1 a", "ENV 2-2 A=<<EOF", "RUN 3-3 z"]],
  ])("%s", (_, text, expected) => {
    expect(outline(text)).toEqual(expected)
  })

  test("parseDockerfile takes linear time for a long line", () => {
    const text = `FROM a\nRUN ${'"\\'.repeat(20_000)}\nRUN ${"--a='".repeat(20_000)}\n`
    expect(cost(() => parseDockerfile(text))).toBeLessThan(1000)
  })
})

test("parseDockerfile removes quotes from leading options", () => {
  const [, run, copy, none] = instructions(
    [
      "FROM a",
      `RUN --mount=type=cache,target="/a b" --mount=type=bind,from=x --network=none pip --no-deps`,
      "COPY --from=x --chown=1:1 /a /b",
      "RUN -- --mount=x",
    ].join("\n"),
  )
  expect(run).toMatchObject({ rest: "pip --no-deps" })
  expect(run && optionOf(run, "mount")).toEqual(["type=cache,target=/a b", "type=bind,from=x"])
  expect(copy && optionOf(copy, "from")).toEqual(["x"])
  expect(none).toMatchObject({ flags: [], rest: "--mount=x" })
})

test("parseDockerfile returns stages and the instructions before the first", () => {
  const { globals, stages } = parseDockerfile(
    "ARG V=3\nFROM --platform=$BUILDPLATFORM python:$V as Builder\nRUN x\nfrom scratch\nCOPY --from=0 /a /\n",
  )
  expect(globals).toMatchObject([{ keyword: "ARG", rest: "V=3" }])
  expect(stages).toMatchObject([
    { index: 0, name: "builder", base: "python:$V", platform: "$BUILDPLATFORM" },
    { index: 1, name: "", base: "scratch" },
  ])
  expect(stages[1]).not.toHaveProperty("platform")
})

describe("runs recognises the command of a RUN", () => {
  const sh = (text: string) => ["/bin/sh", "-c", text]

  test.each([
    ["RUN a \\\n  && b\n", sh("a   && b"), true],
    ["RUN a && b\n", sh("a && c"), false],
    ["RUN a\n", ["a"], false],
    ["RUN a\n", ["/bin/bash", "-ec", "a"], true],
    ['RUN ["a", "b c"]\n', ["a", "b c"], true],
    ['RUN ["a", "b"]\n', sh('["a", "b"]'), false],
    ["RUN ['a']\n", sh("['a']"), true],
    ["RUN <<EOF\na\n b\nEOF\n", sh("a\n b\n"), true],
    ["RUN <<-EOF\n\ta\n\tEOF\n", sh("a\n"), true],
    ["RUN <<EOF\n#!/bin/awk\nx\nEOF\n", sh("/dev/pipes/EOF"), true],
    ["RUN cat <<A && cat <<B\n1\nA\n2\nB\n", sh("cat <<A && cat <<B\n1\nA\n2\nB"), true],
  ])("%s", (text, command, expected) => {
    const [run] = instructions(text)
    expect(run && runs(run, command)).toBe(expected)
  })
})

describe("withEpoch", () => {
  const TEXT = "# syntax=docker/dockerfile:1\nARG V=1\nFROM a:$V \\\n  AS b\nRUN one\nFROM c\nRUN two\n"

  it("sets the time for the commands of every stage", () => {
    const lines = withEpoch(TEXT).split("\n")
    expect(lines[4]).toBe("ARG SOURCE_DATE_EPOCH")
    expect(lines.filter((line) => line.startsWith("ARG SOURCE"))).toHaveLength(2)
    expect(parseDockerfile(withEpoch(TEXT)).stages.map(({ instructions }) => instructions.length)).toEqual([
      3, 3,
    ])
  })

  it("keeps line numbers of messages through originalLine", () => {
    const before = TEXT.split("\n")
    withEpoch(TEXT)
      .split("\n")
      .forEach((line, index) => {
        if (!line.startsWith("ARG SOURCE")) expect(before[originalLine(TEXT, index + 1) - 1]).toBe(line)
      })
  })

  it("leaves a text without a stage unchanged", () => {
    expect(withEpoch("RUN x\n")).toBe("RUN x\n")
  })
})
