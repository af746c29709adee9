import { type Changeset, dag } from "@dagger.io/dagger"
import { dockerfileImages, dockerfileOf } from "./dockerfile.js"
import { toolVersion } from "../infra/terraform.js"
import { fail } from "../lib/errors/catalogue.js"
import { IMAGES_LOCK, imagesLockText } from "../lib/image/lock.js"
import { choosePythonVersion, MANIFESTS } from "../lib/python/project.js"
import { type ImageSources, PYTHON_VERSION, roleImages } from "../stage/images.js"
import type { PythonService } from "../stage/service.js"
import { messageOf } from "../lib/run/execError.js"
import { texts } from "../stage/texts.js"

/** Writes the lock of all images that a service's runs use. Fails with IMAGE_UNRESOLVED and NO_DOCKERFILE. */
export async function lockImages({ source, config: locked, space }: PythonService): Promise<Changeset> {
  const images: ImageSources = { ...locked.images, lock: undefined }
  const config = { ...locked, images }
  const { image, python, tests, infra } = config
  const manifests = await texts(source, [...MANIFESTS, ...(python.requirements ?? [])])
  const own = roleImages(
    {
      python: [PYTHON_VERSION, choosePythonVersion(manifests, python.version)],
      postgres: [tests.postgres.version],
      redis: [tests.redis.version],
      terraform: infra.tool === "terraform" ? [toolVersion(config)] : [],
      opentofu: infra.tool === "opentofu" ? [toolVersion(config)] : [],
    },
    images,
  )
  const built = image.dockerfile !== undefined || (await source.exists(dockerfileOf(config)))
  const platform = await dag.defaultPlatform()
  const bases = built ? await dockerfileImages({ source, config, space, platform, secrets: [] }) : []
  const found = await Promise.all([...new Set([...own, ...bases])].map(resolved))
  return source.withNewFile(IMAGES_LOCK, imagesLockText(new Map(found))).changes(source)
}

/** The digest of an image's index, or of the image if it has none. */
async function resolved(reference: string): Promise<[name: string, digest: string]> {
  try {
    const [, digest = ""] = (await dag.container().from(reference).imageRef()).split("@")
    return [reference.split("@")[0] ?? reference, digest]
  } catch (error) {
    throw fail("IMAGE_UNRESOLVED", [reference, messageOf(error).split("\n")[0] ?? ""], { cause: error })
  }
}
