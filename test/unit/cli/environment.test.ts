import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { chosenEnvironment } from "../../../dagger/cli/commands/environment.js"

const source = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(source, { recursive: true, force: true }))
const settings = (text: string) => writeFileSync(join(source, "slipway.yaml"), text)

describe("chosenEnvironment", () => {
  it("knows the names of the service's settings, and takes the first or the last without one", () => {
    settings("deploy: { environments: [qa, staging, live] }\n")
    expect(chosenEnvironment(source, undefined, "qa", "last")).toBe("qa")
    expect(chosenEnvironment(source, undefined, undefined, "first")).toBe("qa")
    expect(chosenEnvironment(source, undefined, undefined, "last")).toBe("live")
    expect(chosenEnvironment(source, undefined, undefined)).toBeUndefined()
    expect(() => chosenEnvironment(source, undefined, "production")).toThrow(
      /unknown environment "production"[^]*choose one of qa, staging, live/,
    )
  })

  it("leaves the check to the module where only that can read the settings", () => {
    settings("deploy: { environments: [1] }\n")
    expect(chosenEnvironment(source, undefined, "qa", "first")).toBe("qa")
    expect(chosenEnvironment("https://git.example.com/a.git", undefined, "qa", "first")).toBe("qa")
    expect(chosenEnvironment("https://git.example.com/a.git", undefined, undefined, "last")).toBe(
      "production",
    )
  })
})
