import { describe, expect, it } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { environmentOf } from "../../../src/lib/config/environments.js"
import { clusterNames, configIn, numbered } from "../../../src/lib/config/previews.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { overlayOf } from "../../../src/lib/deploy/chart.js"
import { promotionGate } from "../../../src/lib/deploy/promotion.js"
import { variablesFor, variablesOf } from "../../../src/lib/pipeline/deliverySecrets.js"
import { isPreviewNumber, previewNumber } from "../../../src/lib/text/previews.js"
import { ownVariable } from "../../../src/lib/text/variables.js"

const config = parseConfig(`deploy:
  soak: 5m
  errors: { prometheus: "https://prometheus.example.com" }
  preview: { namespace: "api-pr-{number}", url: "https://pr-{number}.example.com" }
`)

describe("the name of a preview", () => {
  it("has the number of a pull request", () => {
    expect(["preview-7", "preview", "preview-07", "preview-7x", "staging"].map(previewNumber)).toEqual([
      "7",
      ...[undefined, undefined, undefined, undefined],
    ])
    expect(["12", "0", "-1", "1.5", "", "12 "].map(isPreviewNumber)).toEqual([
      true,
      ...Array<boolean>(5).fill(false),
    ])
  })

  it("is known where the settings have previews, and to no list of environments", () => {
    expect(environmentOf("preview-7", config.deploy)).toBe("preview-7")
    expect(() => environmentOf("preview-7", DEFAULTS.deploy)).toThrow(/names no namespace for previews/)
    for (const name of ["preview", "preview-7"])
      expect(() => parseConfig(`deploy: { environments: [${name}] }\n`)).toThrow(/an environment's name/)
  })

  it("shares manifests and secrets with all others", () => {
    expect(ownVariable("preview-7", "KUBECONFIG")).toBe("PREVIEW_KUBECONFIG")
    expect(overlayOf(config.deploy, "preview-7")).toBe("deploy/overlays/preview")
  })
})

describe("configIn", () => {
  const { deploy, monitoring } = configIn(config, "preview-7")

  it("gives a preview a namespace and a URL of its own", () => {
    expect(deploy.namespace["preview-7"]).toBe("api-pr-7")
    expect(deploy.url["preview-7"]).toBe("https://pr-7.example.com")
  })

  it("asks for nothing that only reviewed code has, and has no soak", () => {
    const of = (map: Readonly<Record<string, unknown>>) => map["preview-7"]
    expect([deploy.verify, deploy.drift, deploy.review, deploy.releases].map(of)).toEqual([
      ...["warn", "ignore", "ignore", "any"],
    ])
    expect(promotionGate(deploy, "preview-7")).toBeUndefined()
    expect([deploy.soak, deploy.hold, deploy.errors.samples]).toEqual([0, 0, 0])
    expect(deploy.errors.prometheus).toBeUndefined()
  })

  it("loads no alerts", () => {
    expect([config, { monitoring }].map((each) => each.monitoring.alerts.load)).toEqual(["auto", "never"])
  })

  it("changes nothing for any other environment", () => {
    expect(configIn(config, "production")).toBe(config)
    expect(deploy.verify).toMatchObject(config.deploy.verify)
  })
})

describe("the secrets of a preview", () => {
  it("that reach its code are its own alone", () => {
    expect(variablesFor("preview-7", "KUBECONFIG")).toEqual(["PREVIEW_KUBECONFIG", "KUBECONFIG"])
    expect(variablesFor("staging", "DATABASE_URL")).toEqual(["STAGING_DATABASE_URL", "DATABASE_URL"])
    for (const name of ["DATABASE_URL", "DAST_AUTH_HEADER", "LOAD_AUTHORIZATION", "INFLUXDB_TOKEN"])
      expect(variablesFor("preview-7", name)).toEqual([`PREVIEW_${name}`])
    const names = ["DATABASE_URL", "KUBECONFIG"]
    expect(variablesOf(names, ["preview-7"], (name) => names.includes(name))).toEqual(["KUBECONFIG"])
  })
})

describe("numbered", () => {
  it("replaces the number in a preview's manifests alone", () => {
    expect(numbered("a-{number}, b-{number}", "preview-7")).toBe("a-7, b-7")
    expect(numbered("a-{number}", "staging")).toBe("a-{number}")
  })
})

describe("clusterNames", () => {
  it("has the cluster of previews where there may be any", () => {
    expect(clusterNames(config.deploy)).toEqual(["staging", "production", "preview"])
    expect(clusterNames(DEFAULTS.deploy)).toEqual(["staging", "production"])
  })
})
