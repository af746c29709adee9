import { describe, expect, it, test } from "vitest"
import { withOwnCaches } from "../../../src/lib/image/cacheMounts.js"
import { optionOf, parseDockerfile } from "../../../src/lib/image/dockerfile.js"
import { mountsOf } from "../../../src/lib/image/plan.js"
import { cost } from "../cost.js"

const OURS = "slipway/fork-1/mount"
const VICTIM = "slipway/protected-1/mount//root/.cache/pip"
const built = (lines: string) => withOwnCaches(`FROM a\n${lines}\n`, OURS)
const runsOf = (text: string) => parseDockerfile(text).stages[0]?.instructions.slice(1) ?? []
/** The ids of all caches in a text, as our parser reads them. */
const ids = (text: string) =>
  runsOf(text).flatMap((run) => mountsOf(run).flatMap(({ type, id }) => (type === "cache" ? [id] : [])))

describe("withOwnCaches", () => {
  it.each([
    ["a cache by its target", "RUN --mount=type=cache,target=/c x", "/c"],
    ["a cache by its id", "RUN --mount=target=/c,id=pip,type=cache x", "pip"],
    ["one in capitals", "run --mount=TYPE=Cache,dst=/c,ID=pip x", "pip"],
    ["an empty id", "RUN --mount=type=cache,id=,target=/c x", "/c"],
    ["the last of two ids", `RUN --mount=type=cache,id=a,target=/c,id=${VICTIM} x`, VICTIM],
    ["an id in quotes", `RUN --mount="type=cache,target=/c,id=${VICTIM}" x`, VICTIM],
    ["an id with escapes", "RUN --mount=type=cache,target=/a\\ b,id=p\\\\q x", "p\\q"],
    ["an id by a variable", "RUN --mount=type=cache,target=/c,id=$ID x", "$ID"],
    ["a later option", "RUN --network=none --mount=type=cache,target=/c x", "/c"],
    ["an option on the next line", "RUN \\\n # why\n  --mount=type=cache,target=/c \\\n x", "/c"],
    ["an option cut in two", "RUN --mount=type=cache,\\\ntarget=/c x", "/c"],
    [
      "an option with a no-break space",
      "RUN --mount=type=cache,target=/\u00e0--mount=type=bind x",
      "/\u00e0--mount=type=bind",
    ],
  ])("moves %s below its prefix", (_, lines, id) => {
    const [mount] = mountsOf(runsOf(built(lines))[0] ?? ({ flags: [] } as never))
    expect(mount?.id).toBe(`${OURS}/${id}`)
  })

  it("adds an id where only the engine knows the type", () => {
    for (const mount of ["type=$T,target=/c,id=v", '\\"type=cache\\",target=/c,id=v'])
      expect(built(`RUN --mount=${mount} x`)).toContain(`,id=${OURS}/v`)
  })

  it("treats what a base image runs for others as well", () => {
    expect(built("ONBUILD RUN --mount=type=cache,target=/c x")).toContain(
      `ONBUILD RUN --mount="type=cache,target=/c,id=${OURS}//c" x`,
    )
  })

  it("leaves all else as it is", () => {
    const text = [
      "# syntax=docker/dockerfile:1",
      "FROM a AS b",
      "RUN x \\",
      "  && y --mount=type=cache,target=/c",
      "COPY --from=b /a /b",
      "ONBUILD COPY . /app",
      'RUN ["a", "--mount=type=cache"]',
      "RUN <<EOF",
      "RUN --mount=type=cache,target=/c x",
      "EOF",
      "",
    ].join("\n")
    expect(withOwnCaches(text, OURS)).toBe(text)
    const mounts = "--mount=type=secret,id=T --mount=type=bind,target=/s,from=b --mount=type=tmpfs,target=/t"
    const [run] = runsOf(built(`RUN ${mounts} x`))
    expect(run && optionOf(run, "mount")).toEqual([
      "type=secret,id=T",
      "type=bind,target=/s,from=b",
      "type=tmpfs,target=/t",
    ])
  })

  it("keeps the lines, commands and here-documents", () => {
    const text = `FROM a\nRUN --mount=type=cache,target=/c \\\n  one \\\n  # why\n  two <<A <<B\n1\nA\n2\nB\nRUN y\n`
    const [before, after] = [text, withOwnCaches(text, OURS)].map((each) => runsOf(each))
    expect(after?.map(({ rest, heredocs, endLine }) => ({ rest, heredocs, endLine }))).toEqual(
      before?.map(({ rest, heredocs, endLine }) => ({ rest, heredocs, endLine })),
    )
    expect(after?.map(({ line }) => line)).toEqual([5, 10])
    expect(withOwnCaches(text.replaceAll("\n", "\r\n"), OURS).split("\n")).toHaveLength(
      text.split("\n").length,
    )
  })

  // Each is read by the engine as a cache of somebody else's, if it is left as it is.
  it.each([
    ["a quote that isn't closed", `RUN --mount="type=cache,target=/c,id=${VICTIM} x`],
    ["a quote that isn't closed, later", `RUN --network=none --mount='type=cache,target=/c,id=${VICTIM} x`],
    [
      "a backslash before a line break of another kind",
      `RUN --network=none \\\v\n--mount=type=cache,target=/c,id=${VICTIM} x`,
    ],
    ["the same without an option before it", `RUN -- \\\f\n--mount=type=cache,target=/c,id=${VICTIM} x`],
  ])("gives no option to the engine by %s", (_, lines) => {
    const text = built(lines)
    expect(ids(text)).toEqual([])
    for (const line of text.split("\n").filter((each) => each.startsWith("RUN")))
      expect(line).toMatch(/^RUN (--\w+="[^"]*" )*(-- )?(?!--).*$|^RUN (--\w+="[^"]*" )*-- --/s)
    expect(text).not.toMatch(/\\[ \t]*\n/)
  })
})

test("withOwnCaches takes linear time", () => {
  const line = `RUN ${'--mount=type=cache,target=/c,id="\\\\\\" '.repeat(5000)}x`
  expect(cost(() => built(line))).toBeLessThan(1000)
})
