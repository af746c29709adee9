import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { describe, expect, it, test } from "vitest"
import { contractFindings } from "../../../dagger/cli/doctor/service.js"
import { RECIPES } from "../../../dagger/kit/images/recipes.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { PROVEN, UNPROVEN, unprovenIn } from "../../../src/lib/pipeline/counterparts.js"
import { GROUPS, type Group } from "../../../src/lib/pipeline/stages.js"

const names = (settings: string, groups: readonly Group[], variables: string[] = []) =>
  unprovenIn({ config: parseConfig(settings), groups, variables })

describe("unprovenIn", () => {
  test.each<[settings: string, groups: readonly Group[], variables: string[], found: string[]]>([
    ["", ["quality", "tests", "infra", "image"], [], []],
    ["", ["load", "dast"], [], ["k6", "ZAP's image"]],
    ["", ["notify"], ["SLACK_WEBHOOK"], ["Slack"]],
    ["", ["notify"], ["STAGING_TEAMS_WEBHOOK"], ["Teams"]],
    ["", ["quality"], ["SLACK_WEBHOOK"], []],
    ["notify: { channels: [slack] }", ["notify"], ["TEAMS_WEBHOOK"], ["Slack"]],
    ["monitoring: { grafana: { staging: https://grafana.example.com } }", ["notify"], [], ["Grafana"]],
    ['infra: { version: "1.13.3" }', ["plan"], [], ["Terraform from 1.6 on"]],
    ['infra: { version: "1.13.3" }', ["tests"], [], []],
    ["infra: { tool: opentofu }", ["plan"], [], []],
    ["wrappers: { hosts: [jenkins, circleci] }", ["quality"], [], ["Jenkins", "CircleCI"]],
    ["", ["quality"], ["GITHUB_ACTIONS"], ["GitHub"]],
    ["release: { registry: team.azurecr.io }", ["release"], ["AZURE_CLIENT_ID"], ["Azure's login", "ACR"]],
    ["deploy: { aks: { staging: group/cluster } }", ["deploy"], [], ["AKS"]],
  ])("with %j, %j and %j: %j", (settings, groups, variables, found) => {
    expect(names(settings, groups, variables)).toEqual(found)
  })

  it("can find each of the table", () => {
    const settings = `infra: { version: "1.13.3" }
release: { registry: team.azurecr.io }
deploy: { aks: { staging: group/cluster } }
wrappers: { hosts: [github, gitlab, azure, jenkins, circleci] }
notify: { channels: [slack, teams] }
monitoring: { grafana: { staging: https://grafana.example.com } }
`
    expect(names(settings, GROUPS, ["AZURE_CREDENTIALS"])).toEqual(UNPROVEN.map(({ name }) => name))
  })
})

describe("the table of docs/contracts.md", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../docs/contracts.md"), "utf8")
  const rows = page.split("\n").map((line) => line.split("|").map((cell) => cell.trim()))
  const row = (name: string) => rows.find(([, cell]) => cell === name)

  it.each(UNPROVEN)("says that $name never met the real one", ({ name }) => {
    expect(row(name)?.at(-2)).toMatch(/^never/)
  })

  it.each(Object.entries(PROVEN))("has the version of %s that is run, %s", (name, version) => {
    expect(row(name)?.[2]).toBe(version)
  })

  it("has no other program that is run", () => {
    const from = rows.findIndex(([, cell]) => cell === "run for real")
    const more = rows.slice(from + 2).map(([, cell]) => cell)
    const listed = more.slice(0, more.indexOf(undefined))
    expect(listed).toEqual(Object.keys(PROVEN))
  })
})

/** The repositories of the offline images whose programs are the real ones. */
const IMAGES: Readonly<Record<string, string>> = {
  OpenTofu: "opentofu/opentofu",
  Terraform: "hashicorp/terraform",
  Trivy: "aquasec/trivy",
  cosign: "sigstore/cosign/cosign",
  regctl: "regclient/regctl",
  registry: "library/registry",
  k3s: "rancher/k3s",
  kubectl: "kubectl",
  Prometheus: "prom/prometheus",
  PostgreSQL: "library/postgres",
  Redis: "library/redis",
}

test.each(Object.entries(PROVEN))("the tests' image of %s has version %s", (name, version) => {
  const tags = RECIPES.filter((recipe) => recipe.name === IMAGES[name]).flatMap(({ tags }) => tags)
  expect(tags.some((tag) => tag.replace(/^v/, "").startsWith(version))).toBe(true)
})

describe("contractFindings", () => {
  it("has one line with what the run works with, and a page", () => {
    expect(
      contractFindings(parseConfig(""), ["load", "notify"], {
        SLACK_WEBHOOK: "https://s3cret",
        TEAMS_WEBHOOK: "",
      }),
    ).toEqual([
      {
        name: "contracts",
        status: "ok",
        value: "held to a contract, never tried with the real one: k6, Slack (docs/contracts.md)",
        exitCode: 0,
      },
    ])
  })

  it("has none for a run whose programs were all tried", () => {
    expect(contractFindings(parseConfig(""), ["quality", "tests", "image"], {})).toEqual([])
  })
})
