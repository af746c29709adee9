import { cpSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { gateArguments } from "../../../dagger/cli/commands/gateBase.js"
import { selectedServices } from "../../../dagger/cli/commands/services.js"
import { oneService, servicesIn, settingsOf } from "../../../dagger/cli/commands/sourceFolder.js"
import { Repository } from "../gates/repository.js"

const FIXTURE = resolve(import.meta.dirname, "../../fixtures/services")

const repository = new Repository({})
beforeAll(() => {
  cpSync(FIXTURE, repository.path, { recursive: true })
  repository.commit({})
  repository.git("switch", "--quiet", "-c", "feature/x")
})
afterAll(() => {
  repository.remove()
})

/** The services that run for these files, changed on a branch, with the reasons of all. */
async function selected(files: Record<string, string>, event = "push", ref = "refs/heads/feature/x") {
  repository.git("reset", "--quiet", "--hard", "main")
  repository.git("clean", "--quiet", "-fd")
  if (event === "local") repository.write(files)
  else repository.commit(files)
  const services = await selectedServices(repository.path, { event, ref })
  return {
    runs: services.filter(({ chosen }) => chosen).map(({ name }) => name),
    why: services.map(({ why }) => why),
  }
}

describe("the services that ci runs", () => {
  it("are the one that changed", async () => {
    const { runs, why } = await selected({ "services/api/api.py": "A = 1\n" })
    expect(runs).toEqual(["api"])
    expect(why).toEqual(["services/api/api.py changed since main", "no change since main touches it"])
  })

  it.each(["push", "local"])("are all that use the library that changed, in a %s run", async (event) => {
    const { runs } = await selected({ "libs/mixer/src/mixer/new.py": "A = 1\n" }, event)
    expect(runs).toEqual(["api", "worker"])
  })

  it("are none for a README", async () => {
    expect((await selected({ "README.md": "# New\n" })).runs).toEqual([])
  })

  it("are all without a change", async () => {
    const { runs, why } = await selected({}, "local")
    expect(runs).toEqual(["api", "worker"])
    expect(why[0]).toBe("every service runs: nothing differs from main")
  })

  it.each([
    ["tag", "refs/tags/v1.2.3"],
    ["schedule", "refs/heads/main"],
    ["manual", "refs/heads/main"],
  ])("are all for a %s", async (event, ref) => {
    expect((await selected({ "README.md": "# New\n" }, event, ref)).runs).toEqual(["api", "worker"])
  })

  it("are all on request", async () => {
    await selected({ "README.md": "# New\n" })
    const services = await selectedServices(repository.path, { event: "local", all: true })
    expect(services.every(({ chosen }) => chosen)).toBe(true)
  })
})

describe("a service of a folder", () => {
  it("has the root's settings and its name", () => {
    expect(servicesIn(repository.path).map(({ path }) => path)).toEqual(["services/api", "services/worker"])
    expect(settingsOf(repository.path, "worker")).toContain("name: worker")
    expect(settingsOf(repository.path, "worker")).not.toContain("services/worker")
  })

  it("has to be chosen where there are several", () => {
    expect(() => oneService(repository.path, undefined)).toThrow(
      /several services: api, worker\n→ choose one: --service api/,
    )
    expect(oneService(repository.path, "worker")).toBe("worker")
    expect(oneService(join(repository.path, "services/api"), undefined)).toBeUndefined()
  })

  it("is compared with the base of itself alone", async () => {
    await selected({ "services/api/api.py": "A = 1\n" })
    const args = gateArguments(repository.path, { event: "push", ref: "refs/heads/feature/x" }, {}, "api")
    const base = args.find((word) => word.startsWith("--base="))?.slice("--base=".length) ?? ""
    expect(readFileSync(join(base, "api.py"), "utf8")).toContain("def level")
    expect(readFileSync(join(base, "slipway.yaml"), "utf8")).toContain("name: api")
  })
})
