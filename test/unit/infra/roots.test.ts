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
const ANY = 'resource "terraform_data" "x" {}\n'
const call = (...sources: string[]): string =>
  sources.map((source, index) => `module "m${index}" {\n  source = "${source}"\n}\n`).join("")

describe("findRoots", () => {
  test.each<[what: string, texts: Record<string, string>, roots: string[]]>([
    ["nothing", {}, []],
    ["no configuration", { "README.md": "", "a/x.tfvars": "", "b/x.tftest.hcl": "", "c/tf": "" }, []],
    ["the top", { "main.tf": ANY, "variables.tf": ANY }, ["."]],
    [
      "one with modules",
      { "terraform/azure/main.tf": call("../modules/net"), "terraform/modules/net/main.tf": ANY },
      ["terraform/azure"],
    ],
    [
      "one for each environment, with a module of any name",
      {
        "terraform/environments/staging/main.tf": call("../../service"),
        "terraform/environments/production/main.tf": call("../../service"),
        "terraform/service/main.tf": call("./parts/db", "./parts//cache/"),
        "terraform/service/parts/db/main.tf": ANY,
        "terraform/service/parts/cache/main.tf": ANY,
      },
      ["terraform/environments/production", "terraform/environments/staging"],
    ],
    ["JSON", { "a/main.tf.json": '{"module": {"m": {"source": "../b"}}}', "b/main.tf.json": "{}" }, ["a"]],
    ["OpenTofu's own", { "a/main.tofu": call("../b"), "b/x.tofu.json": ANY }, ["a"]],
    ["on one line", { "main.tf": 'module "m" { source = "./m" }', "m/main.tf": ANY }, ["."]],
    ["the folder above", { "a/b/main.tf": call(".."), "a/main.tf": ANY }, ["a/b"]],
    ["one that calls itself", { "a/main.tf": call("./", "../a", "."), "b/main.tf": call(".") }, ["a", "b"]],
    [
      "calls in comments",
      {
        "main.tf": `${ANY}# source = "./a"\n  // source = "./b"\nx = 1 # source = "./c"\n/* {\nsource = "./d"\n} */\n`,
        "a/x.tf": ANY,
        "b/x.tf": ANY,
        "c/x.tf": ANY,
        "d/x.tf": ANY,
      },
      [".", "a", "b", "c", "d"],
    ],
    [
      "calls beside what only looks like a comment",
      {
        "main.tf": `a = "https://x/*" ${call("./a")}b = <<-EOT\n  rm -rf /tmp/* # "\n  EOT\n${call("./b")}`,
        "a/x.tf": ANY,
        "b/x.tf": ANY,
      },
      ["."],
    ],
    [
      "no files of comments alone",
      { "main.tf": `# ${ANY}/*\n${ANY}*/\n// later\n`, "empty/x.tf": "\n", "a/x.tf": ANY },
      ["a"],
    ],
    [
      "no fixtures of tests",
      {
        "infra/main.tf": ANY,
        "tests/infra/main.tf": ANY,
        "test/fixtures/x.tf": ANY,
        "test/x/x.tf": ANY,
        "pkg/testdata/x.tf": ANY,
        "venv/lib/x.tf": ANY,
        "infra/testing/setup/x.tf": ANY,
        "infra/other/x.tf": ANY,
        "infra/tests/main.tftest.hcl": `run "setup" {\n  ${call("./testing/setup")}}\n`,
        "infra/more.tftest.hcl": `run "more" {\n  ${call("./other")}}\n`,
      },
      ["infra"],
    ],
    [
      "an environment called test",
      { "live/prod/x.tf": ANY, "live/test/x.tf": ANY, "environments/test/x.tf": ANY, "app/test/x.tf": ANY },
      ["environments/test", "live/prod", "live/test"],
    ],
    [
      "calls of others",
      { "main.tf": call("hashicorp/a/b", "git::https://x//a", "a"), "a/x.tf": ANY },
      [".", "a"],
    ],
    ["calls out of the source", { "a/main.tf": call("../../b", "../../../a"), "b/main.tf": ANY }, ["a", "b"]],
    [
      "folders of modules, examples and tests",
      {
        "modules/a/x.tf": ANY,
        "examples/x.tf": ANY,
        "a/tests/x.tf": ANY,
        "a/.terraform/modules/m/x.tf": ANY,
      },
      [],
    ],
    [
      "odd names",
      { "__proto__/x.tf": ANY, "a b/*.tf": ANY, "constructor/x.tf": ANY },
      ["__proto__", "a b", "constructor"],
    ],
  ])("finds roots: %s", (_, texts, roots) => {
    expect(findRoots(texts)).toEqual(roots)
  })

  it("takes linear time", () => {
    const before = process.cpuUsage()
    for (const unit of [
      " ",
      "\n",
      "/*",
      "*/",
      "<<A\n",
      "source",
      "source ",
      "#",
      'source = "./',
      'source="./a"',
      "source\n",
    ])
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

  it("finds the usual layouts of files by default", () => {
    const usual = (...files: string[]) =>
      infraTargets(
        ["a"],
        files.map((file) => `a/${file}`),
        {},
      ).map(({ environment, variables, backend }) => [environment, ...variables, ...backend].join(" "))
    expect(usual("env/staging.tfvars", "env/production.tfvars", "main.tf")).toEqual([
      "production env/production.tfvars",
      "staging env/staging.tfvars",
    ])
    expect(usual("environments/qa/terraform.tfvars", "environments/qa/backend.hcl")).toEqual([
      "qa environments/qa/terraform.tfvars environments/qa/backend.hcl",
    ])
    expect(usual("vars/dev.tfvars.json", "backend/dev.hcl", "dev.tfvars", "backend-dev.hcl")).toEqual([
      "dev dev.tfvars vars/dev.tfvars.json backend-dev.hcl backend/dev.hcl",
    ])
    expect(usual("common.tfvars", "env/shared.tfvars", "terraform.tfvars", "x/y.tfvars")).toEqual(["default"])
  })

  it("takes the environment from the name of a root's folder, and leaves its files to it", () => {
    const files = ["infra/main.tf", "infra/env/staging/terraform.tfvars", "infra/env/staging/main.tf"]
    expect(infraTargets(["infra", "infra/env/staging"], files, {}).map(targetName)).toEqual([
      "default infra",
      "staging infra/env/staging",
    ])
    expect(infraTargets(["infra/prod", "infra/net"], [], {}).map(targetName)).toEqual([
      "prod infra/prod",
      "default infra/net",
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
