import type { Container } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { rebase } from "../lib/image/reference.js"

/** Every image that a stage starts from, by its role. */
const IMAGES = {
  /** The smallest official image with pip. Its minor version is the service's. */
  python: (version: string) => `python:${version}-slim`,
  git: (version: string) => `alpine/git:v${version}`,
  postgres: (version: string) => `postgres:${version}`,
  redis: (version: string) => `redis:${version}`,
  trivy: (version: string) => `aquasec/trivy:${version}`,
  regctl: (version: string) => `ghcr.io/regclient/regctl:v${version}-alpine`,
  cosign: (version: string) => `ghcr.io/sigstore/cosign/cosign:v${version}`,
  registry: (version: string) => `registry:${version}`,
  terraform: (version: string) => `hashicorp/terraform:${version}`,
  opentofu: (version: string) => `ghcr.io/opentofu/opentofu:${version}`,
  k3s: (version: string) => `rancher/k3s:${version}`,
  kubectl: (version: string) => `registry.k8s.io/kubectl:v${version}`,
  k6: (version: string) => `grafana/k6:${version}`,
  zap: (version: string) => `zaproxy/zap-stable:${version}`,
  prometheus: (version: string) => `prom/prometheus:v${version}`,
} as const

export type ImageRole = keyof typeof IMAGES

/** The reference of a role's image, as the configuration wants it: replaced, or taken from a mirror. */
export function imageReference(
  role: ImageRole,
  version: string,
  { prefix, replace }: Config["images"],
): string {
  return replace[role] ?? rebase(IMAGES[role](version), prefix)
}

/** Says in a report that an image was made from packages, where the one of its name can't be pulled; else nothing. */
export const standInNote = async (container: Container): Promise<string> =>
  (await container.label("dev.slipway.stand-in")) === "true" ? " (stand-in image)" : ""
