import { describe, expect, test } from "vitest"
import { stringify } from "yaml"
import { type Reached, startOf } from "../../../src/lib/dast/reached.js"

const everything = { include: [], exclude: [] }

const start = (
  reached: Partial<Reached>,
  active = false,
  dast: { include: string[]; exclude: string[] } = everything,
) => startOf({ answers: [{ path: "/", status: 200 }], ...reached }, { active, dast })

const API = {
  openapi: "3.1.0",
  paths: {
    "/items/{id}": { parameters: [{ name: "id" }], get: {}, delete: {}, put: {} },
    "/login": { post: {} },
    "/logout": { get: {} },
  },
}

const operations = (started: ReturnType<typeof start>): Record<string, string[]> => {
  if ("problem" in started) throw new Error(started.problem)
  const { paths } = JSON.parse(started.document ?? "") as typeof API
  return Object.fromEntries(Object.entries(paths).map(([path, item]) => [path, Object.keys(item)]))
}

test("startOf returns the first path that answers 200", () => {
  const answers = [
    { path: "/", status: 404 },
    { path: "/health", status: 200 },
  ]
  expect(start({ answers })).toEqual({ path: "/health", note: "none" })
})

test("startOf reports a path that can't be reached, whatever the others answer", () => {
  const answers = [{ path: "/", status: 0, problem: "Connection refused" }]
  expect(start({ answers })).toEqual({ problem: "it can't be reached: Connection refused" })
  expect(start({ answers: [] })).toEqual({ problem: "it can't be reached: nothing was asked" })
})

test("startOf finds nothing to scan for a service without a good answer or a document", () => {
  const answers = [
    { path: "/", status: 404 },
    { path: "/health", status: 503 },
  ]
  expect(start({ answers })).toEqual({
    problem:
      "there is nothing to begin with: no path answers 200 (/ 404, /health 503), and it names no OpenAPI document",
  })
  expect(start({ answers, document: JSON.stringify(API) })).not.toHaveProperty("path")
})

describe("startOf with an OpenAPI document", () => {
  test("drops operations that change data, unless the scan is active", () => {
    const document = JSON.stringify(API)
    const looked = start({ document })
    expect(operations(looked)).toEqual({
      "/items/{id}": ["parameters", "get"],
      "/login": [],
      "/logout": ["get"],
    })
    expect(looked).toMatchObject({ note: "2 operations, without 3 that may change data" })
    const attacked = start({ document }, true)
    expect(operations(attacked)["/items/{id}"]).toEqual(["parameters", "get", "delete", "put"])
    expect(attacked).toMatchObject({ note: "5 operations" })
  })

  test("drops operations that are out of scope", () => {
    const document = JSON.stringify(API)
    const started = start({ document }, false, { include: ["/items/**"], exclude: [] })
    expect(Object.keys(operations(started))).toEqual(["/items/{id}"])
    expect(started).toMatchObject({ note: "1 operation, without 2 that may change data, 2 paths left out" })
    expect(Object.keys(operations(start({ document }, true, { include: [], exclude: ["/logout"] })))).toEqual(
      ["/items/{id}", "/login"],
    )
  })

  test("accepts YAML", () => {
    expect(operations(start({ document: stringify(API) }))).toHaveProperty("/login", [])
  })

  test.each(["{", "[]", '{"openapi": "3.1.0"}', "just text", "a: &a [*a, *a]", "\t:"])(
    "returns an error for an invalid one: %j",
    (document) => {
      expect(start({ document })).toEqual({
        problem: "its OpenAPI document is neither JSON nor YAML with paths",
      })
    },
  )
})
