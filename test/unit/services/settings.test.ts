import { describe, expect, it } from "vitest"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { servicePlace } from "../../../src/lib/services/places.js"
import { mergedSettings } from "../../../src/lib/services/settings.js"

const API = { name: "api", path: "services/api" }
const SERVICES = "services: {api: services/api, worker: services/worker}\n"

const merged = (root: string, own = "", place = API) =>
  parseConfig(mergedSettings(root, own, place) || undefined)

describe("a service's settings", () => {
  it("are the root's, with its own over them key by key", () => {
    const root = `${SERVICES}tests: {coverage: {above: 60}, reruns: 2}\nparallel: 4\n`
    const { tests, parallel, timeout } = merged(root, "tests: {coverage: {above: 90}}\ntimeout: 5m\n")
    expect([tests.coverage.above, tests.reruns, parallel, timeout]).toEqual([90, 2, 4, 300])
  })

  it("replace lists and don't append to them", () => {
    expect(
      merged("quality: {checks: [black, mypy]}\n", "quality: {checks: [bandit]}\n").quality.checks,
    ).toEqual(["bandit"])
  })

  it("have the declared name, which its own file can change", () => {
    expect(merged(SERVICES).name).toBe("api")
    expect(merged(SERVICES, "name: api-v2\n").name).toBe("api-v2")
  })

  it("don't take the root's own name, services, shared folders and wrappers", () => {
    const root = "name: all\nshared: [libs]\nwrappers: {hosts: [github]}\n"
    expect(mergedSettings(root, "", API)).toBe("")
  })

  it("understand old names in both files", () => {
    const config = merged("deploy: {slow: 1s}\n", "deploy: {latencyP95: 3s}\n")
    expect(config.deploy.latencyP95).toBe(3)
  })

  it("keep a null section from taking the root's away", () => {
    expect(merged("tests: {reruns: 3}\n", "tests:\n").tests.reruns).toBe(3)
  })

  it("publish each service to a repository of its own", () => {
    const root = `${SERVICES}release: {registry: registry.example.com}\n`
    expect(merged(root).release.repository).toBeUndefined()
    expect(merged(root, "release: {repository: team/other}\n").release).toMatchObject({
      registry: "registry.example.com",
      repository: "team/other",
    })
    expect(() => merged(`${SERVICES}release: {registry: a.example, repository: both}\n`)).toThrow(
      /slipway.yaml has 1 problem:\s+release.repository: all services would be published to one repository/,
    )
  })

  it("name the file of a problem", () => {
    expect(() => merged("paralel: 1\n")).toThrow(/^slipway.yaml has 1 problem/)
    expect(() => merged("", "paralel: 1\n")).toThrow(/services\/api\/slipway.yaml:1:1: paralel: unknown key/)
    expect(() => merged("", "services: {a: b}\nwrappers: {hosts: [github]}\n")).toThrow(
      /services\/api\/slipway.yaml has 2 problems:\s+services: belongs .*\s+wrappers: belongs/,
    )
  })
})

describe("servicePlace", () => {
  const root = parseConfig(SERVICES)

  it("finds a service by name or folder", () => {
    expect(servicePlace("api", root)).toEqual(API)
    expect(servicePlace("services/api", root)).toEqual(API)
    expect(servicePlace("./services/api/", root)).toEqual(API)
  })

  it("takes a folder that isn't declared", () => {
    expect(servicePlace("./tools", root)).toEqual({ name: "tools", path: "tools" })
    expect(servicePlace("apps/web", root)).toEqual({ name: "web", path: "apps/web" })
    expect(servicePlace("api", parseConfig(undefined))).toEqual({ name: "api", path: "api" })
  })

  it("refuses an unknown name and folders outside", () => {
    expect(() => servicePlace("ap", root)).toThrow(/unknown service "ap"\n→ choose one of api, worker/)
    for (const outside of ["../x", "/etc", "a/../../b", "-x", "a*/b", "./", ""])
      expect(() => servicePlace(outside, root)).toThrow(/UNKNOWN_SERVICE/)
  })
})
