import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { checkConfig, configWarnings, formatProblem, parseConfig } from "../../../src/lib/config/parse.js"

/** By the old spelling: the current one, and the warning. */
const RENAMED: Record<string, [current: string, warning: string]> = {
  "load: {stress: {bears: 5}}": [
    "load: {stress: {minimumUsers: 5}}",
    '1:17: load.stress.bears: renamed; write "minimumUsers"',
  ],
  "image: {unfixed: named}": [
    "image: {unfixed: report}",
    '1:18: image.unfixed: "named" was renamed; write report',
  ],
  "image: {unfixed: fails}": [
    "image: {unfixed: fail}",
    '1:18: image.unfixed: "fails" was renamed; write fail',
  ],
  "release: {log: on}": ["release: {log: true}", '1:16: release.log: "on" was renamed; write true'],
  'release: {log: "off"}': ["release: {log: false}", '1:16: release.log: "off" was renamed; write false'],
  "deploy: {slow: 1s}": ["deploy: {latencyP95: 1s}", '1:10: deploy.slow: renamed; write "latencyP95"'],
  "deploy: {errors: {above: 1}}": [
    "deploy: {errors: {maxPercent: 1}}",
    '1:19: deploy.errors.above: renamed; write "maxPercent"',
  ],
  "deploy: {verify: {staging: refuse}}": [
    "deploy: {verify: {staging: enforce}}",
    '1:28: deploy.verify.staging: "refuse" was renamed; write enforce',
  ],
  "deploy: {verify: {production: name}}": [
    "deploy: {verify: {production: warn}}",
    '1:31: deploy.verify.production: "name" was renamed; write warn',
  ],
  "deploy: {proof: {required: {staging: yes}}}": [
    "deploy: {proof: {required: {staging: true}}}",
    '1:38: deploy.proof.required.staging: "yes" was renamed; write true',
  ],
  "dast: {active: {staging: no}}": [
    "dast: {active: {staging: false}}",
    '1:26: dast.active.staging: "no" was renamed; write false',
  ],
  "cleanup: {apply: yes}": ["cleanup: {apply: true}", '1:18: cleanup.apply: "yes" was renamed; write true'],
}

describe("configWarnings", () => {
  test.each(Object.entries(RENAMED))(
    "names the successor of %s, which still works",
    (old, [current, warning]) => {
      expect(parseConfig(old)).toEqual(parseConfig(current))
      expect(configWarnings(old)).toEqual([`slipway.yaml:${warning}`])
      expect(configWarnings(current)).toEqual([])
    },
  )

  test("lists every old name in the order of the file, as the file has it", () => {
    const text =
      "image: {unfixed: fails}\ndeploy:\n  verify: {staging: refuse, production: name}\n  slow: 1s\n"
    expect(configWarnings(text, "api/slipway.yaml")).toEqual([
      'api/slipway.yaml:1:18: image.unfixed: "fails" was renamed; write fail',
      'api/slipway.yaml:3:21: deploy.verify.staging: "refuse" was renamed; write enforce',
      'api/slipway.yaml:3:41: deploy.verify.production: "name" was renamed; write warn',
      'api/slipway.yaml:4:3: deploy.slow: renamed; write "latencyP95"',
    ])
  })

  test("is empty for no file, and for one that can't be read", () => {
    expect(configWarnings(undefined)).toEqual([])
    expect(configWarnings("deploy: {slow: 1s}\nnmae: a\n")).toEqual([])
  })

  test.each(["null", "[]", "deploy:", "deploy: [slow]", "deploy: {errors: above, 1: 2}", "{[a]: b}"])(
    "is empty for %s",
    (text) => {
      expect(configWarnings(text)).toEqual([])
    },
  )
})

describe("checkConfig", () => {
  const problemsOf = (text: string) => checkConfig(text).problems.map((problem) => formatProblem(problem))

  test.each([
    ["deploy: {slow: 1s, latencyP95: 2s}", '1:10: deploy.slow: renamed to "latencyP95"'],
    ["deploy: {errors: {maxPercent: 2, above: 1}}", '1:34: deploy.errors.above: renamed to "maxPercent"'],
  ])("refuses both spellings at once: %s", (text, problem) => {
    expect(problemsOf(text)).toEqual([`slipway.yaml:${problem}, which is set as well; remove one of them`])
  })

  test("reports a wrong value below an old name under the current one", () => {
    expect(problemsOf("deploy: {errors: {above: 101}}")).toEqual([
      "slipway.yaml:1:26: deploy.errors.maxPercent: expected a whole number from 0 to 100, received the number 101",
    ])
  })

  test("reports a duplicate old name", () => {
    expect(problemsOf("deploy: {slow: 1s, slow: 2s}")).toEqual([
      "slipway.yaml:1:20: deploy.latencyP95: duplicate key, first on line 1",
    ])
  })
})

test("slipway.schema.json has no old name", () => {
  const schema = readFileSync(new URL("../../../slipway.schema.json", import.meta.url), "utf8")
  expect(schema).not.toMatch(/"(bears|slow|named|fails|refuse|yes|no|on|off)"|deploy\.errors\.above/)
})
