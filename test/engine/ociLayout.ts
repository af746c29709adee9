import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { run } from "../../dagger/lib/shell.js"

interface Descriptor {
  digest: string
  mediaType: string
  annotations?: Record<string, string>
  platform?: { os: string; architecture: string }
}

interface Manifest {
  config: Descriptor
  layers: Descriptor[]
}

/** The parts of an image's configuration that tests read. */
export interface ImageConfig {
  created: string
  architecture: string
  config: {
    User?: string
    Env: string[]
    Cmd?: string[]
    Labels?: Record<string, string>
    Healthcheck?: { Test: string[] }
  }
  history: { created: string; created_by: string }[]
}

/** One platform's image in an OCI layout. */
export interface OciImage {
  platform: string
  config: ImageConfig
  /** Reads the last layer's file with this path. */
  file: (path: string) => Promise<string>
  /** Lists the paths of all files in its own layers, without those of the base image. */
  files: () => Promise<string[]>
}

/** Reads an OCI layout of one index, without Slipway's code. */
export function readLayout(folder: string) {
  const blob = (digest: string) => join(folder, "blobs", digest.replace(":", "/"))
  const json = <T>(path: string) => JSON.parse(readFileSync(path, "utf8")) as T
  const { manifests } = json<{ manifests: Descriptor[] }>(join(folder, "index.json"))
  const [{ digest } = { digest: "" }] = manifests
  const index = json<{ manifests: Descriptor[]; annotations?: Record<string, string> }>(blob(digest))
  const images = index.manifests.map(({ digest, platform }): OciImage => {
    const manifest = json<Manifest>(blob(digest))
    const own = manifest.layers.slice(1).map((layer) => blob(layer.digest))
    return {
      platform: `${platform?.os}/${platform?.architecture}`,
      config: json<ImageConfig>(blob(manifest.config.digest)),
      file: (path) => fileIn(own, path),
      files: async () => (await Promise.all(own.map(entries))).flat(),
    }
  })
  return { digest, annotations: index.annotations ?? {}, images }
}

const entries = async (layer: string): Promise<string[]> =>
  (await run`tar -tzf ${layer}`).stdout.split("\n").filter((path) => path !== "")

async function fileIn(layers: readonly string[], path: string): Promise<string> {
  for (const layer of layers.toReversed()) {
    const { exitCode, stdout } = await run({ nothrow: true })`tar -xzOf ${layer} ${path.slice(1)}`
    if (exitCode === 0) return stdout
  }
  throw new Error(`no layer has a file ${path}`)
}

/** Lists the files of a folder that contain one of these texts; compressed files are also searched unpacked. */
export function filesWith(folder: string, texts: readonly string[]): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return files
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => {
      const content = readFileSync(path)
      const packed = content[0] === 0x1f && content[1] === 0x8b
      return [content, ...(packed ? [gunzipSync(content)] : [])].some((bytes) => holds(bytes, texts))
    })
}

const holds = (bytes: Buffer, texts: readonly string[]): boolean => texts.some((text) => bytes.includes(text))

/** Encodes a text in every way in which it may appear elsewhere: plain, in base64, in URLs, in JSON and in HTML. */
export function encodings(text: string): string[] {
  const url = encodeURIComponent(text)
  const json = JSON.stringify(text).slice(1, -1)
  const escaped = (pattern: RegExp) =>
    json.replace(pattern, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
  const html = text.replace(/[&<>"']/g, (character) => `&${HTML[character] ?? ""};`)
  const lowerCase = url.replace(/%../g, (code) => code.toLowerCase())
  return [
    ...new Set([text, ...[0, 1, 2].flatMap((offset) => base64(text, offset)), html, json]),
    url,
    lowerCase,
    url.replaceAll("%20", "+"),
    escaped(/[<>&]/g),
    escaped(/[^ -~]/g),
    escaped(/[<>&]|[^ -~]/g), // as Go, Python, and both write it
  ]
}

const HTML: Partial<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" }

/**
 * Returns the base64 characters of a text that don't depend on its surroundings, `offset` bytes after a multiple of
 * three.
 */
function base64(text: string, offset: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)])
  const sure = bytes.toString("base64").slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6))
  return [sure, sure.replaceAll("+", "-").replaceAll("/", "_")]
}
