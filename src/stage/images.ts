import type { Container } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { type ImagesLock, lockedReference } from "../lib/image/lock.js"
import { rebase } from "../lib/image/reference.js"
import type { ServiceDefinition } from "../lib/testing/services.js"

/** Versions chosen by Slipway. A service chooses those of Python, its databases and Terraform. */
export const COSIGN_VERSION = "3.0.6"
export const GIT_VERSION = "2.49.1"
export const HELM_VERSION = "4.3.2"
export const K3S_VERSION = "v1.36.3-k3s1"
export const K6_VERSION = "1.3.0"
export const KUBECTL_VERSION = "1.36.3"
export const PROMETHEUS_VERSION = "3.16.0"
/** The Python version for this module's own programs. */
export const PYTHON_VERSION = "3.11"
/** The minor versions of Python that a service may run on without naming one, oldest first. */
export const PYTHON_VERSIONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"] as const
export const REGCTL_VERSION = "0.11.7"
export const REGISTRY_VERSION = "3"
export const TRIVY_VERSION = "0.70.0"
export const ZAP_VERSION = "2.17.0"

/** The images of all stages, by role. */
const IMAGES = {
  /** The smallest official image with pip, in the service's minor version. */
  python: (version: string) => `python:${version}-slim`,
  /** With git and compilers, for packages that need them to be installed. */
  pythonFull: (version: string) => `python:${version}`,
  git: (version: string) => `alpine/git:v${version}`,
  postgres: (version: string) => `postgres:${version}`,
  redis: (version: string) => `redis:${version}`,
  mysql: (version: string) => `mysql:${version}`,
  mariadb: (version: string) => `mariadb:${version}`,
  mongodb: (version: string) => `mongo:${version}`,
  rabbitmq: (version: string) => `rabbitmq:${version}`,
  trivy: (version: string) => `aquasec/trivy:${version}`,
  regctl: (version: string) => `ghcr.io/regclient/regctl:v${version}-alpine`,
  cosign: (version: string) => `ghcr.io/sigstore/cosign/cosign:v${version}`,
  registry: (version: string) => `registry:${version}`,
  terraform: (version: string) => `hashicorp/terraform:${version}`,
  opentofu: (version: string) => `ghcr.io/opentofu/opentofu:${version}`,
  k3s: (version: string) => `rancher/k3s:${version}`,
  kubectl: (version: string) => `registry.k8s.io/kubectl:v${version}`,
  helm: (version: string) => `alpine/helm:${version}`,
  k6: (version: string) => `grafana/k6:${version}`,
  zap: (version: string) => `zaproxy/zap-stable:${version}`,
  prometheus: (version: string) => `prom/prometheus:v${version}`,
} as const

export type ImageRole = keyof typeof IMAGES

/** The sources of images, with the service's lock if it has one. */
export type ImageSources = Config["images"] & { readonly lock?: ImagesLock | undefined }

/**
 * Returns the reference of a role's image, replaced or from a mirror if so configured, with its digest by the lock.
 *
 * Fails with IMAGES_LOCK_LACKS and IMAGES_LOCK_DIFFERS.
 */
export function imageReference(role: ImageRole, version: string, sources: ImageSources): string {
  const { prefix, replace, lock } = sources
  return lockedReference(replace[role] ?? rebase(IMAGES[role](version), prefix), lock)
}

/** The versions of the services of tests that the configuration leaves to Slipway. */
const SERVICE_VERSIONS = { mysql: "8.4", mariadb: "11.8", mongodb: "8.0", rabbitmq: "4" } as const

/** Returns the reference of the image of a service of tests: its own, or that of a known service. */
export function serviceImage({ image, known }: ServiceDefinition, { tests, images }: Config): string {
  if (image !== undefined) return lockedReference(rebase(image, images.prefix), (images as ImageSources).lock)
  if (known === undefined) throw new Error("a service that isn't known has an image of its own")
  const { postgres, redis } = tests
  const versions = { ...SERVICE_VERSIONS, postgres: postgres.version, redis: redis.version }
  return imageReference(known, versions[known], images)
}

/** The versions of the images that Slipway chooses for every service. */
const CHOSEN: Partial<Record<ImageRole, string>> = {
  git: GIT_VERSION,
  trivy: TRIVY_VERSION,
  regctl: REGCTL_VERSION,
  cosign: COSIGN_VERSION,
  registry: REGISTRY_VERSION,
  k3s: K3S_VERSION,
  kubectl: KUBECTL_VERSION,
  helm: HELM_VERSION,
  k6: K6_VERSION,
  zap: ZAP_VERSION,
  prometheus: PROMETHEUS_VERSION,
}

/** Returns the references of all images for stages; a service chooses the versions of the other roles. */
export const roleImages = (
  others: Partial<Record<ImageRole, readonly string[]>>,
  sources: ImageSources,
): string[] =>
  Object.keys(IMAGES).flatMap((name) => {
    const role = name as ImageRole
    const versions = others[role] ?? [CHOSEN[role] ?? ""]
    return versions.map((version) => imageReference(role, version, sources))
  })

/** Returns a note for reports if an image is an offline one, built from packages, with what it lacks; else empty. */
export async function offlineImageNote(container: Container): Promise<string> {
  if ((await container.label("dev.slipway.stand-in")) !== "true") return ""
  const lacks = await container.label("dev.slipway.lacks")
  return lacks ? ` (offline image, without ${lacks})` : " (offline image)"
}
