import { expect, it } from "vitest"
import { atLeast } from "../../../dagger/lib/version.js"

it.each([
  ["v0.21.8", "v0.21.8", true],
  ["v0.21.10", "v0.21.8", true],
  ["v0.22.0", "v0.21.8", true],
  ["v1.0.0", "v0.21.8", true],
  ["v0.21.7", "v0.21.8", false],
  ["v0.9.100", "v0.21.8", false],
  ["20.19.1", "20.10", true],
  ["20.9.9", "20.10", false],
  ["1.26rc1", "1.26", true],
  ["none", "1.26", false],
  ["", "1.26", false],
])("atLeast: %s is at least %s: %s", (version, least, expected) => {
  expect(atLeast(version, least)).toBe(expected)
})
