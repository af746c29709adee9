import { runInNewContext } from "node:vm"
import { describe, expect, it } from "vitest"
import { madeScript, plainAsk } from "../../../src/lib/load/script.js"

/** Runs a generated script with modules in place of k6's; returns its requests. */
function asked(script: string, env: Record<string, string>, iterations: number): unknown[] {
  const calls: unknown[] = []
  const context = {
    __ENV: env,
    __VU: 0,
    __ITER: 0,
    check: () => true,
    sleep: (seconds: number) => calls.push(seconds),
    http: { get: (...args: unknown[]) => calls.push(args) },
  }
  const body = script.replace(/^import .*$/gm, "").replace("export default function", "function work")
  for (const n of Array.from({ length: iterations }).keys()) {
    context.__ITER = n
    runInNewContext(`(() => { ${body}\nwork() })()`, context)
  }
  return JSON.parse(JSON.stringify(calls)) as unknown[]
}

describe("madeScript", () => {
  it("sends the requests in turn, with a pause", () => {
    const script = madeScript([plainAsk("/a"), plainAsk("/b?c")], 250)
    expect(asked(script, { BASE_URL: "http://x" }, 3)).toEqual([
      ["http://x/a", { headers: {}, tags: { operation: "GET /a" } }],
      0.25,
      ["http://x/b?c", { headers: {}, tags: { operation: "GET /b?c" } }],
      0.25,
      ["http://x/a", { headers: {}, tags: { operation: "GET /a" } }],
      0.25,
    ])
  })

  it("takes the Authorization header from its environment only", () => {
    const script = madeScript([{ ...plainAsk("/"), headers: { "X-Kind": "wav" } }], 0)
    const [[, params]] = asked(script, { BASE_URL: "", LOAD_AUTHORIZATION: "Bearer t" }, 1) as [
      [string, unknown],
    ]
    expect(params).toMatchObject({ headers: { "X-Kind": "wav", Authorization: "Bearer t" } })
    expect(script).not.toContain("Bearer t")
  })

  it("embeds nothing of a document as code", () => {
    const hostile = [
      "`${process.exit()}`",
      '"]; throw 1; [',
      "*/ throw 1 //",
      "\u2028throw 1",
      "</script>",
      "\\",
    ]
    const script = madeScript(hostile.map(plainAsk), 0)
    const paths = asked(script, { BASE_URL: "" }, hostile.length)
      .filter(Array.isArray)
      .map(([path]) => path as string)
    expect(paths).toEqual(hostile)
  })
})
