import { createHash } from "node:crypto"
import { SlipwayError } from "../errors/catalogue.js"
import {
  CONFIG_MAP,
  type ConfigMap,
  type KubeObject,
  type PodTemplate,
  type Secret,
} from "../kube/objects.js"
import { fields } from "../text/json.js"
import type { Context } from "./context.js"
import { type Manifests, withPodTemplate } from "./manifests.js"

/** Field of a pod's spec that refers to a ConfigMap or Secret, by its key. */
const REFERENCES: readonly (readonly [key: RegExp, kind: string])[] = [
  [/^configMap(?:Ref|KeyRef)?$/, "ConfigMap"],
  [/^(?:secret|secretRef|secretKeyRef|\w+SecretRef)$/, "Secret"],
]

/**
 * Gives ConfigMaps and Secrets that pods use a new name where their content changes, as kustomize does.
 *
 * Under the old name the content would change for the old pods too, before the new ones have passed any test, and stay
 * changed after a rollback.
 */
export async function withOwnConfigs(
  context: Context,
  manifests: Manifests,
  log: string[],
): Promise<Manifests> {
  const used = referencesOf([manifests.deployment, ...manifests.last])
  const names = new Map<string, string>()
  for (const object of manifests.first) {
    const key = `${object.kind}/${object.metadata.name}`
    if (!used.has(key) || !(await isChanged(context, object))) continue
    const name = `${object.metadata.name}-${contentHash(object)}`
    names.set(key, name)
    log.push(`${object.kind} ${object.metadata.name} has changed: the new pods get it as ${name}`)
  }
  if (names.size === 0) return manifests
  const change = (template: PodTemplate): PodTemplate => ({
    ...template,
    spec: renamed(template.spec, names) as PodTemplate["spec"],
  })
  const { deployment } = manifests
  return {
    ...manifests,
    deployment: { ...deployment, spec: { ...deployment.spec, template: change(deployment.spec.template) } },
    first: manifests.first.map((object) => {
      const name = names.get(`${object.kind}/${object.metadata.name}`)
      return name === undefined ? object : { ...object, metadata: { ...object.metadata, name } }
    }),
    last: manifests.last.map((object) => withPodTemplate(object, change)),
  }
}

/** The ConfigMaps and Secrets that the pods of these objects use: `ConfigMap/settings`. */
function referencesOf(objects: readonly KubeObject[]): ReadonlySet<string> {
  const found = new Set<string>()
  const note = (template: PodTemplate): PodTemplate => {
    renamed(template.spec, { get: (key) => void found.add(key) })
    return template
  }
  for (const object of objects) withPodTemplate(object, note)
  return found
}

interface Names {
  get: (key: string) => string | undefined
}

/** Replaces names of ConfigMaps and Secrets in a part of a pod's spec. */
function renamed(value: unknown, names: Names): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, names))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const kind = REFERENCES.find(([pattern]) => pattern.test(key))?.[1]
      if (key === "imagePullSecrets" && Array.isArray(child))
        return [key, child.map((each) => reference(each, "Secret", names))]
      return [key, kind === undefined ? renamed(child, names) : reference(child, kind, names)]
    }),
  )
}

function reference(value: unknown, kind: string, names: Names): unknown {
  const given = fields(value)
  const key = typeof given["secretName"] === "string" ? "secretName" : "name"
  const name = given[key]
  const now = typeof name === "string" ? names.get(`${kind}/${name}`) : undefined
  return now === undefined ? value : { ...given, [key]: now }
}

/** True if applying a ConfigMap or Secret would change the content of a live one. */
async function isChanged({ kube }: Context, object: KubeObject): Promise<boolean> {
  const { name, namespace } = object.metadata
  try {
    const live = await kube.get(object, name, namespace)
    if (live === undefined) return false
    return contentHash(await kube.apply(object, { dryRun: true })) !== contentHash(live)
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    // An immutable one takes no other content. An account that may not read Secrets changes them as they are.
    if (error.code === "KUBE_INVALID") return true
    if (error.code === "KUBE_FORBIDDEN") return false
    throw error
  }
}

/** Hashes the content of a ConfigMap or Secret. */
function contentHash(object: KubeObject): string {
  const { data = {}, binaryData = {} } = object as ConfigMap & { binaryData?: Record<string, string> }
  const plain = (object as Secret & { stringData?: Record<string, string> }).stringData ?? {}
  const encoded = Object.entries(plain).map(([key, value]) => [key, Buffer.from(value).toString("base64")])
  const content = { ...data, ...binaryData, ...(Object.fromEntries(encoded) as Record<string, string>) }
  const sorted = Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1))
  const kind = object.kind === CONFIG_MAP.kind ? "" : (object as Secret).type
  return createHash("sha256")
    .update(JSON.stringify([kind, sorted]))
    .digest("hex")
    .slice(0, 10)
}
