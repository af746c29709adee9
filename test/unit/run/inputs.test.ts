import { expect, it } from "vitest"
import { callModule } from "../../../dagger/module/call.js"
import { flagOf, MODULE_FLAGS } from "../../../src/lib/run/inputs.js"

it.each(["-m ../slipway", "--mod=../slipway", "--mod ../slipway", "--load-module=../slipway"])(
  "flagOf reads the module of a call with %s",
  (flag) => {
    expect(flagOf(`dagger call ${flag} --source=. quality`, ...MODULE_FLAGS)).toBe("../slipway")
  },
)

it("callModule names the module by the flag that Dagger 0.21 and 1.0 share", () => {
  const [command, flag] = callModule("/service")
  expect([command, flag]).toEqual(["call", "-m"])
})
