import { describe, expect, it } from "vitest"
import { parseDockerfile } from "../../../src/lib/image/dockerfile.js"
import {
  lockedReference,
  imagesLockText,
  readLock,
  replaceImages,
  writtenImages,
} from "../../../src/lib/image/lock.js"
import { planStages } from "../../../src/lib/image/plan.js"
import { IMAGE_ROLES } from "../../../src/lib/config/config.js"
import { imageReference, type ImageSources, roleImages } from "../../../src/stage/images.js"
import { configOf, settingsText } from "../../../src/stage/service.js"

const A = `sha256:${"a".repeat(64)}`
const B = `sha256:${"b".repeat(64)}`
const lock = new Map([
  ["python:3.11-slim", A],
  ["r.example:5000/tools/trivy:1", B],
])

describe("the lock of images", () => {
  it("is a sorted line per image, and is read as it was written", () => {
    const text = imagesLockText(new Map([...lock].reverse()))
    expect(text.split("\n").slice(1)).toEqual([
      `python:3.11-slim@${A}`,
      `r.example:5000/tools/trivy:1@${B}`,
      "",
    ])
    expect(readLock(text)).toEqual(lock)
  })

  it("refuses other lines, and an image with two digests", () => {
    for (const text of ["python:3.11-slim\n", `python@sha256:${"A".repeat(64)}\n`, `x:1@${A}\nx:1@${B}\n`])
      expect(() => readLock(text)).toThrow(/images\.lock:[12]: expected name:tag@sha256/)
  })

  it("adds its digest to a reference", () => {
    expect(lockedReference("python:3.11-slim", lock)).toBe(`python:3.11-slim@${A}`)
    expect(lockedReference(`python:3.11-slim@${A}`, lock)).toBe(`python:3.11-slim@${A}`)
    expect(lockedReference("python:3.12-slim", undefined)).toBe("python:3.12-slim")
  })

  it("refuses an image that it lacks, and one of another digest", () => {
    expect(() => lockedReference("python:3.12-slim", lock)).toThrow(
      /"python:3\.12-slim" isn't in .*images\.lock/,
    )
    expect(() => lockedReference(`python:3.11-slim@${B}`, lock)).toThrow(/IMAGES_LOCK_DIFFERS/)
  })
})

describe("the images of a Dockerfile", () => {
  const TEXT = `ARG VERSION=3.11
FROM python:\${VERSION}-slim AS build
RUN --mount=type=bind,from=tools:1,target=/t pip install .
FROM --platform=linux/amd64 \\
  alpine:3 AS other
FROM build
COPY --from=tools:1 /a /a
COPY --from=build /python:3 /b
COPY --from=0 /c /c
`
  const imagesOf = (text: string) => {
    const dockerfile = parseDockerfile(text)
    const platforms = { target: "linux/amd64", native: "linux/amd64" }
    return writtenImages(dockerfile, planStages(dockerfile, undefined, platforms, {}) ?? [])
  }

  it("are those of FROM, COPY and RUN, expanded, without stages", () => {
    expect(imagesOf(TEXT)).toEqual([
      { written: "python:${VERSION}-slim", reference: "python:3.11-slim" },
      { written: "tools:1", reference: "tools:1" },
      { written: "tools:1", reference: "tools:1" },
    ])
  })

  it("are replaced where they are written, on the same lines", () => {
    const replaced = replaceImages(
      TEXT,
      new Map([
        ["python:${VERSION}-slim", `python:3.11-slim@${A}`],
        ["tools:1", `tools:1@${B}`],
        ["alpine:3", `alpine:3@${B}`],
      ]),
    )
    expect(replaced.split("\n")).toHaveLength(TEXT.split("\n").length)
    expect(replaced).toContain(`FROM python:3.11-slim@${A} AS build`)
    expect(replaced).toContain(`from=tools:1@${B},target=/t`)
    expect(replaced).toContain(`COPY --from=tools:1@${B} /a /a`)
    expect(replaced).toContain(`  alpine:3@${B} AS other`)
    expect(replaced).toContain("COPY --from=build /python:3 /b\nCOPY --from=0 /c /c")
    expect(imagesOf(replaced).map(({ reference }) => reference)).toEqual([
      `python:3.11-slim@${A}`,
      `tools:1@${B}`,
      `tools:1@${B}`,
    ])
  })
})

describe("settings with a lock", () => {
  const images = (yaml: string, text: string | undefined): ImageSources =>
    configOf(settingsText(yaml, text)).images

  it("pin every image of a stage, with a slipway.yaml or without one", () => {
    const text = imagesLockText(new Map([["mirror.example/hub/library/python:3.11-slim", A]]))
    const sources = images("images: { prefix: mirror.example/hub }\n", text)
    expect(imageReference("python", "3.11", sources)).toBe(`mirror.example/hub/library/python:3.11-slim@${A}`)
    expect(() => imageReference("trivy", "1", sources)).toThrow(
      /"mirror\.example\/hub\/aquasec\/trivy:1" isn't in/,
    )
    expect(imageReference("python", "3.11", images("", imagesLockText(lock)))).toBe(`python:3.11-slim@${A}`)
    expect(imageReference("python", "3.11", images("", undefined))).toBe("python:3.11-slim")
  })

  it("refuse a replaced image whose digest is another", () => {
    const yaml = `images: { replace: { trivy: "r.example:5000/tools/trivy:1@${A}" } }\n`
    expect(() => imageReference("trivy", "1", images(yaml, imagesLockText(lock)))).toThrow(
      /is asked for as .* locked as/,
    )
  })

  it("keep the text of slipway.yaml as it is, and refuse a lock that is none", () => {
    expect(settingsText("parallel: 3\n", undefined)).toBe("parallel: 3\n")
    expect(configOf(settingsText("parallel: 3", imagesLockText(lock))).parallel).toBe(3)
    expect(() => configOf(settingsText("", "python\n"))).toThrow(/images\.lock:1: expected/)
    expect(configOf(settingsText("", "")).parallel).toBe(configOf("").parallel)
  })

  it("lock an image for every role, in the versions that a service chooses", () => {
    const found = roleImages(
      {
        python: ["3.9", "3.13"],
        pythonFull: ["3.9"],
        postgres: ["17"],
        redis: ["8"],
        mysql: ["8"],
        mariadb: ["11"],
        mongodb: ["7"],
        rabbitmq: ["4"],
        terraform: [],
        opentofu: ["1"],
      },
      { replace: {} },
    )
    expect(found).toEqual(expect.arrayContaining(["python:3.9-slim", "python:3.13-slim", "postgres:17"]))
    expect(found.filter((name) => /terraform|:v?$/.test(name))).toEqual([])
    expect(found).toHaveLength(IMAGE_ROLES.length)
  })
})
