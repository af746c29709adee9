import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http"
import { dirname, join } from "node:path"
import { paths } from "../lib/home.js"
import { step } from "../lib/progress.js"
import { contentKey } from "../lib/store.js"
import { buildImage } from "./build.js"
import { MIRROR_ADDRESS, RECIPES, REGISTRY_ADDRESS, type Recipe } from "./recipes.js"

const SOURCES = ["build.ts", "debian.ts"].map((name) => readFileSync(join(import.meta.dirname, name), "utf8"))
const building = new Map<Recipe, Promise<void>>()

/**
 * Serves the registry mirror, and makes a recipe's image the first time that the engine asks for one of its tags.
 * Everything else goes through to the registry behind it.
 */
export function serveMirror(engineRoot: string): void {
  const [host, port] = MIRROR_ADDRESS.split(":")
  createServer((incoming, outgoing) => {
    answer(engineRoot, incoming, outgoing).catch((error: unknown) => {
      console.error(error)
      refuse(outgoing, 500, String(error))
    })
  }).listen(Number(port), host)
}

async function answer(
  engineRoot: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const [, name, tag] = /^\/v2\/(.+)\/manifests\/([^:?]+)(?:\?|$)/.exec(incoming.url ?? "") ?? []
  const recipes = RECIPES.filter((recipe) => recipe.name === name)
  if (tag && recipes.length > 0 && incoming.method !== "PUT") {
    const recipe = recipes.find(({ tags }) => tags.includes(tag))
    const known = recipes.flatMap(({ tags }) => tags).join(", ")
    if (!recipe) return refuse(outgoing, 404, `no stand-in for "${name ?? ""}:${tag}", only for ${known}`)
    await ensure(engineRoot, recipe)
  }
  passOn(incoming, outgoing)
}

/** Builds the image unless one of the same content is in the registry; once, however many ask. */
function ensure(engineRoot: string, recipe: Recipe): Promise<void> {
  const underWay = building.get(recipe) ?? make(engineRoot, recipe).finally(() => building.delete(recipe))
  building.set(recipe, underWay)
  return underWay
}

async function make(engineRoot: string, recipe: Recipe): Promise<void> {
  const key = contentKey({ texts: [JSON.stringify(recipe), ...SOURCES] })
  const record = join(paths.registry, "stand-ins", recipe.name.replaceAll("/", "_"), recipe.tags[0] ?? "")
  if (readText(record) === key && (await inRegistry(recipe))) return
  const folder = join(paths.store, `.image-${key}`)
  rmSync(folder, { recursive: true, force: true })
  try {
    await step(`stand-in image ${recipe.name}:${recipe.tags[0] ?? ""}`, () =>
      buildImage(engineRoot, recipe, folder),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  mkdirSync(dirname(record), { recursive: true })
  writeFileSync(record, key)
}

/** The registry's folder may have been lost, or half lost: what matters is what it serves. */
async function inRegistry({ name, tags }: Recipe): Promise<boolean> {
  const accept = { accept: "application/vnd.oci.image.index.v1+json" }
  const found = tags.map((tag) =>
    fetch(`http://${REGISTRY_ADDRESS}/v2/${name}/manifests/${tag}`, { headers: accept }),
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

function refuse(outgoing: ServerResponse, status: number, message: string): void {
  const body = { errors: [{ code: status === 404 ? "MANIFEST_UNKNOWN" : "UNKNOWN", message }] }
  console.error(message)
  outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const [host, port] = REGISTRY_ADDRESS.split(":")
  const { method, url: path, headers } = incoming
  const onward = request({ host, port, method, path, headers }, (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers)
    response.pipe(outgoing)
  })
  onward.on("error", (error) => refuse(outgoing, 502, `asking the registry: ${error.message}`))
  incoming.pipe(onward)
}
