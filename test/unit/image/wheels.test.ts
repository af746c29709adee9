import { describe, expect, it } from "vitest"
import {
  type Contents,
  foreignFiles,
  foreignPackages,
  processor,
  readBase,
  readContents,
  uvPlatform,
} from "../../../src/lib/image/wheels.js"
import { installFailure } from "../../../src/lib/python/installFailure.js"

const AMD64 = 62
const ARM64 = 183

describe("processor", () => {
  it("knows exactly the platforms that can be configured", () => {
    expect(processor("linux/arm64")).toEqual({ machine: ARM64, wheel: "aarch64" })
    expect(() => processor("linux/s390x")).toThrow("linux/s390x")
  })
})

describe("readBase", () => {
  it("parses the output of the script", () => {
    expect(readBase('{"libc": "2.36", "machine": 62}')).toEqual({ libc: "2.36", machine: AMD64 })
    expect(readBase('{"libc": "", "machine": null}')).toEqual({ libc: "" })
    expect(readBase("Killed")).toEqual({ libc: "" })
  })
})

describe("uvPlatform", () => {
  it.each([
    ["linux/arm64", "2.36", "aarch64-manylinux_2_36"],
    ["linux/amd64", "2.41", "x86_64-manylinux_2_40"],
    ["linux/amd64", "2.30", "x86_64-manylinux_2_28"],
    ["linux/amd64", "2.12", "x86_64-unknown-linux-gnu"],
    ["linux/amd64", "", "x86_64-unknown-linux-gnu"],
    ["linux/arm64", "musl", "aarch64-unknown-linux-musl"],
  ])("is, for %s with the C library %s, %s", (platform, libc, expected) => {
    expect(uvPlatform(platform, libc)).toBe(expected)
  })
})

describe("foreignPackages and foreignFiles", () => {
  const contents = (one: object): Contents =>
    readContents(JSON.stringify({ distributions: [{ name: "Some_Package", version: "1.0", ...one }] }))
  const packages = (one: object) => foreignPackages(contents(one), "linux/arm64")

  it.each([
    [{ tags: ["py3-none-any"] }],
    [{ tags: [] }],
    [{ tags: ["cp311-cp311-manylinux_2_17_aarch64", "cp311-cp311-manylinux2014_aarch64"] }],
    [{ tags: ["cp311-abi3-musllinux_1_2_aarch64"], programs: { "a/b.abi3.so": ARM64 } }],
    // Debuggers contain libraries for every processor.
    [{ tags: ["py3-none-any"], programs: { "debugpy/attach_linux_amd64.so": AMD64 } }],
  ])("accept %j", (one) => {
    expect(packages(one)).toEqual([])
  })

  it.each([
    [{ tags: ["cp311-cp311-linux_x86_64"] }],
    [{ tags: ["py3-none-any"], programs: { "a/b.so": AMD64 } }],
    [{ tags: ["py3-none-any"], programs: { "a/b.cpython-311-x86_64-linux-gnu.so": AMD64 } }],
    [{ tags: ["py3-none-manylinux_2_17_aarch64"], programs: { "../../../bin/ruff": AMD64 } }],
  ])("report %j", (one) => {
    expect(packages(one)).toEqual(["some-package==1.0"])
  })

  it("report foreign programs among the service's own files", () => {
    const programs = {
      "bin/ffmpeg": AMD64,
      "bin/ffmpeg-amd64": AMD64,
      "lib/charm.so": AMD64,
      "lib/own.so": ARM64,
    }
    expect(foreignFiles(programs, "linux/arm64")).toEqual(["bin/ffmpeg", "lib/charm.so"])
  })

  it("accept an image without programs", () => {
    expect(readContents("")).toEqual({ distributions: [], programs: {}, modules: [] })
  })
})

describe("installFailure", () => {
  it("names a package that can't be compiled, with the last error of its build system", () => {
    const complaint = `  × Failed to build \`psycopg2==2.9.10\`
  ├─▶ The build backend returned an error
  ╰─▶ Call to \`setuptools.build_meta:__legacy__.build_wheel\` failed (exit status: 1)

      [stdout]
      error: not this
      [stderr]
      setuptools/dist.py:765: SetuptoolsDeprecationWarning: License classifiers are deprecated.
      Error: pg_config executable not found.

      pg_config is required to build psycopg2 from source.

      hint: This usually indicates a problem with the package or the build environment.
`
    expect(installFailure(complaint)).toEqual({
      reason: "pg_config executable not found.",
      packages: ["psycopg2==2.9.10"],
      network: false,
    })
  })

  it("names a package with wheels for other platforms only", () => {
    const complaint = `  × No solution found when resolving dependencies:
  ╰─▶ Because only intel-openmp<=2023.2.4 is available and intel-openmp<=2023.2.4 has no wheels with a matching platform tag (e.g., \`manylinux_2_36_aarch64\`), we can conclude that intel-openmp<=2023.2.4 cannot be used. And because intel-openmp>=2024.0.3,<2026 has no wheels with a matching platform tag (e.g., \`manylinux_2_36_aarch64\`) and you require intel-openmp, we can conclude that your requirements are unsatisfiable.

      hint: Wheels are available for \`intel-openmp\` (v2023.2.4) on the following platforms: \`manylinux1_x86_64\`, \`win32\`
`
    expect(installFailure(complaint)).toEqual({
      reason:
        "Wheels are available for `intel-openmp` (v2023.2.4) on the following platforms: `manylinux1_x86_64`, `win32`",
      packages: ["intel-openmp"],
      network: false,
    })
  })

  it("keeps the name of an exception", () => {
    const complaint = `error: The build backend returned an error
  Caused by: Call to \`setuptools.build_meta:__legacy__.build_wheel\` failed (exit status: 1)

[stderr]
Traceback (most recent call last):
  File "<string>", line 1, in <module>
ModuleNotFoundError: No module named 'nothing_there'
`
    expect(installFailure(complaint)).toMatchObject({
      reason: "ModuleNotFoundError: No module named 'nothing_there'",
      packages: [],
    })
  })

  it("quotes the last word of a build system that names no error", () => {
    const complaint = `  × Failed to build \`app @ file:///src\`
  ├─▶ The build backend returned an error
  ╰─▶ Call to \`backend.build_wheel\` failed (exit status: 1)

      [stderr]
      preparing
      the version can't be read from git

      hint: This usually indicates a problem with the package or the build environment.
`
    expect(installFailure(complaint).reason).toBe("the version can't be read from git")
  })

  it.each([
    [
      "  × Request failed after 3 retries\n  ├─▶ Failed to fetch: `https://pypi.org/simple/six/`\n  ╰─▶ dns error",
      true,
    ],
    ["  × Failed to build `a==1`\n  ├─▶ Failed to resolve\n  ╰─▶ error sending request for url", true],
    ["  × Failed to download `click==8.1.7`\n  ╰─▶ Hash mismatch for `click==8.1.7`", false],
    ["  ╰─▶ Because nonesuch was not found in the package registry and you require it", false],
  ])("tells whether the network is the cause: %j", (complaint, network) => {
    expect(installFailure(complaint)).toMatchObject({ network, packages: [] })
  })
})
