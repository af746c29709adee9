import { describe, expect, it } from "vitest"
import { lostModule } from "../../../dagger/cli/commands/lostModule.js"

const MARK = "slipway-0d8d6c02-7d5e-4f0a-8a35-6f5a0c1f9f55"

/** As the engine (0.21.8) wrote it in a run of CI. */
const SEEN =
  'Error: query module objects: loading modules: loading extra module "/home/me/slipway": failed to load module: load user defaults: failed to check for inner env file: failed to stat: 02vxd6y4ilzmwuhp9mwzr6s40: not found'

const SHA = `sha256:${"ab".repeat(32)}`

describe("lostModule", () => {
  it.each([
    ["the inner env file", SEEN],
    ["a span's error", `12  : ! ${SEEN.slice("Error: ".length)}`],
    [
      "the outer env file",
      "! load user defaults: failed to load outer env file: 02vxd6y4ilzmwuhp9mwzr6s40: not found",
    ],
    ["a digest", `Error: loading modules: loading module "/m": get module source: ${SHA}: not found`],
  ])("recognizes content that is gone: %s", (_, line) => {
    expect(lostModule(["1 : connect", line, "2 : done"], MARK)).toBe(true)
  })

  it.each([
    ["a module that doesn't exist", 'Error: loading modules: loading module "/m": /m/dagger.json: not found'],
    ["content of the run itself", "Error: load container: 02vxd6y4ilzmwuhp9mwzr6s40: not found"],
    ["another error of a module", 'Error: loading modules: loading module "/m": exit code 1'],
    ["a tool's output", `14  : [0.5s] | ${SEEN}`],
  ])("leaves alone %s", (_, line) => {
    expect(lostModule([line], MARK)).toBe(false)
  })

  it("never repeats a run that began, whatever came before or after", () => {
    const begun = `9  : [0.1s] | ${MARK} {"run":{"id":"1"}}`
    expect(lostModule([SEEN, begun], MARK)).toBe(false)
    expect(lostModule([begun, SEEN], MARK)).toBe(false)
    expect(lostModule([SEEN, `call ci --mark=${MARK}`], MARK)).toBe(true)
  })
})
