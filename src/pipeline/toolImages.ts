import { dag } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import type { ToolImage } from "../lib/release/gates.js"
import {
  COSIGN_VERSION,
  imageReference,
  type ImageRole,
  REGCTL_VERSION,
  TRIVY_VERSION,
} from "../stage/images.js"
import { servicePython } from "../python/version.js"
import type { PlacedSource } from "../stage/place.js"

/** Returns the images of the tools that judge and release an image, with the digests that the engine took them by. */
export async function toolImages(service: PlacedSource & { config: Config }): Promise<ToolImage[]> {
  const { config } = service
  const { version } = await servicePython(service, config)
  const roles: [ImageRole, string][] = [
    ["python", version],
    ["trivy", TRIVY_VERSION],
    ["regctl", REGCTL_VERSION],
    ["cosign", COSIGN_VERSION],
  ]
  return Promise.all(
    roles.map(async ([role, version]) => {
      const reference = imageReference(role, version, config.images)
      return { role, reference, digest: await digestTaken(reference) }
    }),
  )
}

/** Returns the digest of an image as the engine took it; empty for one that it can't name. */
async function digestTaken(reference: string): Promise<string> {
  try {
    return (await dag.container().from(reference).imageRef()).split("@")[1] ?? ""
  } catch {
    return ""
  }
}
