import { createHash } from "node:crypto"
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, join } from "node:path"
import { inRoot, insidePath } from "../engine/root.js"
import { debianRoot, type Platform } from "./debian.js"
import { REGISTRY_ADDRESS, type Recipe } from "./recipes.js"

interface Descriptor {
  mediaType: string
  digest: string
  size: number
}

const INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
const DIST_PACKAGES = "usr/local/lib/python3.11/dist-packages"
const WHEEL_PLATFORM: Record<Platform, string> = {
  "linux/amd64": "manylinux2014_x86_64",
  "linux/arm64": "manylinux2014_aarch64",
}

/** Makes a recipe's image for each of its platforms and pushes it under each of its tags. Needs the registry. */
export async function buildImage(engineRoot: string, recipe: Recipe, folder: string): Promise<void> {
  mkdirSync(join(folder, "layout"), { recursive: true })
  const layout = join(folder, "layout")
  for (const platform of recipe.platforms) {
    const root = join(folder, basename(platform))
    await debianRoot(engineRoot, { packages: recipe.packages, platform }, root)
    finishUnpacked(root)
    await addPythonPackages(engineRoot, root, recipe.pypi ?? [], platform)
    for (const path of recipe.remove ?? []) rmSync(join(root, path), { force: true })
    for (const [path, target] of Object.entries(recipe.links ?? {})) link(join(root, path), target)
    await pack(engineRoot, recipe, platform, root, layout)
  }
  writeIndex(layout, recipe)
  for (const tag of recipe.tags) {
    const target = `docker://${REGISTRY_ADDRESS}/${recipe.name}:${tag}`
    await inRoot(engineRoot, [
      "skopeo",
      "copy",
      "--quiet",
      "--all",
      "--dest-tls-verify=false",
      `oci:${insidePath(layout)}:index`,
      target,
    ])
  }
}

/** Makes the few files that set-up scripts would have made, where a foreign architecture's could not run. */
function finishUnpacked(root: string): void {
  for (const name of ["passwd", "group"]) {
    const master = join(root, "usr/share/base-passwd", `${name}.master`)
    if (!existsSync(join(root, "etc", name))) copyFileSync(master, join(root, "etc", name))
  }
  const authorities = join(root, "usr/share/ca-certificates/mozilla")
  const bundle = join(root, "etc/ssl/certs/ca-certificates.crt")
  if (!existsSync(authorities) || existsSync(bundle)) return
  mkdirSync(dirname(bundle), { recursive: true })
  writeFileSync(
    bundle,
    readdirSync(authorities)
      .map((name) => readFileSync(join(authorities, name), "utf8"))
      .join(""),
  )
}

/** Unpacks wheels of the target's platform; runs nothing of them. */
async function addPythonPackages(
  engineRoot: string,
  root: string,
  packages: string[],
  platform: Platform,
): Promise<void> {
  if (packages.length === 0) return
  const only = ["--no-deps", "--only-binary=:all:", `--platform=${WHEEL_PLATFORM[platform]}`]
  const target = `--target=${insidePath(join(root, DIST_PACKAGES))}`
  await inRoot(engineRoot, ["pip", "install", "--quiet", "--no-cache-dir", ...only, target, ...packages])
}

function link(path: string, target: string): void {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  symlinkSync(target, path)
}

async function pack(
  engineRoot: string,
  recipe: Recipe,
  platform: Platform,
  root: string,
  layout: string,
): Promise<void> {
  const image = `${insidePath(layout)}:${basename(platform)}`
  const values = (flag: string, list: string[] = []) => list.flatMap((value) => [flag, value])
  const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...recipe.env }
  const config = [
    ...["--os", "linux", "--architecture", basename(platform)],
    ...values(
      "--config.env",
      Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ),
    ...values("--config.entrypoint", recipe.entrypoint),
    ...values("--config.cmd", recipe.cmd),
    ...values("--config.workingdir", recipe.workdir ? [recipe.workdir] : []),
    ...["--config.label", "dev.slipway.stand-in=true"],
  ]
  if (!existsSync(join(layout, "index.json"))) {
    rmSync(layout, { recursive: true })
    await inRoot(engineRoot, ["umoci", "init", "--layout", insidePath(layout)])
  }
  await inRoot(engineRoot, ["umoci", "new", "--image", image])
  await inRoot(engineRoot, ["umoci", "insert", "--image", image, insidePath(root), "/"])
  await inRoot(engineRoot, ["umoci", "config", "--image", image, ...config])
  rmSync(root, { recursive: true })
}

/** Joins the layout's images under one index, named `index`: no packaged tool here makes one. */
function writeIndex(layout: string, recipe: Recipe): void {
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
