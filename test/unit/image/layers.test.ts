import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import {
  imageOfLayers,
  imageWithLayers,
  type ImageLayer,
  layerGroups,
  layersOf,
  withoutEmptyLayers,
} from "../../../src/lib/image/layers.js"
import { blobPath, onlyManifest, readManifest } from "../../../src/lib/image/layout.js"
import { NO_TIME } from "../../../src/lib/image/revision.js"
import { without } from "../../../src/lib/text/json.js"

const GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
const digest = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`
const layer = (name: string, size = 10): ImageLayer => ({
  mediaType: GZIP,
  digest: digest(name),
  size,
  diffId: digest(`${name}.tar`),
})

/** An image as the engine writes it: two layers of a base, then its own. */
function image(...own: ImageLayer[]) {
  const layers = [layer("base 1", 5e6), layer("base 2"), ...own]
  const created = "2026-12-02T08:00:00Z"
  const steps = [
    "import image layer a",
    "import image layer b",
    "",
    "Directory.withFile",
    "Container.withExec",
  ]
  return {
    manifest: JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digest("config"), size: 6 },
      layers: layers.map((each) => without(each, "diffId")),
      annotations: { note: "kept" },
    }),
    config: JSON.stringify({
      created,
      architecture: "amd64",
      variant: "v1",
      os: "linux",
      config: { User: "1000" },
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
      history: steps.map((step) => ({ created, created_by: step })),
    }),
  }
}

const large = layer("packages", 87e6)
const small = layer("service")
const other = layer("links", 89)

/** Reads the manifest and the configuration of a layout's files by the digests that lead to them. */
function read(files: Record<string, string>) {
  const manifest = files[blobPath(onlyManifest(files["index.json"] ?? ""))] ?? ""
  const config = files[blobPath(readManifest(manifest).config.digest)] ?? ""
  for (const text of [manifest, config]) expect(files[blobPath(digest(text))]).toBe(text)
  expect(readManifest(manifest).config.size).toBe(config.length)
  return { manifest, config }
}

describe("an image's layers", () => {
  test("are split into its base's, each large one, and the small ones together", () => {
    const { base, groups } = layerGroups(image(small, large, other), "")
    expect(base).toEqual([layer("base 1", 5e6), layer("base 2")])
    expect(groups).toEqual([
      { layers: [large], after: "" },
      { layers: [small, other], after: "" },
    ])
  })

  test("have their own time kept in the last one if that is dated", () => {
    const { groups } = layerGroups(image(other, large, small), "2026-12-02T08:00:00Z")
    expect(groups).toEqual([
      { layers: [large], after: "" },
      { layers: [other], after: "" },
      { layers: [small], after: "2026-12-02T08:00:00Z" },
    ])
  })

  test("are no group if there is only a base", () => {
    expect(layerGroups(image(), "").groups).toEqual([])
    expect(layerGroups(image(), "2026-12-02T08:00:00Z").groups).toEqual([])
  })

  test("are refused if the configuration has other ones", () => {
    const { manifest } = image(small)
    expect(() => layersOf({ manifest, config: image().config })).toThrow("3 layers, but 2 diff_ids")
  })
})

describe("layers without a file", () => {
  const empty = { ...layer("no file", 32), diffId: digest("\0".repeat(1024)) }

  test("are left out, and marked in the history", () => {
    const left = withoutEmptyLayers(image(large, empty, small))
    expect(layersOf(left)).toEqual([layer("base 1", 5e6), layer("base 2"), large, small])
    const { history } = JSON.parse(left.config) as { history: { empty_layer?: boolean }[] }
    expect(history.map((step) => step.empty_layer)).toEqual([
      undefined,
      undefined,
      undefined,
      true,
      undefined,
    ])
    expect(withoutEmptyLayers(left)).toEqual(left)
  })

  test("stay in the base", () => {
    const { manifest, config } = image(empty)
    const based = config.replace(layer("base 2").diffId, empty.diffId)
    expect(layersOf(withoutEmptyLayers({ manifest, config: based })).map(({ diffId }) => diffId)).toEqual([
      layer("base 1").diffId,
      empty.diffId,
    ])
  })
})

describe("the layout of some layers", () => {
  test("is an image of exactly these, whatever image they come from", () => {
    expect(layersOf(read(imageOfLayers([large, other])))).toEqual([large, other])
    expect(imageOfLayers([large])).toEqual(imageOfLayers([{ ...large }]))
  })
})

describe("the layout of an image with other layers", () => {
  const written = layer("service, written anew", 11)
  const replaced = new Map([[small.digest, written]])
  const base = layerGroups(image(large, small), "").base
  const made = read(imageWithLayers(image(large, small), { base, replaced }, "linux/arm64/v8"))

  test("has them in their places", () => {
    expect(layersOf(made)).toEqual([layer("base 1", 5e6), layer("base 2"), large, written])
  })

  test("says its platform, and no time but the layers'", () => {
    const config = JSON.parse(made.config) as Record<string, unknown> & { history: { created: string }[] }
    expect(config).toMatchObject({ os: "linux", architecture: "arm64", variant: "v8", created: NO_TIME })
    expect(new Set(config.history.map(({ created }) => created))).toEqual(new Set([NO_TIME]))
    expect(config).toMatchObject({ config: { User: "1000" } })
    const plain = read(imageWithLayers(image(small), { base, replaced }, "linux/arm64"))
    expect(JSON.parse(plain.config)).not.toHaveProperty("variant")
  })

  test("names no operation of the engine, which differ with what it has done before", () => {
    const { history } = JSON.parse(made.config) as { history: { created_by: string }[] }
    expect(history.map((step) => step.created_by)).toEqual([
      ...["import image layer a", "import image layer b"],
      ...["Slipway", "Slipway", "Slipway"],
    ])
  })

  test("keeps a layer of the base that equals a replaced one", () => {
    const doubled = image(layer("base 2"))
    const both = { base, replaced: new Map([[digest("base 2"), written]]) }
    expect(layersOf(read(imageWithLayers(doubled, both, "linux/amd64")))).toEqual([...base, written])
  })

  test("keeps what else the manifest says", () => {
    expect(JSON.parse(made.manifest)).toMatchObject({ annotations: { note: "kept" } })
  })
})
