import { describe, expect, it } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import {
  chartArguments,
  chartFolders,
  groupVersions,
  kindsOf,
  placeOfManifests,
  withoutTestHooks,
} from "../../../src/lib/deploy/chart.js"
import { readManifests } from "../../../src/lib/deploy/manifests.js"

/** An object as `helm template` prints it. */
const rendered = (file: string, kind: string, name: string, hook = "", more = ""): string => `---
# Source: api/templates/${file}
apiVersion: ${kind === "Deployment" ? "apps/v1" : "v1"}
kind: ${kind}
metadata:
  name: ${name}
${hook === "" ? "" : `  annotations:\n    "helm.sh/hook": ${hook}\n`}${more}`

const POD_TEMPLATE = `spec:
  template:
    metadata:
      labels: {app: api}
    spec:
      containers:
        - {name: api, image: "api:1", args: ["${"long ".repeat(40)}", "1.10"]}
`

const OBJECTS = [
  rendered("serviceaccount.yaml", "ServiceAccount", "api"),
  rendered("service.yaml", "Service", "api", "", "spec:\n  selector: {app: api}\n"),
  rendered("deployment.yaml", "Deployment", "api", "", POD_TEMPLATE),
].join("")

describe("withoutTestHooks", () => {
  it("leaves out tests, and keeps the other objects as they are", () => {
    const test = rendered("tests/connection.yaml", "Pod", "api-test", "test")
    const both = rendered("tests/old.yaml", "Pod", "api-old", "test-success,  test-failure")
    const text = withoutTestHooks(OBJECTS + test + both, "charts/api")
    expect(readManifests(text, { namespace: "web" })).toEqual(readManifests(OBJECTS, { namespace: "web" }))
  })

  it("refuses a hook that migrates, with its file and where a migration belongs", () => {
    const hook = rendered("migrate.yaml", "Job", "api-migrate", '"pre-install, pre-upgrade"')
    expect(() => withoutTestHooks(OBJECTS + hook, "charts/api")).toThrow(
      /"charts\/api" has hooks.*\n {2}pre-install, pre-upgrade: Job api-migrate \(templates\/migrate\.yaml\)\n.*deploy\.migrate\.command.*\[CHART_HOOKS\]/,
    )
  })

  it("refuses every other hook, also one that is a test too", () => {
    const after = rendered("warm.yaml", "Job", "warm", "post-install,test")
    const end = rendered("end.yaml", "Job", "end", "pre-delete")
    const refusal = /\n {2}post-install, test: Job warm .*\n {2}pre-delete: Job end .*\n.*deploy\.smoke/
    expect(() => withoutTestHooks(after + OBJECTS + end, "api")).toThrow(refusal)
    expect(() => withoutTestHooks(after + OBJECTS + end, "api")).not.toThrow(/deploy\.migrate/)
  })

  it("leaves what isn't YAML to the reading of manifests", () => {
    expect(withoutTestHooks("a: [", "api")).toBe("a: [")
  })
})

describe("chartArguments", () => {
  const given = { service: "api", namespace: "web" }
  const chart = { values: ["values/{environment}.yaml", "all.yaml"] }

  it("name a folder, and the values of the environment in their order", () => {
    expect(chartArguments({ chart: { ...chart, path: "charts/api" } }, "staging", given)).toEqual([
      ...["template", "api", "./charts/api", "--namespace=web", "--include-crds"],
      ...["--values=./values/staging.yaml", "--values=./all.yaml"],
    ])
  })

  it("name a chart in a registry with its version, and the release that was chosen", () => {
    const reference = "oci://r.example.com:5000/charts/api:1.2.3"
    expect(chartArguments({ chart: { values: [], reference, release: "x" } }, "staging", given)).toEqual([
      ...["template", "x", "oci://r.example.com:5000/charts/api", "--version=1.2.3"],
      ...["--namespace=web", "--include-crds"],
    ])
  })
})

it("placeOfManifests is another repository or the chart if there is one, else the environment's kustomization", () => {
  const { deploy } = DEFAULTS
  const commit = { ...deploy.commit, repository: "https://git.example.com/manifests" }
  expect(placeOfManifests({ ...deploy, commit }, "staging")).toBe("https://git.example.com/manifests")
  expect(placeOfManifests(deploy, "staging")).toBe("deploy/overlays/staging")
  expect(placeOfManifests({ ...deploy, chart: { path: "charts/api", values: [] } }, "staging")).toBe(
    "charts/api",
  )
})

it("chartFolders are those of charts that no other chart has, and no tests have", () => {
  const folders = ["charts/api", "charts/api/charts/db", "tests/chart", "deploy/web"]
  const paths = folders.map((folder) => `${folder}/Chart.yaml`)
  expect(chartFolders([...paths, "Chart.yaml", "a/MyChart.yaml"])).toEqual(["charts/api", "deploy/web"])
})

it("the cluster's APIs are named as charts ask for them", () => {
  const list = { groups: [{ name: "apps", versions: [{ groupVersion: "apps/v1" }] }] }
  expect(groupVersions(JSON.stringify(list))).toEqual(["apps/v1"])
  const kinds = { resources: [{ kind: "Deployment" }, { kind: "Scale" }, { kind: "Deployment" }] }
  expect(kindsOf("apps/v1", JSON.stringify(kinds))).toEqual(["apps/v1/Deployment", "apps/v1/Scale"])
})
