import { describe, expect, it, test } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { entryEnvironments, environmentOf, environmentsOf } from "../../../src/lib/config/environments.js"
import { checkConfig, formatProblem, parseConfig } from "../../../src/lib/config/parse.js"
import { ownerOf, ownVariable } from "../../../src/lib/text/variables.js"

const problemsOf = (text: string): string[] =>
  checkConfig(text).problems.map((problem) => formatProblem(problem))

const deployOf = (yaml: string) => parseConfig(`deploy: { ${yaml} }\n`).deploy
const THREE = "environments: [qa, staging, pre-prod]"

describe("the environments of a file", () => {
  test.each([
    ["", ["staging", "production"]],
    ["environments: []", ["staging", "production"]],
    ["environments: [production]", ["staging", "production"]],
    ["environments: [production, staging]", ["staging", "production"]],
    ["environments: [qa]", ["qa"]],
    [THREE, ["qa", "staging", "pre-prod"]],
  ])("of %j are known in order", (yaml, names) => {
    expect(environmentsOf(deployOf(yaml))).toEqual(names)
  })

  it("are keys and values wherever the default ones are", () => {
    const config = parseConfig(`deploy:
  ${THREE}
  url: { pre-prod: https://pre.example.com }
  namespace: { qa: api-qa }
  drift: { qa: ignore }
  entry: { version: staging }
notify: { environments: [qa] }
cleanup: { environments: [pre-prod] }
load: { stress: { percent: { qa: 50 } } }
dast: { schedule: { qa: false } }
`)
    expect(config.deploy.namespace).toEqual({ qa: "api-qa" })
    expect(config.deploy.drift).toEqual({ qa: "ignore", staging: "warn", "pre-prod": "enforce" })
    expect(config.deploy.releases).toEqual({ qa: "any", staging: "any", "pre-prod": "version" })
    expect(config.load.stress.percent).toEqual({ qa: 50, staging: 100, "pre-prod": 25 })
    expect(parseConfig(`deploy: { ${THREE} }`).notify.environments).toEqual(["qa", "staging", "pre-prod"])
  })

  it("are the only ones that it may name", () => {
    expect(problemsOf(`deploy: { ${THREE}, url: { production: https://x.example.com } }`)).toEqual([
      "slipway.yaml:1:57: deploy.url.production: unknown key; expected one of qa, staging, pre-prod",
    ])
    expect(problemsOf(`deploy: { ${THREE}, entry: { version: prod } }`)).toEqual([
      expect.stringMatching(/deploy\.entry\.version: expected one of qa, staging, pre-prod, received "prod"/),
    ])
    expect(problemsOf("deploy: { url: { qa: https://x.example.com } }")).toEqual([
      expect.stringMatching(/deploy\.url\.qa: unknown key; expected one of staging, production/),
    ])
  })

  test.each(["Prod", "1st", "a_b", "plan", "maintenance", "checks", "a-", "x".repeat(41)])(
    "aren't %j",
    (name) => {
      expect(problemsOf(`deploy: { environments: ["${name}"] }`)).toEqual([
        expect.stringMatching(/deploy\.environments\[0\]: expected an environment's name/),
      ])
    },
  )

  it("are known by environmentOf alone", () => {
    expect(environmentOf("qa", deployOf(THREE))).toBe("qa")
    expect(() => environmentOf("production", deployOf(THREE))).toThrow(/unknown environment "production"/)
    expect(() => environmentOf("qa", DEFAULTS.deploy)).toThrow("choose one of staging, production")
  })
})

describe("entryEnvironments", () => {
  test.each([
    ["", "staging", "staging", "production"],
    ["environments: [production]", "staging", "staging", "production"],
    ["environments: [dev, live]", "dev", "dev", "live"],
    [THREE, "qa", "qa", "qa"],
    [`${THREE}, entry: { prerelease: staging, version: pre-prod }`, "qa", "staging", "pre-prod"],
  ])("of %j", (yaml, develop, prerelease, version) => {
    expect(entryEnvironments(deployOf(yaml))).toEqual({ develop, prerelease, version })
  })
})

it("secrets of an environment have its name before theirs, the longest first", () => {
  expect(ownVariable("pre-prod", "KUBECONFIG")).toBe("PRE_PROD_KUBECONFIG")
  expect(ownerOf("PRE_PROD_KUBECONFIG", ["pre", "pre-prod"])).toBe("pre-prod")
  expect(ownerOf("PRE_KUBECONFIG", ["pre", "pre-prod"])).toBe("pre")
  expect(ownerOf("KUBECONFIG", ["pre", "pre-prod"])).toBeUndefined()
})
