import { describe, expect, it } from "vitest"
import { readHashes } from "../../../src/lib/python/lock.js"
import { readPins } from "../../../src/lib/python/pins.js"
import { TOOLS } from "../../../src/lib/quality/index.js"
import { TEST_PACKAGES } from "../../../src/lib/testing/packages.js"
import { byHashes, lockText } from "../../../src/python/locks.js"

describe.each(["uv", "tools", "psycopg", "pglast", "poetry", "pdm", "pipenv"] as const)(
  "the lock %s",
  (lock) => {
    it("has hashes of every package", () => {
      const hashes = readHashes({ "lock.txt": lockText(lock) })
      expect(hashes.size).toBe(lockText(lock).match(/^\S+==/gm)?.length)
      for (const [name, known] of hashes) expect(known.size, name).toBeGreaterThan(0)
    })

    it("is installed by hash, without running code of its packages", () => {
      expect(byHashes(lock)).toEqual(expect.arrayContaining(["--require-hashes", "--only-binary=:all:"]))
    })
  },
)

it("the tools' lock has the tools' versions", () => {
  const pins = readPins([{ name: "tools.txt", text: lockText("tools") }])
  for (const { package: name, version } of [...TOOLS, ...TEST_PACKAGES])
    expect(pins.get(name.replace(/\[.*/, "")), name).toBe(version)
})
