import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { CI_HOSTS } from "../../../src/lib/config/wrappers.js"
import { describeWrappers, secretsIn } from "../../../src/lib/wrappers/description.js"
import { WRAPPERS, wrapperFiles } from "../../../src/lib/wrappers/files.js"

const GOLDEN = join(import.meta.dirname, "../../fixtures/wrappers")
const PIN = "https://git.example.com/team/slipway@0123456789abcdef0123456789abcdef01234567"
const released = parseConfig(`
release: { registry: team.azurecr.io }
deploy: { aks: { staging: audio-staging/upscaler } }
notify: { channels: [slack] }
wrappers:
  slipway: "${PIN}"
  secrets: [TF_VAR_password, PRODUCTION_TF_VAR_password, SLIPWAY_PLAN_KEY, STAGING_SLACK_WEBHOOK, GITHUB_TOKEN]
  connection: Azure ({environment})
  hotfixes: true
`)
const described = describeWrappers(released, "", true)
const files = wrapperFiles(CI_HOSTS, described)

describe("wrapperFiles", () => {
  it.each(Object.keys(files))("returns the golden file %s", async (path) => {
    await expect(files[path]).toMatchFileSnapshot(join(GOLDEN, path))
  })

  it("returns nothing without a host, and the script in addition for one", () => {
    expect(wrapperFiles([], described)).toEqual({})
    expect(Object.keys(wrapperFiles(["jenkins"], described))).toEqual([
      ".slipway/slipway",
      "Jenkinsfile",
      "Jenkinsfile.delivery",
    ])
  })

  it.each(CI_HOSTS)("runs the branch's script once for %s, in the job without secrets", (host) => {
    const text = Object.keys(WRAPPERS[host])
      .map((path) => files[path] ?? "")
      .join("")
    expect(text.split(".slipway/")).toHaveLength(2)
    expect(text).toContain(`sh .slipway/slipway ci --host ${host} --job checks`)
    expect(text).toContain(`/slipway.js" ci --host ${host} --job delivery`)
    expect(text).not.toContain("pull_request_target")
    expect(text).not.toMatch(/curl [^\n]*\| *(?:ba|z)?sh\b|install\.sh/)
  })

  it.each(CI_HOSTS)("asks for the service in the form of %s, where there are several", (host) => {
    const several = { ...released, services: { api: "services/api", worker: "services/worker" } }
    const textOf = (config: typeof released) =>
      Object.values(wrapperFiles([host], describeWrappers(config))).join("")
    expect(textOf(several)).toMatch(/SLIPWAY_SERVICE/)
    expect(textOf(several)).toMatch(/\['?api'?, '?worker'?\]/)
    expect(textOf(released)).not.toMatch(/SLIPWAY_SERVICE|\{ *service:/)
  })

  it("collects the reports of several services on hosts that take one folder", () => {
    const several = { ...released, services: { api: "services/api", worker: "services/worker" } }
    const texts = wrapperFiles(["azure", "circleci"], describeWrappers(several))
    expect(texts["azure-pipelines.yml"]).toMatch(/for log in out\/\*\/sarif[^]*publish: out\/sarif/)
    expect(texts[".circleci/config.yml"]).toContain("store_test_results: { path: out }")
    for (const text of Object.values(texts).slice(1)) expect(() => parse(text) as unknown).not.toThrow()
  })

  it("plans pull requests only of a repository with Terraform", () => {
    const texts = Object.values(wrapperFiles(CI_HOSTS, describeWrappers(released, "", false))).join("")
    expect(texts).not.toMatch(/^ *plan:|stage\('plan'\)|name: plan|slipway-plan/m)
  })
})

describe("the job for previews", () => {
  const secrets = "[NETRC, TF_VAR_password]"
  const yaml = `release: { registry: registry.example.com }
deploy: { preview: { namespace: "api-pr-{number}" } }
wrappers: { slipway: "${PIN}", secrets: ${secrets} }`
  const texts = wrapperFiles(["github", "gitlab"], describeWrappers(parseConfig(yaml)))

  it("runs on GitHub for pull requests that come from no fork, with the secrets of previews alone", () => {
    const { jobs } = parse(texts[".github/workflows/slipway.yml"] ?? "") as GithubWorkflow
    const text = JSON.stringify(jobs["preview"])
    expect(text).toContain("github.event.pull_request.head.repo.full_name == github.repository")
    expect(text).toContain("ci --host github --job preview")
    expect([...text.matchAll(/secrets\.([A-Z_]+)/g)].map(([, name]) => name).sort()).toEqual([
      ...["AZURE_CLIENT_ID", "AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID", "NETRC"],
      ...["PREVIEW_DATABASE_URL", "PREVIEW_KUBECONFIG", "REGISTRY_PASSWORD", "REGISTRY_USERNAME"],
    ])
    expect(JSON.stringify(jobs["delivery"])).not.toContain("PREVIEW_DATABASE_URL")
  })

  it("runs on GitLab in an environment of its own", () => {
    const { preview } = parse(texts[".gitlab-ci.yml"] ?? "") as Record<string, Record<string, unknown>>
    expect(preview).toMatchObject({ extends: ".delivery", environment: "preview", resource_group: "preview" })
    expect(JSON.stringify(preview?.["script"])).toContain("ci --host gitlab --job preview")
    expect(JSON.stringify(preview?.["rules"])).toContain("$CI_MERGE_REQUEST_SOURCE_PROJECT_ID ==")
  })

  it("gets none of an environment whose name begins like that of previews", () => {
    const other = `deploy: { environments: [preview-eu, production], preview: { namespace: "pr-{number}" } }`
    const config = parseConfig(
      `release: { registry: registry.example.com }\n${other}\nwrappers: { slipway: "${PIN}" }`,
    )
    const description = describeWrappers(config)
    const held = (scope: string) => secretsIn(scope, description).filter((name) => name.startsWith("PREVIEW"))
    expect(held("preview")).toEqual(["PREVIEW_DATABASE_URL", "PREVIEW_KUBECONFIG"])
    expect(held("preview-eu")).toEqual(["PREVIEW_EU_DATABASE_URL", "PREVIEW_EU_KUBECONFIG"])
    expect(held("production")).toEqual(["PREVIEW_EU_KUBECONFIG", "PREVIEW_KUBECONFIG"])
  })

  it("ends on GitHub with the pull request, in a job that waits for it", () => {
    const { on, jobs } = parse(texts[".github/workflows/slipway.yml"] ?? "") as GithubWorkflow
    expect(on).toMatchObject({ pull_request: { types: ["opened", "synchronize", "reopened", "closed"] } })
    const down = jobs["preview-down"]
    expect(JSON.stringify(down)).toContain('slipway.js\\" preview down \\"$NUMBER\\"')
    expect(jobs["preview"]).toMatchObject({ concurrency: { group: "preview-${{ github.event.number }}" } })
    expect(down).toMatchObject({ concurrency: { group: "preview-${{ github.event.number }}" } })
  })

  it("has what the organisation allows, as a release has", () => {
    const { jobs } = parse(texts[".github/workflows/slipway.yml"] ?? "") as GithubWorkflow
    expect(JSON.stringify(jobs["preview"])).toContain("vars.SLIPWAY_ALLOW")
  })

  it("isn't there without them", () => {
    const none = wrapperFiles(["github", "gitlab"], describeWrappers(released))
    expect(Object.values(none).join("")).not.toMatch(/preview/i)
  })
})

describe("the checks of a service with a private index", () => {
  const yaml = `wrappers: { slipway: "${PIN}", secrets: [NETRC, UV_INDEX_TEAM_PASSWORD, TF_VAR_password] }`
  const texts = wrapperFiles(CI_HOSTS, describeWrappers(parseConfig(yaml)))
  const partOf = (file: string, from: string, to: string) => {
    const text = texts[file] ?? ""
    return text.slice(text.indexOf(from), text.indexOf(to))
  }

  it.each([
    [".github/workflows/slipway.yml", partOf(".github/workflows/slipway.yml", "  checks:", "  delivery:")],
    ["azure-pipelines.yml", partOf("azure-pipelines.yml", "- stage: checks", "- stage: delivery")],
    ["Jenkinsfile", texts.Jenkinsfile ?? ""],
  ])("get its credentials and no other in %s", (_, checks) => {
    for (const name of ["NETRC", "UV_INDEX_TEAM_PASSWORD"]) expect(checks).toContain(name)
    expect(checks).not.toContain("TF_VAR_password")
  })

  it("have a context of their own in CircleCI", () => {
    const { workflows } = parse(texts[".circleci/config.yml"] ?? "") as {
      workflows: Record<string, { jobs: { checks?: { context?: string[] } }[] }>
    }
    for (const name of ["pushed", "scheduled"])
      expect(workflows[name]?.jobs[0]?.checks?.context, name).toEqual(["slipway-checks"])
  })
})

describe("the jobs on GitHub", () => {
  const { jobs, permissions } = parse(files[".github/workflows/slipway.yml"] ?? "") as GithubWorkflow
  const secretsIn = (value: unknown) =>
    [...JSON.stringify(value ?? null).matchAll(/secrets\.(\w+)/g)].map(([, name]) => name)
  const steps = Object.entries(jobs).flatMap(([job, { steps }]) => steps.map((step) => ({ job, step })))

  it("have the permissions of what they do", () => {
    expect(permissions).toEqual({})
    expect(Object.fromEntries(Object.entries(jobs).map(([name, job]) => [name, job.permissions]))).toEqual({
      checks: { contents: "read", "security-events": "write" },
      plan: { contents: "read", "id-token": "write", "pull-requests": "write" },
      delivery: { contents: "read", "id-token": "write", "pull-requests": "read" },
    })
  })

  it("have secrets only in the environment of the call, and only those of what they do", () => {
    expect(secretsIn({ ...jobs, plan: { ...jobs["plan"], steps: [] } })).not.toContain("SLIPWAY_PLAN_KEY")
    expect(secretsIn(jobs["checks"])).toEqual([])
    expect(secretsIn(jobs["plan"])).toEqual([
      "AZURE_CLIENT_SECRET",
      "AZURE_CREDENTIALS",
      "PRODUCTION_TF_VAR_password",
      "SLIPWAY_PLAN_KEY",
      "TF_VAR_password",
      ...["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"],
    ])
    for (const { step } of steps) expect(secretsIn({ ...step, env: {} })).toEqual([])
    expect(secretsIn(jobs["delivery"])).toEqual(expect.arrayContaining(["COSIGN_PRIVATE_KEY"]))
  })

  it("use actions by commit", () => {
    const uses = steps.flatMap(({ step }) => (step.uses === undefined ? [] : [step.uses]))
    expect(uses).toHaveLength(9)
    for (const action of uses) expect(action).toMatch(/@[0-9a-f]{40}$/)
  })
})

interface GithubWorkflow {
  on: Record<string, unknown>
  permissions: object
  jobs: Record<string, { permissions: object; steps: { uses?: string; env?: Record<string, string> }[] }>
}

describe("the secrets of the Azure identity", () => {
  const text = `
release: { registry: team.azurecr.io }
deploy: { aks: { staging: a/b, production: c/d } }
notify: { channels: [slack] }
wrappers: { slipway: "${PIN}", secrets: [AZURE_CLIENT_ID] }`
  const made = wrapperFiles(CI_HOSTS, describeWrappers(parseConfig(text), "", true))
  const all = [
    ...[
      "AZURE_CREDENTIALS",
      "AZURE_CLIENT_ID",
      "AZURE_CLIENT_SECRET",
      "AZURE_SUBSCRIPTION_ID",
      "AZURE_TENANT_ID",
    ],
    ...["ACR_USERNAME", "ACR_PASSWORD", "PRODUCTION_DATABASE_URL", "SLACK_WEBHOOK"],
  ]

  it.each([".github/workflows/slipway.yml", "azure-pipelines.yml"])(
    "are in %s by all nine names, each once",
    (path) => {
      // The parser refuses a key that is there twice.
      const names = JSON.stringify(parse(made[path] ?? ""))
      for (const name of all) expect(names).toContain(`"${name}":`)
    },
  )

  it("are a variable's or a secret's on GitHub", () => {
    const workflow = parse(made[".github/workflows/slipway.yml"] ?? "") as GithubWorkflow
    const env = workflow.jobs["delivery"]?.steps.find((step) => step.env !== undefined)?.env
    expect(env?.["AZURE_CLIENT_ID"]).toBe("${{ vars.AZURE_CLIENT_ID || secrets.AZURE_CLIENT_ID }}")
  })
})

describe("the stages on Jenkins", () => {
  it("have no credential for a fork's pull request", () => {
    const stages = (files["Jenkinsfile.delivery"] ?? "").split("    stage('").slice(1)
    expect(stages).toHaveLength(4)
    for (const stage of stages)
      expect(stage).toMatch(/^\w+'\) \{\n {6}when \{ expression \{ .* && !env\.CHANGE_FORK \} \}/)
    const config = parseConfig(`wrappers: { slipway: "${PIN}", secrets: [NETRC] }`)
    const text = wrapperFiles(["jenkins"], describeWrappers(config))["Jenkinsfile"] ?? ""
    const [, member = "", fork = ""] = text.split("    stage('")
    expect(member).toContain("when { expression { !env.CHANGE_FORK } }")
    expect(member).toContain("held(['NETRC']) { sh '")
    expect(fork).toContain("when { expression { env.CHANGE_FORK } }")
    expect(fork).not.toContain("NETRC")
  })

  it("fail for no missing credential but where it is needed", () => {
    const text = files["Jenkinsfile.delivery"] ?? ""
    expect(text.match(/withCredentials/g)).toHaveLength(2)
    expect(text).toContain("'STAGING_DATABASE_URL',")
  })
})

describe("secretsIn", () => {
  it("tells staging's and production's secrets apart, and gives each scope what it uses", () => {
    const all = [
      ...[
        "REGISTRY_PASSWORD",
        "COSIGN_PRIVATE_KEY",
        "SLACK_WEBHOOK",
        "STAGING_SLACK_WEBHOOK",
        "VENDOR_TOKEN",
      ],
      ...["STAGING_KUBECONFIG", "PRODUCTION_KUBECONFIG", "STAGING_DATABASE_URL", "PRODUCTION_DATABASE_URL"],
      ...["PRODUCTION_AZURE_CREDENTIALS", "TF_VAR_x", "STAGING_TF_VAR_x", "SLIPWAY_PLAN_KEY", "GITLAB_TOKEN"],
    ]
    const held = { environments: ["staging", "production"], secrets: all }
    const released = ["REGISTRY_PASSWORD", "COSIGN_PRIVATE_KEY", "SLACK_WEBHOOK"]
    expect(secretsIn("staging", held)).toEqual([
      ...released,
      "STAGING_SLACK_WEBHOOK",
      "VENDOR_TOKEN",
      "STAGING_KUBECONFIG",
      "STAGING_DATABASE_URL",
      "TF_VAR_x",
      "STAGING_TF_VAR_x",
    ])
    expect(secretsIn("production", held)).toEqual([
      ...released,
      "VENDOR_TOKEN",
      "STAGING_KUBECONFIG",
      "PRODUCTION_KUBECONFIG",
      "PRODUCTION_DATABASE_URL",
      "PRODUCTION_AZURE_CREDENTIALS",
      "TF_VAR_x",
    ])
    expect(secretsIn("maintenance", held)).toEqual([
      "REGISTRY_PASSWORD",
      "SLACK_WEBHOOK",
      "STAGING_SLACK_WEBHOOK",
      "STAGING_KUBECONFIG",
      "PRODUCTION_KUBECONFIG",
      "PRODUCTION_AZURE_CREDENTIALS",
      "TF_VAR_x",
      "STAGING_TF_VAR_x",
    ])
    const three = {
      environments: ["qa", "pre-prod", "live"],
      secrets: [
        "KUBECONFIG",
        "QA_KUBECONFIG",
        "PRE_PROD_KUBECONFIG",
        "PRE_PROD_DATABASE_URL",
        "LIVE_KUBECONFIG",
      ],
    }
    expect(secretsIn("qa", three)).toEqual(["KUBECONFIG", "QA_KUBECONFIG"])
    expect(secretsIn("pre-prod", three)).toEqual(three.secrets.slice(0, 4))
    expect(secretsIn("live", three)).toEqual([...three.secrets.slice(0, 3), "LIVE_KUBECONFIG"])
    expect(secretsIn("plan", held)).toEqual([
      "PRODUCTION_AZURE_CREDENTIALS",
      "TF_VAR_x",
      "STAGING_TF_VAR_x",
      "SLIPWAY_PLAN_KEY",
      "GITLAB_TOKEN",
    ])
  })
})

describe("describeWrappers", () => {
  const secrets = (text: string): readonly string[] => describeWrappers(parseConfig(text), PIN).secrets

  it("needs no secrets if nothing is published", () => {
    expect(secrets("")).toEqual([])
    expect(secrets("wrappers: { secrets: [A] }")).toEqual(["A"])
  })

  it("needs no key for keyless signing, no kubeconfig for AKS, no database without migrations", () => {
    expect(
      secrets(`
release: { registry: r.example.com, identity: me@example.com, issuer: "https://example.com" }
deploy: { aks: { staging: a/b, production: c/d }, migrate: { command: none } }`),
    ).toEqual(["AZURE_CLIENT_SECRET", "AZURE_CREDENTIALS", "REGISTRY_PASSWORD", "REGISTRY_USERNAME"])
  })

  it("needs the secrets of notifications, annotations, metrics and scans, unless environments have their own", () => {
    const asking = `
release: { registry: r.example.com }
notify: { channels: [slack, webhook], environments: [production] }
monitoring: { grafana: { production: "https://grafana.example.com" } }
load: { influxdb: "http://influx:8086/write?db=load", prometheus: "http://prometheus:9090/api/v1/write" }
dast: { header: X-Key }
wrappers: { secrets: [PRODUCTION_SLACK_WEBHOOK, PRODUCTION_INFLUXDB_TOKEN] }`
    const others = secrets("release: { registry: r.example.com }")
    expect(secrets(asking).filter((name) => !others.includes(name))).toEqual([
      "DAST_AUTH_HEADER",
      "GRAFANA_TOKEN",
      "INFLUXDB_TOKEN",
      "NOTIFY_WEBHOOK",
      "PRODUCTION_INFLUXDB_TOKEN",
      "PRODUCTION_SLACK_WEBHOOK",
      "PROMETHEUS_TOKEN",
    ])
    expect(others.join()).not.toMatch(/WEBHOOK|TOKEN|HEADER|AUTHORIZATION/)
  })

  it("needs no cluster and no database of an environment that the service isn't deployed to", () => {
    const named = secrets("release: { registry: r.example.com }\ndeploy: { environments: [staging] }")
    expect(named.filter((name) => /_(?:KUBECONFIG|DATABASE_URL)$/.test(name))).toEqual([
      "STAGING_DATABASE_URL",
      "STAGING_KUBECONFIG",
    ])
  })

  it("needs the login of a repository of manifests, which a plan and maintenance don't get", () => {
    const committed = (address: string) =>
      secrets(`release: { registry: r.example.com }\ndeploy: { commit: { repository: "${address}" } }`)
    expect(committed("https://git.example.com/manifests")).toContain("MANIFESTS_TOKEN")
    expect(committed("git@git.example.com:manifests")).toContain("MANIFESTS_SSH_KEY")
    const held = { environments: ["staging", "production"], secrets: ["MANIFESTS_TOKEN"] }
    expect(secretsIn("staging", held)).toEqual(["MANIFESTS_TOKEN"])
    expect(secretsIn("maintenance", held)).toEqual([])
    expect(secretsIn("plan", held)).toEqual([])
  })

  it("fails without a commit to fetch", () => {
    expect(() => describeWrappers(parseConfig(""))).toThrow("WRAPPERS_UNPINNED")
    expect(() => describeWrappers(released, "https://git.example.com/slipway@main")).toThrow(
      '"https://git.example.com/slipway@main" is not a git address with a full commit',
    )
  })
})
