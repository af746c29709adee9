import { describe, expect, it, test } from "vitest"
import { stringify } from "yaml"
import { ANNOTATIONS, bareImageName, readManifests, withVersion } from "../../../src/lib/deploy/manifests.js"
import type { KubeObject } from "../../../src/lib/kube/objects.js"
import { DIGEST } from "./objects.js"

const pods = (image: string, labels: Record<string, string>, init?: string) => ({
  metadata: { labels },
  spec: {
    ...(init !== undefined && { initContainers: [{ name: "init", image: init }] }),
    containers: [
      { name: "main", image },
      { name: "proxy", image: "envoy:1" },
    ],
  },
})

const deployment = (
  name: string,
  { image = "web:1", app = name, init = undefined as string | undefined } = {},
) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: { selector: { matchLabels: { app } }, template: pods(image, { app, tier: "x" }, init) },
})

const service = (name: string, selector?: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { ...(selector && { selector }), ports: [{ port: 80 }] },
})

const plain = (kind: string, name = "x", more: object = {}) => ({
  apiVersion: "v1",
  kind,
  metadata: { name, ...more },
})

const yaml = (...objects: object[]): string => objects.map((object) => stringify(object)).join("---\n")

const read = (objects: object[], wanted: { deployment?: string; service?: string } = {}) =>
  readManifests(yaml(...objects), { namespace: "fallback", ...wanted })

const web = [deployment("web"), service("web", { app: "web" })]
const api = [deployment("api"), service("api", { app: "api" })]

describe("readManifests, choosing the Deployment", () => {
  it("takes the only one that a Service selects", () => {
    const {
      deployment: found,
      service: leads,
      last,
    } = read([
      deployment("worker"),
      service("none"),
      service("empty", {}),
      service("else", { app: "else" }),
      ...web,
    ])
    expect([found.metadata.name, leads.metadata.name]).toEqual(["web", "web"])
    expect(last.map(({ metadata }) => metadata.name)).toEqual(["worker", "none", "empty", "else"])
  })

  it("takes one with every label of the Service's selector", () => {
    expect(read([deployment("web"), service("web", { app: "web", tier: "x" })]).service.metadata.name).toBe(
      "web",
    )
    expect(() => read([deployment("web"), service("web", { app: "web", tier: "y" })])).toThrow(
      'no Service selects the pods of a Deployment (found "web")',
    )
  })

  it("needs its name if there are several", () => {
    expect(() => read([...web, ...api])).toThrow(
      "several Deployments could take the traffic: web behind web; api behind api",
    )
    expect(read([...web, ...api], { deployment: "api" }).service.metadata.name).toBe("api")
    expect(read([...web, ...api], { service: "web" }).deployment.metadata.name).toBe("web")
  })

  it("needs the Service's name if two route to it", () => {
    const objects = [...web, service("public", { app: "web" })]
    expect(() => read(objects, { deployment: "web" })).toThrow("web behind web; web behind public")
    const found = read(objects, { deployment: "web", service: "public" })
    expect(found.service.metadata.name).toBe("public")
    expect(found.last.map(({ metadata }) => metadata.name)).toEqual(["web"])
  })

  it("fails if there is none", () => {
    expect(() => read([])).toThrow("(found no Deployment)")
    expect(() => read(web, { deployment: "api" })).toThrow("NO_DEPLOYMENT")
  })
})

describe("readManifests", () => {
  test.each([
    ["a: [", "document 1: "],
    ["kind: Service\n", "document 1 lacks apiVersion, kind or metadata.name"],
    ["---\n---\napiVersion: v1\nkind: A\nmetadata: {name: 7}\n", "lacks apiVersion, kind or metadata.name"],
    ["- a\n", "document 1 lacks"],
  ])("rejects %j", (text, problem) => {
    expect(() => readManifests(text, { namespace: "n" })).toThrow(problem)
  })

  it("skips empty documents", () => {
    expect(readManifests(`---\n# nothing\n---\n${yaml(...web)}---\n`, { namespace: "n" }).last).toEqual([])
  })

  it("sets the namespace that the manifests name, else the given one, but not for cluster-wide kinds", () => {
    const objects = [
      ...web,
      plain("ConfigMap"),
      plain("ClusterRole"),
      plain("Secret", "s", { namespace: "own" }),
    ]
    const where = ({ first, ...found }: ReturnType<typeof read>) => [
      found.namespace,
      found.deployment.metadata.namespace,
      found.service.metadata.namespace,
      ...first.map(({ metadata }) => metadata.namespace),
    ]
    expect(where(read(objects))).toEqual(["fallback", "fallback", "fallback", "own", "fallback", undefined])
    const named = { ...deployment("web"), metadata: { name: "web", namespace: "audio" } }
    expect(where(read([named, ...objects.slice(1)])).slice(0, 3)).toEqual(["audio", "audio", "audio"])
  })

  it("puts first what pods need, in the order of dependencies", () => {
    const kinds = [
      "RoleBinding",
      "Ingress",
      "ConfigMap",
      "Role",
      "ServiceAccount",
      "CronJob",
      "Namespace",
      "Secret",
    ]
    const { first, last } = read([...kinds.map((kind) => plain(kind)), ...web])
    const order = ["Namespace", "ServiceAccount", "Secret", "ConfigMap", "Role", "RoleBinding"]
    expect(first.map(({ kind }) => kind)).toEqual(order)
    expect(last.map(({ kind }) => kind)).toEqual(["Ingress", "CronJob"])
  })
})

describe("withVersion", () => {
  const version = { name: "v1.2.3", repository: "r.example:5000/team/web", digest: DIGEST, commit: "c" }
  const image = `${version.repository}@${DIGEST}`
  const put = (objects: object[], more: Partial<typeof version> = {}) =>
    withVersion(read(objects, { deployment: "web" }), { ...version, ...more })
  const images = (object: unknown): unknown => JSON.stringify(object).match(/(?<="image":")[^"]*/g)

  it("replaces the tag by the digest, and annotates pods with version and commit", () => {
    const { template } = put(web).deployment.spec
    expect(images(template)).toEqual([image, "envoy:1"])
    expect(template.metadata?.annotations).toEqual({
      [ANNOTATIONS.version]: "v1.2.3",
      [ANNOTATIONS.digest]: DIGEST,
      [ANNOTATIONS.commit]: "c",
    })
    expect(template.metadata?.labels).toEqual({ app: "web", tier: "x" })
    expect(put(web, { commit: "" }).deployment.spec.template.metadata?.annotations).not.toHaveProperty([
      ANNOTATIONS.commit,
    ])
  })

  it("also changes workers, CronJobs and init containers, and nothing else", () => {
    const cron = {
      ...plain("CronJob", "nightly"),
      spec: { schedule: "@daily", jobTemplate: { spec: { template: pods("web:1", {}) } } },
    }
    const { deployment: main, last } = put([
      deployment("web", { init: "web:1" }),
      service("web", { app: "web" }),
      deployment("worker", { image: "web:9" }),
      deployment("redis", { image: "redis:7" }),
      cron,
      plain("Ingress", "i"),
      { ...plain("CronJob", "odd"), spec: { jobTemplate: 7 } },
    ])
    expect(images(main)).toEqual([image, image, "envoy:1"])
    const [worker, redis, nightly, ...others] = last as (KubeObject & { spec?: { schedule?: string } })[]
    expect(images(worker)).toEqual([image, "envoy:1"])
    expect(images(redis)).toEqual(["redis:7", "envoy:1"])
    expect(JSON.stringify(redis)).not.toContain(ANNOTATIONS.digest)
    expect(images(nightly)).toEqual([image, "envoy:1"])
    expect(nightly?.spec?.schedule).toBe("@daily")
    expect(others.map(images)).toEqual([null, null])
  })

  test.each([
    ["of the release's own name", version.repository, image],
    ["of the same last part", "localhost:5000/web:dev", image],
    ["of a digest", `web@sha256:${"0".repeat(64)}`, image],
  ])("replaces the image %s", (_, given, then) => {
    expect(images(put([deployment("web", { image: given }), web[1] as object]).deployment)).toEqual([
      then,
      "envoy:1",
    ])
  })

  it("fails if no image matches", () => {
    const objects = [deployment("web", { image: "api:1" }), service("web", { app: "web" })]
    expect(() => put(objects)).toThrow(
      `none of the Deployment's images is "r.example:5000/team/web": "api", "envoy"`,
    )
  })

  it("replaces the only image whatever its name", () => {
    const only = {
      ...deployment("web"),
      spec: {
        template: {
          metadata: { labels: { app: "web" } },
          spec: { containers: [{ name: "a", image: "placeholder" }] },
        },
      },
    }
    expect(images(put([only, service("web", { app: "web" })]).deployment)).toEqual([image])
  })
})

test.each([
  ["web", "web"],
  ["web:1", "web"],
  ["localhost:5000/web", "localhost:5000/web"],
  ["localhost:5000/web:1@sha256:00", "localhost:5000/web"],
  ["", ""],
])("bareImageName of %j is %j", (image, name) => {
  expect(bareImageName(image)).toBe(name)
})
