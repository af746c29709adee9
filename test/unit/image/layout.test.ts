import { describe, expect, it, test } from "vitest"
import {
  blobPath,
  difference,
  imageText,
  onlyManifest,
  overBudget,
  type PlatformImage,
  readIndex,
  readManifest,
  sizeText,
  totalSize,
} from "../../../src/lib/image/layout.js"

const INDEX = "application/vnd.oci.image.index.v1+json"
const MANIFEST = "application/vnd.oci.image.manifest.v1+json"
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`

const entry = (platform: unknown, from: object = {}): object => ({
  mediaType: MANIFEST,
  digest: digest("a"),
  size: 1234,
  platform,
  ...from,
})

const index = (...manifests: unknown[]): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests })

const layers = (...sizes: number[]) => sizes.map((size) => ({ mediaType: LAYER, digest: digest("c"), size }))

const image = (compressed: number, platform = "linux/amd64", ...sizes: number[]): PlatformImage => ({
  mediaType: MANIFEST,
  digest: digest("a"),
  size: 1234,
  platform,
  layers: layers(...sizes),
  compressed,
})

describe("onlyManifest", () => {
  it("returns the digest of the only manifest", () => {
    expect(onlyManifest(index({ mediaType: INDEX, digest: digest("b"), size: 2 }))).toBe(digest("b"))
  })

  test.each([
    ["nothing", "", 0],
    ["invalid JSON", "{", 0],
    ["a list", "[]", 0],
    ["no manifests", "{}", 0],
    ["none", index(), 0],
    ["two", index(entry({}), entry({})), 2],
  ])("throws for %s", (_, text, number) => {
    expect(() => onlyManifest(text)).toThrow(`the layout has ${number} manifests`)
  })

  it("throws for a manifest without a digest", () => {
    expect(() => onlyManifest(index({}))).toThrow("[INVALID_REFERENCE]")
  })
})

it("blobPath returns the path of a digest", () => {
  expect(blobPath(digest("b"))).toBe(`blobs/sha256/${"b".repeat(64)}`)
})

describe("readManifest", () => {
  it("returns configuration and layers", () => {
    const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digest("d"), size: 7 }
    const text = JSON.stringify({ config, layers: layers(5, 6), annotations: {} })
    expect(readManifest(text)).toEqual({ config, layers: layers(5, 6) })
  })

  test.each(["", "null", "[]", "{}", '{"config":[],"layers":{}}'])("returns nothing for %j", (text) => {
    expect(readManifest(text)).toEqual({ config: { mediaType: "", digest: "", size: 0 }, layers: [] })
  })

  it("ignores sizes that aren't numbers", () => {
    const text = JSON.stringify({ layers: [null, 7, { size: "9" }, { size: 9 }] })
    expect(readManifest(text).layers.map(({ size }) => size)).toEqual([0, 0, 0, 9])
  })
})

describe("readIndex", () => {
  it("returns each platform with its image", () => {
    const [amd64, arm64] = [
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64" },
    ]
    expect(readIndex(index(entry(amd64), entry(arm64, { digest: digest("b"), size: 5 })))).toEqual([
      { platform: "linux/amd64", mediaType: MANIFEST, digest: digest("a"), size: 1234 },
      { platform: "linux/arm64", mediaType: MANIFEST, digest: digest("b"), size: 5 },
    ])
  })

  test.each(["", "nonsense", "null", "[]", "{}", '{"manifests":{}}', JSON.stringify({ layers: layers(1) })])(
    "returns nothing for %j",
    (text) => {
      expect(readIndex(text)).toEqual([])
    },
  )

  // An index comes from a registry, and each digest ends up in a shell command, next to passwords and keys.
  test.each([
    ["a missing one", undefined],
    ["a number", 7],
    ["a command on a line of its own", `${digest("a")}\ntouch /tmp/x #`],
    ["a line's end", `${digest("a")}\n`],
    ["a command's end", `${digest("a")}; touch /tmp/x`],
    ["another place", "sha256:../../../etc/passwd"],
    ["an option", "--config=x"],
    ["capitals", digest("A")],
    ["too little", `sha256:${"a".repeat(63)}`],
    ["too much", `sha256:${"a".repeat(65)}`],
    ["another algorithm", `md5:${"a".repeat(32)}`],
  ])("rejects a digest: %s", (_, bad) => {
    const os = { os: "linux", architecture: "amd64" }
    expect(() => readIndex(index(entry(os), entry(os, { digest: bad })))).toThrow("[INVALID_REFERENCE]")
  })

  test.each([
    ["left out", undefined, "unknown/unknown"],
    ["of an attestation", { os: "unknown", architecture: "unknown" }, "unknown/unknown"],
    ["a text", "linux/amd64", "unknown/unknown"],
    ["half of one", { os: "linux" }, "linux/unknown"],
    ["a number", { os: 1, architecture: ["amd64"] }, "unknown/unknown"],
    ["a line of its own", { os: "linux", architecture: "amd64\n✓ all" }, "linux/unknown"],
    ["a terminal's escape", { os: "\u001b[2J", architecture: "amd64" }, "unknown/amd64"],
    ["a folder", { os: "..", architecture: "../x" }, "unknown/unknown"],
    ["endless", { os: "a".repeat(33), architecture: "a".repeat(32) }, `unknown/${"a".repeat(32)}`],
    ["with a variant", { os: "linux", architecture: "arm64", variant: "v8" }, "linux/arm64"],
    ["of Windows", { os: "windows", architecture: "amd64", "os.version": "10" }, "windows/amd64"],
  ])("returns a safe platform: %s", (_, platform, expected) => {
    expect(readIndex(index(entry(platform))).map((found) => found.platform)).toEqual([expected])
  })
})

it("totalSize adds up the layers", () => {
  expect(totalSize(layers(1, 20, 300))).toBe(321)
  expect(totalSize([])).toBe(0)
})

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [999_949, "999.9 kB"],
  [999_999, "1.0 MB"],
  [87_412_345, "87.4 MB"],
  [999_949_999, "999.9 MB"],
  [999_999_999, "1.00 GB"],
  [1_234_567_890, "1.23 GB"],
])("sizeText formats %i bytes as %s", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})

it("imageText describes an image", () => {
  expect(imageText(image(180_100_000, "linux/amd64", 80_000_000, 92_600_000, 7_500_000))).toBe(
    "180.1 MB in 3 layers, the biggest 92.6 MB",
  )
  expect(imageText(image(5, "linux/amd64", 5))).toBe("5 B in 1 layer, the biggest 5 B")
  expect(imageText(image(0))).toBe("0 B in 0 layers, the biggest 0 B")
})

describe("overBudget", () => {
  const images = [image(200_000_000), image(200_000_001, "linux/arm64"), image(350_000_000, "linux/s390x")]

  it("reports an image over its budget, with the excess", () => {
    const found = overBudget(images, 200_000_000)
    expect(found.map(({ message }) => message)).toEqual([
      "the image for linux/arm64 takes 200.0 MB, 1 B more than image.budget allows",
      "the image for linux/s390x takes 350.0 MB, 150.0 MB more than image.budget allows",
    ])
    expect(found[0]).toMatchObject({ tool: "slipway", rule: "budget", level: "error", file: "slipway.yaml" })
    expect(found[0]).not.toHaveProperty("advisory")
  })

  it("reports nothing without a budget, or within it", () => {
    expect(overBudget(images, undefined)).toEqual([])
    expect(overBudget(images, 350_000_000)).toEqual([])
    expect(overBudget([], 1)).toEqual([])
  })
})

test.each([
  [101_000_000, 100_000_000, "+1.0 MB (+1.0 %)"],
  [99_500_000, 100_000_000, "−500.0 kB (−0.5 %)"],
  [100_000_001, 100_000_000, "+1 B (+0.0 %)"],
  [300, 100, "+200 B (+200.0 %)"],
  [0, 100, "−100 B (−100.0 %)"],
  [100, 100, "no change"],
  [0, 0, "no change"],
  [1000, 0, "+1.0 kB"],
])("difference of %i bytes after %i is %s", (now, before, text) => {
  expect(difference(now, before)).toBe(text)
})
