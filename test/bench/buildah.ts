import { requirePackages } from "../../dagger/kit/debian/packages.js"
import { run } from "../../dagger/lib/shell.js"
import type { Place } from "./place.js"

/** Commands that build a folder's Dockerfile, and write the image out as it would be pushed. */
export interface Buildah {
  build: (source: string) => Promise<void>
  layout: () => Promise<void>
}

const BASE = "python:3.11-slim"
const NAME = "bench"

/** Finds Debian's buildah and gives it a store of its own; returns the reason if there is none. */
export async function findBuildah(place: Place): Promise<Buildah | string> {
  try {
    await requirePackages(["buildah"])
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  const { path, environment } = place
  const store = [`--root=${path("buildah")}`, `--runroot=${path("buildah-run")}`, "--storage-driver=overlay"]
  // Its mounts disappear with its mount namespace.
  const buildah = ["unshare", "--mount", "--propagation", "private", "--", "buildah", ...store]
  const quiet = run({ env: environment })
  await pullBase(place, buildah)
  // The base image is the engine's, and the machine's certificate authorities are trusted as in the engine's
  // containers.
  const options = [
    "--isolation=chroot",
    "--layers",
    "--pull-never",
    "--volume=/etc/ssl/certs:/etc/ssl/certs:ro",
  ]
  return {
    build: async (source) => void (await quiet`${buildah} build ${options} --tag=${NAME} ${source}`),
    layout: async () => void (await quiet`${buildah} push --quiet ${NAME} oci:${path("buildah-out")}:image`),
  }
}

/** Pulls the base image from the engine, so that both builds use the same one. */
async function pullBase({ path, dagger }: Place, buildah: readonly string[]): Promise<void> {
  const archive = path("base.tar")
  const container = ["core", "container", "from", `--address=${BASE}`]
  await dagger(...container, "as-tarball", "--media-types=OCI", "export", `--path=${archive}`)
  const { stdout } = await run`${buildah} pull --quiet oci-archive:${archive}`
  await run`${buildah} tag ${stdout.trim()} docker.io/library/${BASE}`
}
