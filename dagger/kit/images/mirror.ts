import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http"
import { dirname, join } from "node:path"
import { paths } from "../../lib/home.js"
import { step } from "../../lib/progress.js"
import { CONTAINERS_MIRROR, MIRROR_ADDRESS, REGISTRY_ADDRESS } from "../../lib/addresses.js"
import type { ImageName } from "./recipes.js"
import { OFFLINE_IMAGES, type OfflineImage } from "./offlineImages.js"

const building = new Map<OfflineImage, Promise<void>>()

/**
 * Serves the registry mirror and builds an offline image when one of its tags is first requested.
 *
 * Everything else is proxied to the registry behind it.
 */
export function serveMirror(engineRoot: string): void {
  for (const address of [MIRROR_ADDRESS, CONTAINERS_MIRROR]) {
    const [host, port] = address.split(":")
    createServer((incoming, outgoing) => {
      answer(engineRoot, incoming, outgoing).catch((error: unknown) => {
        console.error(error)
        refuse(outgoing, 500, "UNKNOWN", String(error))
      })
    }).listen(Number(port), host)
  }
}

async function answer(
  engineRoot: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const [, name, part, tag] = /^\/v2\/(.+)\/(manifests|blobs)\/([^?]+)/.exec(incoming.url ?? "") ?? []
  const images = OFFLINE_IMAGES.filter((image) => image.name === name)
  if (images.length > 0 && !["GET", "HEAD"].includes(incoming.method ?? ""))
    return refuse(outgoing, 403, "DENIED", `"${name ?? ""}" is an offline image and can't be pushed`)
  if (part === "manifests" && images.length > 0 && !tag?.includes(":")) {
    const image = images.find(({ tags }) => tags.includes(tag ?? ""))
    const known = images.flatMap(({ tags }) => tags).join(", ")
    const unknown = `no offline image "${name ?? ""}:${tag ?? ""}", only the tags ${known}`
    if (!image) return refuse(outgoing, 404, "MANIFEST_UNKNOWN", unknown)
    await ensureBuilt(engineRoot, image)
  }
  proxy(incoming, outgoing)
}

/** Builds the image unless the registry has one of the same key; only once for concurrent requests. */
function ensureBuilt(engineRoot: string, image: OfflineImage): Promise<void> {
  const underWay = building.get(image) ?? buildOnce(engineRoot, image).finally(() => building.delete(image))
  building.set(image, underWay)
  return underWay
}

async function buildOnce(engineRoot: string, image: OfflineImage): Promise<void> {
  const { name, tags, hours = Infinity } = image
  const key = image.key()
  const record = join(paths.registry, "offline-images", name.replaceAll("/", "_"), tags[0] ?? "")
  if (readText(record) === key && hoursOld(record) < hours && (await inRegistry(image))) return
  const folder = join(paths.store, `.image-${key}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  try {
    await step(`offline image ${name}:${tags[0] ?? ""}`, () => image.build(engineRoot, folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  mkdirSync(dirname(record), { recursive: true })
  writeFileSync(record, key)
}

const hoursOld = (file: string): number => (Date.now() - statSync(file).mtimeMs) / 3_600_000

/** Asks the registry itself, since its folder may have been deleted in whole or in part. */
async function inRegistry({ name, tags }: ImageName): Promise<boolean> {
  const accept = ["index", "manifest"].map((kind) => `application/vnd.oci.image.${kind}.v1+json`).join(", ")
  const found = tags.map((tag) =>
    fetch(`http://${REGISTRY_ADDRESS}/v2/${name}/manifests/${tag}`, { headers: { accept } }),
  )
  return (await Promise.all(found)).every(({ ok }) => ok)
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}

function refuse(outgoing: ServerResponse, status: number, code: string, message: string): void {
  console.error(message)
  outgoing.writeHead(status, { "content-type": "application/json" })
  outgoing.end(JSON.stringify({ errors: [{ code, message }] }))
}

function proxy(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const [host, port] = REGISTRY_ADDRESS.split(":")
  const { method, url: path, headers } = incoming
  const onward = request({ host, port, method, path, headers }, (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers)
    response.pipe(outgoing)
  })
  onward.on("error", (error) => refuse(outgoing, 502, "UNKNOWN", `registry request failed: ${error.message}`))
  incoming.pipe(onward)
}
