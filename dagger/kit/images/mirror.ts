import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http"
import { dirname, join } from "node:path"
import { paths } from "../../lib/home.js"
import { step } from "../../lib/progress.js"
import { CONTAINERS_MIRROR, MIRROR_ADDRESS, REGISTRY_ADDRESS } from "../../lib/addresses.js"
import type { Named } from "./recipes.js"
import { STAND_INS, type StandIn } from "./offlineImages.js"

const building = new Map<StandIn, Promise<void>>()

/**
 * Serves the registry mirror, and makes a stand-in the first time that somebody asks for one of its tags. Everything
 * else goes through to the registry behind it.
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
  const standIns = STAND_INS.filter((standIn) => standIn.name === name)
  if (standIns.length > 0 && !["GET", "HEAD"].includes(incoming.method ?? ""))
    return refuse(outgoing, 403, "DENIED", `"${name ?? ""}" is a stand-in, which nobody else may push`)
  if (part === "manifests" && standIns.length > 0 && !tag?.includes(":")) {
    const standIn = standIns.find(({ tags }) => tags.includes(tag ?? ""))
    const known = standIns.flatMap(({ tags }) => tags).join(", ")
    const unknown = `no stand-in for "${name ?? ""}:${tag ?? ""}", only for ${known}`
    if (!standIn) return refuse(outgoing, 404, "MANIFEST_UNKNOWN", unknown)
    await ensure(engineRoot, standIn)
  }
  passOn(incoming, outgoing)
}

/** Makes the stand-in unless one of the same content is in the registry; once, however many ask. */
function ensure(engineRoot: string, standIn: StandIn): Promise<void> {
  const underWay = building.get(standIn) ?? make(engineRoot, standIn).finally(() => building.delete(standIn))
  building.set(standIn, underWay)
  return underWay
}

async function make(engineRoot: string, standIn: StandIn): Promise<void> {
  const { name, tags, hours = Infinity } = standIn
  const key = standIn.key()
  const record = join(paths.registry, "stand-ins", name.replaceAll("/", "_"), tags[0] ?? "")
  if (readText(record) === key && hoursOld(record) < hours && (await inRegistry(standIn))) return
  const folder = join(paths.store, `.image-${key}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  try {
    await step(`stand-in ${name}:${tags[0] ?? ""}`, () => standIn.make(engineRoot, folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  mkdirSync(dirname(record), { recursive: true })
  writeFileSync(record, key)
}

const hoursOld = (file: string): number => (Date.now() - statSync(file).mtimeMs) / 3_600_000

/** The registry's folder may have been lost, or half lost: what matters is what it serves. */
async function inRegistry({ name, tags }: Named): Promise<boolean> {
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

function passOn(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const [host, port] = REGISTRY_ADDRESS.split(":")
  const { method, url: path, headers } = incoming
  const onward = request({ host, port, method, path, headers }, (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers)
    response.pipe(outgoing)
  })
  onward.on("error", (error) => refuse(outgoing, 502, "UNKNOWN", `asking the registry: ${error.message}`))
  incoming.pipe(onward)
}
