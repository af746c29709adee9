import { type Changeset, dag } from "@dagger.io/dagger"
import { NO_ACCESS } from "./access.js"
import { chosenDockerfile } from "./chosenDockerfile.js"
import { dockerfileImages } from "./dockerfile.js"
import { toolVersion } from "../lib/infra/tools.js"
import { fail } from "../lib/errors/catalogue.js"
import { IMAGES_LOCK, imagesLockText } from "../lib/image/lock.js"
import { serviceDefinitions } from "../lib/testing/services.js"
import { type ImageSources, PYTHON_VERSION, roleImages, serviceImage } from "../stage/images.js"
import { imageProblem } from "../python/base.js"
import { servicePython } from "../python/version.js"
import type { PythonService } from "../stage/service.js"
import { messageOf } from "../lib/run/execError.js"

/** Services of tests: locked if they are configured. */
const NO_SERVICES = { mysql: [], mariadb: [], mongodb: [], rabbitmq: [] }

/** Writes the lock of all images that a service's runs use. Fails with IMAGE_UNRESOLVED and NO_DOCKERFILE. */
export async function lockImages(service: PythonService): Promise<Changeset> {
  const { source, config: locked, space } = service
  const images: ImageSources = { ...locked.images, lock: undefined }
  const config = { ...locked, images }
  const { image, tests, infra } = config
  const { version } = await servicePython(service, config)
  // Packages need it seldom, and not every registry has it.
  const full = (await imageProblem(version, config, "pythonFull")) === undefined
  const own = roleImages(
    {
      python: [PYTHON_VERSION, version],
      pythonFull: full ? [version] : [],
      postgres: [tests.postgres.version],
      redis: [tests.redis.version],
      ...NO_SERVICES,
      terraform: infra.tool === "terraform" ? [toolVersion(config)] : [],
      opentofu: infra.tool === "opentofu" ? [toolVersion(config)] : [],
    },
    images,
  )
  const { file: dockerfile } = await chosenDockerfile(source, config)
  const platform = await dag.defaultPlatform()
  const building = { source, config: { ...config, image: { ...image, dockerfile } }, space, platform }
  const bases = dockerfile === undefined ? [] : await dockerfileImages({ ...building, access: NO_ACCESS })
  const services = serviceDefinitions(tests).map((service) => serviceImage(service, config))
  const found = await Promise.all([...new Set([...own, ...services, ...bases])].map(resolved))
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
