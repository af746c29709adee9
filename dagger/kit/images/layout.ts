import { createHash } from "node:crypto"
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { inRoot, insidePath } from "../debian/root.js"
import type { Platform } from "../debian/rootfs.js"
import { REGISTRY_ADDRESS } from "../../lib/addresses.js"
import type { ImageName, Recipe } from "./recipes.js"

interface Descriptor {
  mediaType: string
  digest: string
  size: number
}

const INDEX_TYPE = "application/vnd.oci.image.index.v1+json"

/** Adds one platform's image to an OCI layout, tagged by its architecture; creates the layout if it is missing. */
export async function packImage(
  engineRoot: string,
  recipe: Recipe,
  platform: Platform,
  root: string,
  layout: string,
): Promise<void> {
  const image = `${insidePath(layout)}:${basename(platform)}`
  const umoci = (...args: string[]) => inRoot(engineRoot, ["umoci", ...args])
  if (!existsSync(layout)) await umoci("init", "--layout", insidePath(layout))
  await umoci("new", "--image", image)
  await umoci("insert", "--image", image, insidePath(root), "/")
  await umoci("config", "--image", image, ...configuration(recipe, platform))
}

function configuration(recipe: Recipe, platform: Platform): string[] {
  const values = (flag: string, list: string[] = []) => list.flatMap((value) => [`--config.${flag}`, value])
  const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...recipe.env }
  return [
    "--os",
    "linux",
    "--architecture",
    basename(platform),
    ...values(
      "env",
      Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ),
    ...values("entrypoint", recipe.entrypoint),
    ...values("cmd", recipe.cmd),
    ...values("exposedports", recipe.ports),
    ...values("workingdir", recipe.workdir ? [recipe.workdir] : []),
    ...values("user", recipe.user ? [recipe.user] : []),
    ...values("label", ["dev.slipway.stand-in=true"]),
  ]
}

/** Writes an index named `index` over the layout's images: none of the packaged tools can. */
export function writeIndex(layout: string, recipe: Recipe): void {
  const file = join(layout, "index.json")
  const top = JSON.parse(readFileSync(file, "utf8")) as {
    manifests: (Descriptor & { annotations: Record<string, string> })[]
  }
  const name = "org.opencontainers.image.ref.name"
  const manifests = recipe.platforms.map((platform) => {
    const found = top.manifests.find(({ annotations }) => annotations[name] === basename(platform))
    if (!found) throw new Error(`packing "${recipe.name}": no image for "${platform}" in its layout`)
    const { mediaType, digest, size } = found
    return { mediaType, digest, size, platform: { os: "linux", architecture: basename(platform) } }
  })
  const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests })
  const digest = createHash("sha256").update(index).digest("hex")
  const blob = join(layout, "blobs/sha256", digest)
  writeFileSync(blob, index)
  top.manifests.push({
    mediaType: INDEX_TYPE,
    digest: `sha256:${digest}`,
    size: statSync(blob).size,
    annotations: { [name]: "index" },
  })
  writeFileSync(file, JSON.stringify(top))
}

/** Pushes `source` of a layout, with everything it refers to, to the registry under each tag. */
export async function pushLayout(
  engineRoot: string,
  layout: string,
  source: string,
  { name, tags }: ImageName,
): Promise<void> {
  const copy = ["skopeo", "copy", "--quiet", "--all", "--dest-tls-verify=false"]
  for (const tag of tags) {
    const target = `docker://${REGISTRY_ADDRESS}/${name}:${tag}`
    await inRoot(engineRoot, [...copy, `oci:${insidePath(layout)}:${source}`, target])
  }
}
