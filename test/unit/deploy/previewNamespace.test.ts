import { describe, expect, it } from "vitest"
import {
  claimNamespace,
  deletePreview,
  type Preview,
  PREVIEW_LABEL,
  requireInside,
} from "../../../src/lib/deploy/previewNamespace.js"
import { readManifests } from "../../../src/lib/deploy/manifests.js"
import { type KubeObject, NAMESPACE } from "../../../src/lib/kube/objects.js"
import { Cluster } from "./cluster.js"

const PREVIEW: Preview = {
  environment: "preview-7",
  number: "7",
  namespace: "api-pr-7",
  service: "registry.example.com/team/api",
}

describe("claimNamespace", () => {
  it("creates the namespace with its number and its service, once", async () => {
    const { kube } = new Cluster()
    await claimNamespace(kube, PREVIEW, 1)
    await claimNamespace(kube, PREVIEW, 1)
    expect((await kube.get(NAMESPACE, "api-pr-7", ""))?.metadata).toMatchObject({
      labels: { [PREVIEW_LABEL]: "7", "pod-security.kubernetes.io/enforce": "baseline" },
      annotations: { "slipway.dev/service": PREVIEW.service },
    })
  })

  it.each([
    ["that Slipway didn't make", {}, /Slipway made it for no preview/],
    ["of another pull request", { labels: { [PREVIEW_LABEL]: "8" } }, /it is that of number 8 of an unknown/],
    [
      "of another service",
      { labels: { [PREVIEW_LABEL]: "7" }, annotations: { "slipway.dev/service": "other" } },
      /it is that of number 7 of other/,
    ],
  ])("refuses a namespace %s, and doesn't delete it either", async (_, metadata, why) => {
    const { kube } = new Cluster()
    await kube.create({ ...NAMESPACE, metadata: { name: "api-pr-7", ...metadata } })
    await expect(claimNamespace(kube, PREVIEW, 1)).rejects.toThrow(why)
    await expect(deletePreview(kube, PREVIEW, 5)).rejects.toThrow(why)
    expect(await kube.get(NAMESPACE, "api-pr-7", "")).toBeDefined()
  })
})

it("claimNamespace waits for one that is being deleted, and says if it takes too long", async () => {
  const { kube, faults } = new Cluster()
  await claimNamespace(kube, PREVIEW, 1)
  const made = await kube.get<KubeObject>(NAMESPACE, "api-pr-7", "")
  const metadata = { ...made?.metadata, deletionTimestamp: "2026-12-01T00:00:00Z" }
  faults.push(({ method }) => (method === "GET" ? { status: 200, body: { ...made, metadata } } : undefined))
  await expect(claimNamespace(kube, PREVIEW, 0)).rejects.toThrow(
    /"api-pr-7" is still being deleted after 0 s/,
  )
})

describe("deletePreview", () => {
  it("deletes its namespace, and says whether there was one", async () => {
    const { kube } = new Cluster()
    await claimNamespace(kube, PREVIEW, 1)
    expect(await deletePreview(kube, PREVIEW, 5)).toBe(true)
    expect(await kube.get(NAMESPACE, "api-pr-7", "")).toBeUndefined()
    expect(await deletePreview(kube, PREVIEW, 5)).toBe(false)
  })
})

describe("requireInside", () => {
  const labels = "{ app: api }"
  const manifests = (more = "", namespace = "") => `apiVersion: apps/v1
kind: Deployment
metadata: { name: api${namespace} }
spec: { selector: { matchLabels: ${labels} }, template: { metadata: { labels: ${labels} }, spec: { containers: [] } } }
---
apiVersion: v1
kind: Service
metadata: { name: api }
spec: { selector: ${labels}, ports: [{ port: 80 }] }
${more}`
  /** A cluster with a kind of its own that is in no namespace. */
  const cluster = () => {
    const made = new Cluster()
    const resources = [{ name: "validatingwebhookconfigurations", kind: "ValidatingWebhookConfiguration" }]
    made.faults.push(({ path }) =>
      path === "/apis/admissionregistration.k8s.io/v1"
        ? { status: 200, body: { resources: resources.map((each) => ({ ...each, namespaced: false })) } }
        : undefined,
    )
    return made.kube
  }
  const inside = (text: string) =>
    requireInside(cluster(), readManifests(text, { namespace: "api-pr-7" }), "api-pr-7")
  const more = (object: string) => `---\n${object}\n`

  it("accepts what is in its namespace, also by default", async () => {
    await expect(inside(manifests())).resolves.toBeUndefined()
  })

  it.each([
    [
      /ClusterRole all, which is the whole cluster's/,
      manifests(more("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: all }")),
    ],
    [
      /ValidatingWebhookConfiguration all, which is the whole cluster's/,
      manifests(
        more(
          "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: { name: all }",
        ),
      ),
    ],
    [/Deployment api, in staging/, manifests("", ", namespace: staging")],
    [
      /ConfigMap a, in kube-system/,
      manifests(more("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: kube-system }")),
    ],
  ])("refuses what lies outside: %s", async (what, text) => {
    await expect(inside(text)).rejects.toThrow(what)
  })
})
