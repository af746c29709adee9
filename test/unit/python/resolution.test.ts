import { expect, test } from "vitest"
import { readResolution } from "../../../src/lib/python/resolution.js"

// Messages of uv 0.9.30.

test("a resolution names the package that has to be built, and its version", () => {
  const stderr = `  × No solution found when resolving dependencies:
  ╰─▶ Because langdetect==1.0.9 has no usable wheels and you require
      langdetect==1.0.9, we can conclude that your requirements are
      unsatisfiable.

      hint: Wheels are required for \`langdetect\` because building from source
      is disabled for all packages (i.e., with \`--no-build\`)
`
  expect(readResolution(stderr)).toEqual({
    name: "langdetect",
    requirement: "langdetect==1.0.9",
    isDirect: false,
  })
})

test("a resolution names the range of versions that would have to be built", () => {
  const stderr = `  × No solution found when resolving dependencies:
  ╰─▶ Because only the following versions of pillow are available:
          pillow==1.0
          pillow==10.1.0
          pillow>=10.2
      and pillow<=10.1.0 has no usable wheels, we can conclude that pillow<=10.1.0 cannot be used.

      hint: Wheels are required for \`pillow\` because building from source is disabled for all packages
`
  expect(readResolution(stderr)).toMatchObject({ name: "pillow", requirement: "pillow<=10.1.0" })
})

test("a resolution names a package of a repository as one that no index can have a wheel of", () => {
  const stderr = `  × Failed to download and build \`tomlkit @ git+file:///srv/tomlkit\`
  ╰─▶ Building source distributions for \`tomlkit\` is disabled
`
  expect(readResolution(stderr)).toMatchObject({ name: "tomlkit", isDirect: true })
})

test("a resolution contradicts itself, or may succeed where only the index is away", () => {
  const stderr = `  × No solution found when resolving dependencies:
  ╰─▶ Because you require idna==3.4 and idna==3.5, we can conclude that your requirements are unsatisfiable.
`
  expect(readResolution(stderr)).toBe("contradicts")
  expect(readResolution("error: Failed to fetch: `http://127.0.0.1:9/simple/idna/`")).toBe("resolves")
})
