import { describe, expect, it, test } from "vitest"
import { SlipwayError } from "../../../src/lib/errors/catalogue.js"
import {
  chosenTargets,
  findRoots,
  forEnvironment,
  normalisePath,
  type InfraTarget,
  targetFolder,
  targetName,
  infraTargets,
} from "../../../src/lib/infra/roots.js"

const SETTINGS = { variables: ["{environment}.tfvars"], backend: ["{environment}.tfbackend"] }
const call = (...sources: string[]): string =>
  sources.map((source, index) => `module "m${index}" {\n  source = "${source}"\n}\n`).join("")

describe("findRoots", () => {
  test.each<[what: string, texts: Record<string, string>, roots: string[]]>([
    ["nothing", {}, []],
    ["no configuration", { "README.md": "", "a/x.tfvars": "", "b/x.tftest.hcl": "", "c/tf": "" }, []],
    ["the top", { "main.tf": "", "variables.tf": "" }, ["."]],
    [
      "one with modules",
      { "terraform/azure/main.tf": call("../modules/net"), "terraform/modules/net/main.tf": "" },
      ["terraform/azure"],
    ],
    [
      "one for each environment, with a module of any name",
      {
        "terraform/environments/staging/main.tf": call("../../service"),
        "terraform/environments/production/main.tf": call("../../service"),
        "terraform/service/main.tf": call("./parts/db", "./parts//cache/"),
        "terraform/service/parts/db/main.tf": "",
        "terraform/service/parts/cache/main.tf": "",
      },
      ["terraform/environments/production", "terraform/environments/staging"],
    ],
    ["JSON", { "a/main.tf.json": '{"module": {"m": {"source": "../b"}}}', "b/main.tf.json": "{}" }, ["a"]],
    ["OpenTofu's own", { "a/main.tofu": call("../b"), "b/x.tofu.json": "" }, ["a"]],
    ["on one line", { "main.tf": 'module "m" { source = "./m" }', "m/main.tf": "" }, ["."]],
    ["the folder above", { "a/b/main.tf": call(".."), "a/main.tf": "" }, ["a/b"]],
    ["one that calls itself", { "a/main.tf": call("./", "../a", "."), "b/main.tf": call(".") }, ["a", "b"]],
    [
      "calls in comments",
      { "main.tf": `# source = "./a"\n  // source = "./b"\n`, "a/x.tf": "", "b/x.tf": "" },
      [".", "a", "b"],
    ],
    [
      "calls of others",
      { "main.tf": call("hashicorp/a/b", "git::https://x//a", "a"), "a/x.tf": "" },
      [".", "a"],
    ],
    ["calls out of the source", { "a/main.tf": call("../../b", "../../../a"), "b/main.tf": "" }, ["a", "b"]],
    [
      "folders of modules, examples and tests",
      { "modules/a/x.tf": "", "examples/x.tf": "", "a/tests/x.tf": "", "a/.terraform/modules/m/x.tf": "" },
      [],
    ],
    [
      "odd names",
      { "__proto__/x.tf": "", "a b/*.tf": "", "constructor/x.tf": "" },
      ["__proto__", "a b", "constructor"],
    ],
  ])("finds roots: %s", (_, texts, roots) => {
    expect(findRoots(texts)).toEqual(roots)
  })

  it("takes linear time", () => {
    const before = process.cpuUsage()
    for (const unit of [" ", "\n", "source", "source ", "#", 'source = "./', 'source="./a"', "source\n"])
      findRoots({ "main.tf": unit.repeat(5e5 / unit.length) })
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000, "milliseconds").toBeLessThan(20_000)
  }, 60_000)
})

describe("infraTargets", () => {
  const of = (roots: string[], files: string[], settings: Partial<Parameters<typeof infraTargets>[2]> = {}) =>
    infraTargets(roots, files, { ...SETTINGS, ...settings })
  const names = (...args: Parameters<typeof of>): string[] => of(...args).map(targetName)

  it("returns the default environment for a root without environments", () => {
    expect(of(["a"], ["a/main.tf", "a/terraform.tfvars"])).toEqual([
      { environment: "default", root: "a", variables: [], backend: [] },
    ])
  })

  it("returns the environments that a root has files for", () => {
    const files = [
      "a/main.tf",
      "a/staging.tfvars",
      "a/production.tfbackend",
      "./a/production.tfvars",
      "b/x.tf",
    ]
    expect(of(["a", "b"], files)).toEqual([
      {
        environment: "production",
        root: "a",
        variables: ["production.tfvars"],
        backend: ["production.tfbackend"],
      },
      { environment: "staging", root: "a", variables: ["staging.tfvars"], backend: [] },
      { environment: "default", root: "b", variables: [], backend: [] },
    ])
  })

  it("finds a root at the top", () => {
    expect(names(["."], ["main.tf", "staging.tfvars", "deep/production.tfvars"])).toEqual(["staging ."])
  })

  it("takes the environment from a root's folder", () => {
    const roots = ["terraform/environments/production", "terraform/envs/staging", "env/qa"]
    const files = roots.map((root) => `${root}/common.tfvars`)
    const expected = [
      "production terraform/environments/production",
      "staging terraform/envs/staging",
      "qa env/qa",
    ]
    expect(names(roots, files)).toEqual(expected)
    expect(names(["environments", "env/Staging", "env/a/b"], [])).toEqual([
      "default environments",
      "default env/Staging",
      "default env/a/b",
    ])
  })

  it("returns the configured environments", () => {
    const environments = ["staging", "production"]
    const both = ["staging a", "production a"]
    expect(names(["a"], ["a/main.tf"], { environments })).toEqual(both)
    expect(names(["a"], ["a/qa.tfvars"], { environments })).toEqual(both)
    expect(names(["a"], ["a/production.tfvars", "a/qa.tfvars"], { environments })).toEqual(["production a"])
    expect(
      names(["x/staging", "x/production/net"], ["x/staging/production.tfvars"], { environments }),
    ).toEqual(["staging x/staging", "production x/production/net"])
  })

  it("finds files by any pattern", () => {
    const settings = {
      variables: ["./envs/{environment}/terraform.tfvars", "{environment}.tfvars"],
      backend: [],
    }
    const files = [
      "a/envs/staging/terraform.tfvars",
      "a/staging.tfvars",
      "a/envs/terraform.tfvars",
      "a/envs/qa/terraform.tfvars",
      "a/.tfvars",
    ]
    expect(of(["a"], files, settings)).toEqual([
      { environment: "qa", root: "a", variables: ["envs/qa/terraform.tfvars"], backend: [] },
      {
        environment: "staging",
        root: "a",
        variables: ["envs/staging/terraform.tfvars", "staging.tfvars"],
        backend: [],
      },
    ])
  })

  it("ignores files whose names can't be an environment's", () => {
    const files = ["terraform", "Staging", "x.auto", "-x", "a_b", "", "a".repeat(64)].map(
      (name) => `${name}.tfvars`,
    )
    expect(names(["."], files)).toEqual(["default ."])
  })

  it("ignores folders whose names only begin like the root's", () => {
    expect(names(["a"], ["ab/staging.tfvars", "a-staging.tfvars", "a/main.tf"])).toEqual(["default a"])
  })
})

describe("chosenTargets", () => {
  const target = (environment: string, root: string): InfraTarget => ({
    environment,
    root,
    variables: [],
    backend: [],
  })
  const all = [target("staging", "a"), target("production", "a"), target("staging", ".")]
  const chosen = (environment: string, root: string): string[] =>
    chosenTargets(all, environment, root).map(targetName)

  it("returns the selected targets", () => {
    expect(chosen("", "")).toEqual(["staging a", "production a", "staging ."])
    expect(chosen("staging", "")).toEqual(["staging a", "staging ."])
    expect(chosen("", "./a/")).toEqual(["staging a", "production a"])
    expect(chosen("staging", "./")).toEqual(["staging ."])
    expect(chosenTargets([], "", "")).toEqual([])
  })

  it("fails if there are none", () => {
    expect(() => chosen("qa", "")).toThrow(
      'there is nothing to plan for the environment "qa"\n→ choose among staging a, production a, staging . [UNKNOWN_TARGET]',
    )
    expect(() => chosen("production", ".")).toThrow('the environment "production" and the root "."')
    expect(() => chosenTargets([], "", "x")).toThrow(SlipwayError)
  })

  it("targetFolder differs for each target", () => {
    expect(all.map(targetFolder)).toEqual([
      "terraform/staging/a",
      "terraform/production/a",
      "terraform/staging",
    ])
  })
})

test.each([
  ["", "."],
  [".", "."],
  ["./a//b/.", "a/b"],
  ["a/../b", "b"],
  ["a/..", "."],
  ["../a", "../a"],
  ["a/../../../b", "../../b"],
  ["/a", "a"],
])("normalisePath(%j) is %j", (path, normal) => {
  expect(normalisePath(path)).toBe(normal)
})

test("forEnvironment replaces every placeholder literally", () => {
  expect(forEnvironment("./x/{environment}.tfvars", "$&")).toBe("x/$&.tfvars")
  expect(forEnvironment("{environment}-{environment}", "a")).toBe("a-a")
})
