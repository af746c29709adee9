import { describe, expect, test } from "vitest"
import { beginnings, excluded, scope, within } from "../../../src/lib/dast/scope.js"

const URL = "https://a.example:8443/base"

/** True if ZAP would scan a path: no exclusion matches the whole URL. */
const looksAt = (path: string, include: string[], exclude: string[]): boolean =>
  excluded(URL, { include, exclude }).every((pattern) => !new RegExp(`^(?:${pattern})$`).test(URL + path))

describe("scope and excluded", () => {
  test.each<[path: string, include: string[], exclude: string[], inScope: boolean]>([
    ["/", [], [], true],
    ["/a/b", [], [], true],
    ["/logout", [], ["/logout"], false],
    ["/logout/now", [], ["/logout"], true],
    ["/xlogout", [], ["/logout"], true],
    ["/a/b", [], ["/a/*"], false],
    ["/a/b/c", [], ["/a/*"], true],
    ["/a/b/c", [], ["/a/**"], false],
    ["/a/b", [], ["/a/"], false],
    ["/api/x", ["/api/**"], [], true],
    ["/apix", ["/api/**"], [], false],
    ["/api", ["/api/**"], [], false],
    ["/api/v1/users/7", ["/api/**/users/*"], [], true],
    ["/api/users/7", ["/api/**/users/*"], [], true],
    ["/api/teams/7", ["/api/**/users/*"], [], false],
    ["/api/x", ["/api/**", "/web/**"], ["/api/x"], false],
    ["/web/x", ["/api/**", "/web/**"], ["/api/x"], true],
    ["/a.b", [], ["/a.b"], false],
    ["/axb", [], ["/a.b"], true],
    ["/a(1)", [], ["/a(?)"], false],
  ])("scope of %s with include %j, exclude %j: %j", (path, include, exclude, inScope) => {
    expect(scope({ include, exclude })(path)).toBe(inScope)
    expect(looksAt(path, include, exclude)).toBe(inScope)
  })

  test("ignore a query", () => {
    expect(looksAt("/logout?next=/", [], ["/logout"])).toBe(false)
    expect(looksAt("/api/x?y=/z", ["/api/*"], [])).toBe(true)
    expect(looksAt("/other?x=/api/x", ["/api/*"], [])).toBe(false)
  })
})

test("beginnings lists the patterns' fixed parts and the health check's path, as far as they are in scope", () => {
  expect(beginnings({ include: [], exclude: [] }, "/health")).toEqual(["/", "/health"])
  expect(beginnings({ include: [], exclude: [] }, "/")).toEqual(["/"])
  expect(beginnings({ include: ["/api/**", "/web/page"], exclude: [] }, "/health")).toEqual([
    "/api/",
    "/web/page",
  ])
  expect(beginnings({ include: [], exclude: ["/health"] }, "/health?deep=1")).toEqual(["/"])
})

test("within doesn't match a host whose name only begins like the service's", () => {
  const pattern = new RegExp(within("http://a.example"))
  expect(pattern.test("http://a.example")).toBe(true)
  expect(pattern.test("http://a.example/x?y")).toBe(true)
  expect(pattern.test("http://a.example.com/x")).toBe(false)
  expect(pattern.test("http://axexample/")).toBe(false)
})
