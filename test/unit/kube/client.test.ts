import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { ClusterAccess } from "../../../src/lib/kube/access.js"
import type { KubeOptions } from "../../../src/lib/kube/client.js"
import {
  CONFIG_MAP,
  type ConfigMap,
  DEPLOYMENT,
  type DeploymentObject,
  LEASE,
  type Lease,
  NODE,
  POD,
  SECRET,
  type Secret,
} from "../../../src/lib/kube/objects.js"
import { type ApiServer, answer, clientOf, drop, refuse, startApi } from "./server.js"

let api: ApiServer
let access: ClusterAccess

beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.stop())
beforeEach(() => {
  api.acts = []
  api.seen = []
  access = {
    server: `http://127.0.0.1:${api.port}`,
    insecure: false,
    token: "t0ken",
    namespace: "staging",
    context: "test",
  }
})

const client = (options: Partial<KubeOptions> = {}) => clientOf(access, options).kube

const map: ConfigMap = { ...CONFIG_MAP, metadata: { name: "settings", namespace: "web" }, data: { a: "1" } }
const lease: Lease = {
  ...LEASE,
  metadata: { name: "lock", namespace: "web", resourceVersion: "7" },
  spec: { holderIdentity: "run-1", leaseDurationSeconds: 30 },
}

describe("the client", () => {
  it("gets an object, by default in the namespace of the kubeconfig", async () => {
    api.acts = [answer(200, map), answer(200, {}), answer(200, {})]
    expect(await client().get<ConfigMap>(CONFIG_MAP, "settings", "web")).toEqual(map)
    await client().get(DEPLOYMENT, "api")
    await client().get(NODE, "one", "web")
    expect(api.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /api/v1/namespaces/web/configmaps/settings",
      "GET /apis/apps/v1/namespaces/staging/deployments/api",
      "GET /api/v1/nodes/one",
    ])
    expect(api.seen[0]?.headers).toMatchObject({ authorization: "Bearer t0ken", "user-agent": "slipway" })
  })

  it("keeps the path of a server's address", async () => {
    access.server += "/k8s/clusters/c-1"
    await client().get(POD, "a")
    expect(api.seen[0]?.path).toBe("/k8s/clusters/c-1/api/v1/namespaces/staging/pods/a")
  })

  it("returns undefined for a missing object", async () => {
    api.acts = [refuse(404, "NotFound", 'pods "a" not found')]
    expect(await client().get(POD, "a")).toBeUndefined()
  })

  it.each(["", ".", "..", "a/b", "a%2fb", "a b"])("never sends a request for the name %j", async (name) => {
    await expect(client().get(POD, name)).rejects.toMatchObject({ code: "KUBE_INVALID" })
    await expect(client().delete(POD, name, "web")).rejects.toMatchObject({ code: "KUBE_INVALID" })
    await expect(client().list(POD, { namespace: name })).rejects.toMatchObject({ code: "KUBE_INVALID" })
    expect(api.seen).toEqual([])
  })

  it("creates in the object's namespace, as a dry run if requested", async () => {
    await client().create(map)
    await client().create({ ...map, metadata: { name: "x" } }, { dryRun: true })
    expect(api.seen).toMatchObject([
      {
        method: "POST",
        path: "/api/v1/namespaces/web/configmaps",
        query: { fieldManager: "slipway" },
        body: map,
      },
      { path: "/api/v1/namespaces/staging/configmaps", query: { dryRun: "All" } },
    ])
    expect(api.seen[0]?.query).not.toHaveProperty("dryRun")
    expect(api.seen[0]?.headers["content-type"]).toBe("application/json")
  })

  it("applies on the server's side, without fields that only the server may write", async () => {
    const read = { ...map, metadata: { ...map.metadata, managedFields: [{}] } }
    await client().apply(read, { dryRun: true })
    await client().apply(map, { force: false })
    expect(api.seen).toMatchObject([
      {
        method: "PATCH",
        path: "/api/v1/namespaces/web/configmaps/settings",
        query: { fieldManager: "slipway", force: "true", dryRun: "All" },
      },
      { query: { force: "false" } },
    ])
    expect(api.seen[0]?.body).toEqual(map)
    expect(api.seen[0]?.headers["content-type"]).toBe("application/apply-patch+yaml")
  })

  it("replaces, merges, patches and deletes", async () => {
    await client().replace(lease)
    await client().merge(DEPLOYMENT, "api", "web", { spec: { minReadySeconds: 0 } })
    await client().patch(DEPLOYMENT, "api", "web", [{ op: "remove", path: "/spec/paused" }])
    expect(await client().delete(POD, "a", "web", { propagation: "Foreground" })).toBe(true)
    expect(await client().delete(POD, "a", "web")).toBe(true)
    expect(api.seen).toMatchObject([
      { method: "PUT", path: "/apis/coordination.k8s.io/v1/namespaces/web/leases/lock", body: lease },
      { method: "PATCH", headers: { "content-type": "application/merge-patch+json" } },
      { method: "PATCH", headers: { "content-type": "application/json-patch+json" } },
      { method: "DELETE", query: { propagationPolicy: "Foreground" } },
      { query: { propagationPolicy: "Background" } },
    ])
  })

  it("returns false for the deletion of a missing object", async () => {
    api.acts = [refuse(404, "NotFound", 'pods "a" not found')]
    expect(await client().delete(POD, "a", "web")).toBe(false)
  })

  it("deletes only the object with the given uid, and returns false if another has its name", async () => {
    api.acts = [answer(200, {}), refuse(409, "Conflict", "the UID in the precondition does not match")]
    expect(await client().delete(POD, "a", "web", { uid: "1-2" })).toBe(true)
    expect(await client().delete(POD, "a", "web", { uid: "1-2" })).toBe(false)
    expect(api.seen[0]?.body).toMatchObject({ kind: "DeleteOptions", preconditions: { uid: "1-2" } })
  })

  it("returns the version", async () => {
    api.acts = [answer(200, { gitVersion: "v1.36.3" })]
    expect(await client().version()).toBe("v1.36.3")
    expect(api.seen[0]?.path).toBe("/version")
  })

  it("reports a server that isn't Kubernetes", async () => {
    api.acts = [answer(200, "<html>")]
    await expect(client().version()).rejects.toMatchObject({ code: "KUBE_FAILED", exitCode: 3 })
  })
})

describe("list", () => {
  const page = (names: string[], next?: string) =>
    answer(200, { metadata: { continue: next }, items: names.map((name) => ({ metadata: { name } })) })

  it("returns objects with kind and version", async () => {
    api.acts = [page(["a"]), page([])]
    const pods = await client().list(POD, { namespace: "web", labels: "app=api", fields: "spec.nodeName=n" })
    expect(pods).toEqual([{ ...POD, metadata: { name: "a" } }])
    expect(await client().list(POD)).toEqual([])
    expect(api.seen).toMatchObject([
      {
        path: "/api/v1/namespaces/web/pods",
        query: { labelSelector: "app=api", fieldSelector: "spec.nodeName=n" },
      },
      { path: "/api/v1/pods" },
    ])
  })

  it("reads all pages", async () => {
    api.acts = [page(["a", "b"], "two"), page(["c"], "three"), page(["d"])]
    const names = (await client().list(POD)).map(({ metadata }) => metadata.name)
    expect(names).toEqual(["a", "b", "c", "d"])
    expect(api.seen.map(({ query }) => query.continue)).toEqual([undefined, "two", "three"])
  })

  it("starts again after an expired continuation, a few times", async () => {
    const gone = refuse(410, "Expired", "The provided continue parameter is too old")
    api.acts = [page(["a"], "two"), gone, page(["a"], "two"), page(["b"])]
    expect((await client().list(POD)).map(({ metadata }) => metadata.name)).toEqual(["a", "b"])
    api.acts = Array.from({ length: 5 }, () => [page(["a"], "two"), gone]).flat()
    await expect(client().list(POD)).rejects.toThrow("continue parameter is too old")
  })
})

describe("discovery of kinds", () => {
  const list = answer(200, {
    resources: [
      { name: "certificates/status", kind: "Certificate", namespaced: true },
      { name: "certificates", kind: "Certificate", namespaced: true },
      { name: "clusterissuers", kind: "ClusterIssuer", namespaced: false },
    ],
  })
  const kind = { apiVersion: "cert-manager.io/v1", kind: "Certificate" }

  it("requests the cluster's list once", async () => {
    api.acts = [list]
    const kube = client()
    await Promise.all([kube.get(kind, "a"), kube.get(kind, "b")])
    await kube.delete(kind, "c", "web")
    expect(api.seen.map(({ path }) => path).sort()).toEqual([
      "/apis/cert-manager.io/v1",
      "/apis/cert-manager.io/v1/namespaces/staging/certificates/a",
      "/apis/cert-manager.io/v1/namespaces/staging/certificates/b",
      "/apis/cert-manager.io/v1/namespaces/web/certificates/c",
    ])
  })

  it("finds kinds of the whole cluster, and of the core", async () => {
    api.acts = [list]
    await client().get({ ...kind, kind: "ClusterIssuer" }, "a")
    await client()
      .get({ apiVersion: "v1", kind: "LimitRange" }, "a")
      .catch(() => undefined)
    expect(api.seen.map(({ path }) => path)).toEqual([
      "/apis/cert-manager.io/v1",
      "/apis/cert-manager.io/v1/clusterissuers/a",
      "/api/v1",
    ])
  })

  it("repeats the request if the cluster has no such kind yet", async () => {
    api.acts = [answer(404, "404 page not found"), answer(200, { resources: [] }), list]
    const kube = client()
    for (let tries = 0; tries < 2; tries += 1)
      await expect(kube.get(kind, "a")).rejects.toMatchObject({ code: "KUBE_MISSING", exitCode: 4 })
    expect(await kube.get(kind, "a")).toEqual({})
  })
})

describe("retries of the client", () => {
  it.each([
    ["429", refuse(429, "TooManyRequests", "slow down")],
    ["502", answer(502, "bad gateway")],
    ["503", refuse(503, "ServiceUnavailable", "not ready")],
    ["504", refuse(504, "Timeout", "request did not complete")],
    ["500 of etcd", refuse(500, "InternalError", "etcdserver: request timed out")],
    ["500 for want of a leader", refuse(500, "InternalError", "no leader")],
    ["500 that says to try again", refuse(500, "ServerTimeout", "could not be completed at this time")],
    [
      "admission that isn't up",
      refuse(403, "Forbidden", 'pods "a" is forbidden: not yet ready to handle request'),
    ],
    ["a lost connection", drop],
  ])("follow %s", async (_, act) => {
    const { kube, clock } = clientOf(access)
    api.acts = [act, act, answer(200, map)]
    expect(await kube.apply(map)).toEqual(map)
    expect(clock.pauses).toEqual([200, 400])
  })

  it.each([
    ["500 of a webhook", refuse(500, "InternalError", "failed calling webhook"), "KUBE_FAILED"],
    ["501", answer(501, ""), "KUBE_FAILED"],
    ["400", refuse(400, "BadRequest", "no"), "KUBE_INVALID"],
    ["409", refuse(409, "Conflict", "no"), "KUBE_CONFLICT"],
  ])("don't follow %s", async (_, act, code) => {
    api.acts = [act]
    await expect(client().apply(map)).rejects.toMatchObject({ code })
    expect(api.seen).toHaveLength(1)
  })

  it("wait as long as the server asks, within the client's patience", async () => {
    const { kube, clock } = clientOf(access)
    api.acts = [refuse(429, "TooManyRequests", "slow", {}, { "retry-after": "7" })]
    await kube.get(POD, "a")
    expect(clock.pauses).toEqual([7_000])
    api.acts = [refuse(429, "TooManyRequests", "slow", {}, { "retry-after": "99" })]
    await expect(kube.get(POD, "a")).rejects.toThrow("it answered 429: slow\n→")
    expect(clock.pauses).toHaveLength(1)
  })

  it("end with the patience for one request", async () => {
    const { kube, clock } = clientOf(access, { patience: 10_000 })
    api.acts = Array.from({ length: 50 }, () => refuse(503, "ServiceUnavailable", "starting"))
    const failure = kube.get(POD, "a")
    await expect(failure).rejects.toMatchObject({ code: "KUBE_UNREACHABLE", exitCode: 3 })
    await expect(failure).rejects.toThrow(/it answered 503: starting \(tried for \d s\)/)
    expect(clock.pauses).toEqual([200, 400, 800, 1_600, 3_000, 3_000])
    api.acts = [drop]
    expect(await kube.get(POD, "a")).toEqual({})
  })

  it("take no longer than the time limit of an attempt", async () => {
    const { kube } = clientOf(access, { timeout: 500 })
    api.acts = [() => undefined, (_, response) => void response.writeHead(200).write("{"), answer(200, map)]
    expect(await kube.get(CONFIG_MAP, "settings")).toEqual(map)
  })

  it("outlast the restart of a server", async () => {
    const { kube } = clientOf(access, {
      now: Date.now,
      sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
    })
    await kube.get(POD, "a")
    await api.stop()
    const asked = kube.merge(DEPLOYMENT, "api", "web", { spec: {} })
    setTimeout(() => void api.start(), 1_000)
    expect(await asked).toEqual({})
    expect(api.seen.at(-1)).toMatchObject({ method: "PATCH" })
  })

  it("allow a server that has just started time to load permissions and users", async () => {
    const { kube, clock } = clientOf(access)
    const forbidden = refuse(
      403,
      "Forbidden",
      'User "ann" cannot get resource "pods" in API group "" in the namespace "web"',
    )
    api.acts = [drop, forbidden, refuse(401, "Unauthorized", "Unauthorized")]
    expect(await kube.get(POD, "a")).toEqual({})
    clock.now += 60_000
    api.acts = [forbidden]
    await expect(kube.get(POD, "a")).rejects.toMatchObject({ code: "KUBE_FORBIDDEN" })
  })

  it("end with a reason if nothing listens", async () => {
    access.server = "http://127.0.0.1:2"
    const failure = client({ patience: 1_000 }).get(POD, "a")
    await expect(failure).rejects.toThrow(
      'the cluster at "http://127.0.0.1:2" gave no answer that stands: nothing listens at its address (tried for 1 s)',
    )
  })
})

describe("a change whose answer was lost", () => {
  const exists = refuse(409, "AlreadyExists", 'configmaps "settings" already exists')
  const conflict = refuse(409, "Conflict", "the object has been modified")

  it("returns the created object if a lost attempt created it", async () => {
    const made = { ...map, metadata: { ...map.metadata, uid: "u" } }
    api.acts = [drop, exists, answer(200, made)]
    expect(await client().create(map)).toEqual(made)
  })

  it("fails with KUBE_EXISTS if another client created it", async () => {
    api.acts = [exists]
    await expect(client().create(map)).rejects.toMatchObject({ code: "KUBE_EXISTS", exitCode: 3 })
    api.acts = [drop, exists, answer(200, { ...map, data: { a: "2" } })]
    await expect(client().create(map)).rejects.toThrow(
      'already a ConfigMap "settings" in the namespace "web"',
    )
  })

  it("isn't repeated if the server names the object", async () => {
    api.acts = [drop]
    await expect(client().create({ ...map, metadata: { name: "", namespace: "web" } })).rejects.toThrow(
      "may have done what it was asked for",
    )
    expect(api.seen).toHaveLength(1)
  })

  it("returns the object if a lost attempt replaced it", async () => {
    const now = { ...lease, metadata: { ...lease.metadata, resourceVersion: "8" } }
    api.acts = [drop, conflict, answer(200, now)]
    expect(await client().replace(lease)).toEqual(now)
  })

  it("fails with KUBE_CONFLICT if another client changed it, or no attempt was lost", async () => {
    api.acts = [drop, conflict, answer(200, { ...lease, spec: { holderIdentity: "run-2" } })]
    await expect(client().replace(lease)).rejects.toMatchObject({ code: "KUBE_CONFLICT", exitCode: 3 })
    api.acts = [conflict]
    await expect(client().replace(lease)).rejects.toMatchObject({ code: "KUBE_CONFLICT" })
  })

  it("isn't repeated without a resourceVersion", async () => {
    api.acts = [drop]
    const unguarded = { ...lease, metadata: { name: "lock", namespace: "web" } }
    await expect(client().replace(unguarded)).rejects.toMatchObject({ code: "KUBE_UNREACHABLE" })
    expect(api.seen).toHaveLength(1)
  })

  it("is recognised for patches that test what they change", async () => {
    const operations = [
      { op: "test", path: "/spec/paused", value: false },
      { op: "replace", path: "/spec/paused", value: true },
      { op: "add", path: "/metadata/annotations/slipway.dev~1run", value: "1" },
      { op: "remove", path: "/spec/minReadySeconds" },
    ]
    const done = {
      metadata: { name: "api", annotations: { "slipway.dev/run": "1" } },
      spec: { paused: true },
    } as unknown as DeploymentObject
    const invalid = refuse(422, "Invalid", "the server rejected our request due to an error in our request")
    api.acts = [drop, invalid, answer(200, done)]
    expect(await client().patch(DEPLOYMENT, "api", "web", operations)).toEqual(done)
    api.acts = [drop, invalid, answer(200, { ...done, spec: { paused: false } })]
    await expect(client().patch(DEPLOYMENT, "api", "web", operations)).rejects.toMatchObject({
      code: "KUBE_INVALID",
    })
    const patch = { metadata: { resourceVersion: "7" }, spec: { paused: true, minReadySeconds: null } }
    api.acts = [drop, conflict, answer(200, done)]
    expect(await client().merge(DEPLOYMENT, "api", "web", patch)).toEqual(done)
  })

  it("returns true if the second attempt finds nothing to delete", async () => {
    api.acts = [drop, refuse(404, "NotFound", "no")]
    expect(await client().delete(POD, "a", "web")).toBe(true)
  })
})

describe("errors for refusals", () => {
  const failing = (act: ReturnType<typeof refuse>, asked = () => client().apply(map)) => {
    api.acts = [act]
    return asked().then(
      () => expect.unreachable(),
      (error: unknown) => error as Error,
    )
  }

  it.each([
    [
      'services is forbidden: User "ann" cannot patch resource "services" in API group "" in the namespace "staging"',
      '"ann" may not patch services in the namespace "staging"',
      'verbs: ["patch"], resources: ["services"]',
    ],
    [
      'x is forbidden: User "ann" cannot get resource "deployments/scale" in API group "apps" in the namespace "a": RBAC: role "x" not found',
      '"ann" may not get deployments.apps/scale in the namespace "a"',
      'resources: ["deployments/scale"]',
    ],
    [
      'nodes is forbidden: User "ann" cannot list resource "nodes" in API group "" at the cluster scope',
      '"ann" may not list nodes in the cluster',
      'verbs: ["list"]',
    ],
    [
      'forbidden: User "ann" cannot get path "/metrics"',
      '"ann" may not get /metrics in the cluster',
      "allow",
    ],
    ['pods "a" is forbidden: exceeded quota: q', "the cluster forbids it: pods", "whoever runs it"],
  ])("name the missing permission: %s", async (message, expected, remedy) => {
    const error = await failing(refuse(403, "Forbidden", message))
    expect(error).toMatchObject({ code: "KUBE_FORBIDDEN", exitCode: 4 })
    expect(error.message).toContain(expected)
    expect(error.message).toContain(remedy)
  })

  it("name the invalid fields", async () => {
    const causes = [
      { field: "spec.replicas", message: "Invalid value: -1: must be greater than or equal to 0" },
      { field: "spec.selector", reason: "FieldValueRequired" },
    ]
    const error = await failing(refuse(422, "Invalid", "Deployment is invalid", { causes }))
    expect(error).toMatchObject({ code: "KUBE_INVALID", exitCode: 4 })
    expect(error.message).toContain(
      'the cluster doesn\'t take ConfigMap "settings" in the namespace "web": spec.replicas: Invalid value: -1: must be greater than or equal to 0; spec.selector: FieldValueRequired\n',
    )
  })

  it("name the missing object", async () => {
    const error = await failing(refuse(404, "NotFound", 'namespaces "web" not found'))
    expect(error).toMatchObject({ code: "KUBE_MISSING", exitCode: 4 })
    expect(error.message).toContain('namespaces "web" not found')
  })

  it("explain an invalid token", async () => {
    const unauthorized = refuse(401, "Unauthorized", "Unauthorized")
    expect(await failing(unauthorized)).toMatchObject({ code: "KUBE_UNAUTHORIZED", exitCode: 4 })
    expect((await failing(unauthorized)).message).toContain("it doesn't accept the kubeconfig's token")
    const claims = Buffer.from(JSON.stringify({ exp: Date.UTC(2024, 1, 3) / 1_000 })).toString("base64url")
    access.token = `aaaa.${claims}.bbbb`
    expect((await failing(unauthorized)).message).toContain("its token expired on 2024-02-03T00:00:00Z")
    access.token = undefined
    expect((await failing(unauthorized)).message).toContain("the kubeconfig has no credentials")
  })

  it("never contain the values of a Secret", async () => {
    const secret: Secret = {
      ...SECRET,
      metadata: { name: "db" },
      data: { URL: Buffer.from("postgres://u:hunter2@db").toString("base64") },
      stringData: { other: "correct horse" },
    }
    const causes = Object.values({
      ...secret.data,
      decoded: "postgres://u:hunter2@db",
      ...secret.stringData,
    }).map((value) => ({ field: "data", message: `Invalid value: ${JSON.stringify(value)}` }))
    for (const act of [
      refuse(422, "Invalid", "no", { causes }),
      refuse(400, "BadRequest", JSON.stringify(causes)),
    ])
      for (const asked of [() => client().apply(secret), () => client().create(secret)]) {
        const { message: shown } = await failing(act, asked)
        expect(shown).not.toMatch(/hunter2|correct horse|cG9zdGdy/)
        expect(shown).toContain("Invalid value")
      }
  })

  it("are bounded", async () => {
    const error = await failing(refuse(400, "BadRequest", "x".repeat(9_999)))
    expect(error.message.length).toBeLessThan(900)
  })
})
