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
