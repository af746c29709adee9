import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { type Asks, readOpenApi } from "../../../src/lib/load/openapi.js"

const document = (paths: unknown, rest: Record<string, unknown> = {}) => ({
  openapi: "3.1.0",
  paths,
  ...rest,
})

const read = (given: unknown): Asks => {
  const asks = readOpenApi(JSON.stringify(given))
  if (typeof asks === "string") throw new Error(asks)
  return asks
}

const ask = (name: string, path = name.replace("GET ", "")) => ({ name, path, headers: {}, secured: false })

describe("readOpenApi", () => {
  it("returns GETs without parameters, and no other methods", () => {
    const paths = {
      "/health": { get: {} },
      "/jobs": { post: {}, get: { responses: {} } },
      "/x": { delete: {} },
    }
    expect(read(document(paths))).toEqual({ asks: [ask("GET /health"), ask("GET /jobs")], skipped: [] })
    expect(readOpenApi(stringify(document(paths)))).toEqual(read(document(paths)))
    expect(
      read({ ...document(paths), openapi: undefined, swagger: "2.0", basePath: "/v2/" }).asks[0]?.path,
    ).toBe("/v2/health")
  })

  it("fills in examples of parameters, an operation's before its path's", () => {
    const parameters = [
      { name: "id", in: "path", required: true, schema: { type: "string" }, example: "a b/c" },
      { name: "q", in: "query", schema: { enum: ["new&all"] } },
      { name: "page", in: "query", schema: { default: 2 } },
      { name: "other", in: "query", schema: { type: "string" } },
      { name: "X-Kind", in: "header", required: true, examples: { one: { value: "wav" } } },
    ]
    const paths = {
      "/jobs/{id}": {
        parameters: [{ name: "id", in: "path", example: "of the path" }],
        get: { parameters: [{ $ref: "#/components/parameters/Trace" }, ...parameters] },
      },
    }
    const components = { parameters: { Trace: { name: "trace", in: "query", schema: { examples: [true] } } } }
    expect(read(document(paths, { components })).asks).toEqual([
      {
        name: "GET /jobs/{id}",
        path: "/jobs/a%20b%2Fc?trace=true&q=new%26all&page=2",
        secured: false,
        headers: { "X-Kind": "wav" },
      },
    ])
  })

  it("lists skipped operations with reasons", () => {
    const paths = {
      "/a/{id}": { get: { parameters: [{ name: "id", in: "path" }] } },
      "/b/{id}": { get: {} },
      "/c": { get: { deprecated: true } },
      "/d": { get: { parameters: [{ name: "sid", in: "cookie", required: true, example: "x" }] } },
    }
    expect(read(document(paths))).toEqual({
      asks: [],
      skipped: [
        'GET /a/{id}: the document has no example of "id" (path)',
        "GET /b/{id}: the document doesn't tell all that stands in its path",
        "GET /c: it is deprecated",
        'GET /d: it needs the cookie "sid"',
      ],
    })
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`/${n}`, { get: {} }]))
    expect(read(document(many)).asks).toHaveLength(50)
    expect(read(document(many)).skipped).toHaveLength(10)
  })

  it("detects required authorization, of an operation before the document's", () => {
    const paths = {
      "/a": { get: {} },
      "/b": { get: { security: [] } },
      "/c": { get: { security: [{}, { key: [] }] } },
    }
    const secured = read(document(paths, { security: [{ key: [] }] })).asks.map((each) => each.secured)
    expect(secured).toEqual([true, false, false])
  })

  it("prepends the path of the server, which may have variables", () => {
    const server = {
      url: "https://{host}/{version}",
      variables: { host: { default: "a" }, version: { default: "v1" } },
    }
    expect(read(document({ "/x": { get: {} } }, { servers: [server] })).asks[0]?.path).toBe("/v1/x")
    expect(read(document({ "/x": { get: {} } }, { servers: [{ url: "/api/" }] })).asks[0]?.path).toBe(
      "/api/x",
    )
    expect(read(document({ "/x": { get: {} } }, { servers: [{ url: "http://[" }] })).asks[0]?.path).toBe("/x")
  })

  it("never sets a header with credentials or with several lines", () => {
    const parameters = ["Authorization", "Cookie", "Host", "X-Bad", "X Space"].map((name) => ({
      name,
      in: "header",
      example: name === "X-Bad" ? "a\nb" : "x",
    }))
    expect(read(document({ "/x": { get: { parameters } } })).asks[0]?.headers).toEqual({})
  })

  it.each([
    ["{", "it is neither JSON nor YAML"],
    ["[]", 'it has no "openapi" in it'],
    ["<html></html>", "it is neither JSON nor YAML"],
    ["{}", 'it has no "openapi" in it'],
    ["a: &a [*a, *a]", 'it has no "openapi" in it'],
    [" ".repeat(10_000_001), "it is larger than 10 MB"],
  ])("refuses %j", (text, reason) => {
    expect(readOpenApi(text)).toBe(reason)
  })

  it("accepts references in circles and to nothing, and values of any type", () => {
    const circle = { $ref: "#/components/parameters/A" }
    const paths = {
      "/a": {
        get: { parameters: [circle, { $ref: "https://elsewhere.example/x" }, { $ref: "#/__proto__/x" }, 7] },
      },
      "/b": null,
      c: { get: {} },
      "/d": { get: "no" },
    }
    const asks = read(
      document(paths, { components: { parameters: { A: circle } }, servers: "x", security: "x" }),
    )
    expect(asks.asks.map(({ path }) => path)).toEqual(["/a"])
  })
})
