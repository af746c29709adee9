import { mkdirSync, readFileSync, rmSync } from "node:fs"
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http"
import { join } from "node:path"
import { paths } from "../../lib/home.js"
import { step } from "../../lib/progress.js"
import { CONTAINERS_MIRROR, MIRROR_ADDRESS, REGISTRY_ADDRESS } from "../../lib/addresses.js"
import { mirrorRequest } from "./mirrorRequest.js"
import { OFFLINE_IMAGES, type OfflineImage } from "./offlineImages.js"
import { builtDigest, recordBuilt } from "./records.js"

const building = new Map<OfflineImage, Promise<string>>()

/**
 * Serves the registry mirror and builds an offline image when one of its tags is first requested.
 *
 * Nothing can be pushed through it, and it serves each tag by the digest that was recorded when the image was built:
 * whoever may write to the registry behind it, such as a release to 127.0.0.1:5001, replaces nobody's base image.
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
  const asked = mirrorRequest(incoming.method, incoming.url)
  if (asked === undefined) return refuse(outgoing, 403, "DENIED", refusal(incoming))
  if (asked.kind === "ping")
    return void outgoing.writeHead(200, { "content-type": "application/json" }).end("{}")
  const { name } = asked
  const images = OFFLINE_IMAGES.filter((image) => image.name === name)
  if (images.length === 0) return refuse(outgoing, 404, "NAME_UNKNOWN", `no offline image "${name}"`)
  if (asked.kind !== "tag") return proxy(incoming, outgoing, asked)
  const image = images.find(({ tags }) => tags.includes(asked.tag))
  const known = images.flatMap(({ tags }) => tags).join(", ")
  const unknown = `no offline image "${name}:${asked.tag}", only the tags ${known}`
  if (!image) return refuse(outgoing, 404, "MANIFEST_UNKNOWN", unknown)
  proxy(incoming, outgoing, { kind: "manifest", name, digest: await ensureBuilt(engineRoot, image) })
}

const refusal = ({ method = "", url = "" }: IncomingMessage): string =>
  `"${method} ${url.slice(0, 200)}" is refused: manifests and blobs of offline images can be read, and nothing else`

/**
 * Returns the image's digest; builds it unless the registry has one of the same key.
 *
 * Builds it only once for concurrent requests.
 */
function ensureBuilt(engineRoot: string, image: OfflineImage): Promise<string> {
  const underWay = building.get(image) ?? buildOnce(engineRoot, image).finally(() => building.delete(image))
  building.set(image, underWay)
  return underWay
}

async function buildOnce(engineRoot: string, image: OfflineImage): Promise<string> {
  const { name, tags } = image
  const known = builtDigest(image)
  if (known !== undefined && (await inRegistry(name, known))) return known
  const key = image.key()
  const folder = join(paths.store, `.image-${key}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  try {
    await step(`offline image ${name}:${tags[0] ?? ""}`, () => image.build(engineRoot, folder))
    const digest = pushedDigest(folder)
    recordBuilt(image, key, digest)
    return digest
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The digest of what was pushed, from the layout itself: somebody may have moved the registry's tag meanwhile. */
function pushedDigest(folder: string): string {
  const index = JSON.parse(readFileSync(join(folder, "layout/index.json"), "utf8")) as {
    manifests: { digest: string }[]
  }
  const digest = index.manifests.at(-1)?.digest
  if (digest === undefined) throw new Error(`the layout in "${folder}" is empty`)
  return digest
}

/** Asks the registry itself, since its folder may have been deleted in whole or in part. */
async function inRegistry(name: string, digest: string): Promise<boolean> {
  const accept = ["index", "manifest"].map((kind) => `application/vnd.oci.image.${kind}.v1+json`).join(", ")
  const { ok } = await fetch(`http://${REGISTRY_ADDRESS}/v2/${name}/manifests/${digest}`, {
    headers: { accept },
  })
  return ok
}

function refuse(outgoing: ServerResponse, status: number, code: string, message: string): void {
  console.error(message)
  outgoing.writeHead(status, { "content-type": "application/json" })
  outgoing.end(JSON.stringify({ errors: [{ code, message }] }))
}

/** Headers of a request that the registry gets to see. */
const PASSED_ON = ["accept", "range", "if-none-match", "user-agent"]

/** Asks the registry for content by its digest, which whoever reads it checks. */
function proxy(
  { method, headers }: IncomingMessage,
  outgoing: ServerResponse,
  { kind, name, digest }: { kind: "manifest" | "blob"; name: string; digest: string },
): void {
  const [host, port] = REGISTRY_ADDRESS.split(":")
  const passed = Object.fromEntries(Object.entries(headers).filter(([key]) => PASSED_ON.includes(key)))
  const options = { host, port, method, path: `/v2/${name}/${kind}s/${digest}`, headers: passed }
  const onward = request(options, (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers)
    response.pipe(outgoing)
  })
  onward.on("error", (error) => refuse(outgoing, 502, "UNKNOWN", `registry request failed: ${error.message}`))
  onward.end()
}
