import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { moveInto, prepareOut } from "../../../dagger/cli/commands/outFolder.js"

let folder = ""

/** A path in the working directory, which is the checkout. */
const at = (path: string): string => join(folder, "source", path)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-out-"))
  mkdirSync(join(folder, "mine/logs"), { recursive: true })
  writeFileSync(join(folder, "mine/logs/diary.txt"), "dear diary")
  mkdirSync(join(folder, "source"))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

const diary = () => readFileSync(join(folder, "mine/logs/diary.txt"), "utf8")

describe("prepareOut", () => {
  it("deletes what earlier runs wrote and nothing else", () => {
    mkdirSync(at("out/logs"), { recursive: true })
    writeFileSync(at("out/verdict.json"), "{}")
    writeFileSync(at("out/notes.txt"), "mine")
    expect(prepareOut("out", join(folder, "source"))).toBe(at("out"))
    expect(["logs", "verdict.json", "notes.txt"].map((name) => existsSync(at(`out/${name}`)))).toEqual([
      false,
      false,
      true,
    ])
  })

  it.each(["out", "out/"])("refuses %s if it is a link, and deletes nothing behind it", (path) => {
    symlinkSync(join(folder, "mine"), at("out"))
    expect(() => prepareOut(path, join(folder, "source"))).toThrow(
      /can't write reports to .*out.*is a link to .*mine/s,
    )
    expect(diary()).toBe("dear diary")
  })

  it("refuses a folder below a link of the working directory", () => {
    symlinkSync(folder, at("build"))
    expect(() => prepareOut("build/mine", join(folder, "source"))).toThrow(/build is a link/)
    expect(diary()).toBe("dear diary")
  })

  it("deletes a link in place of a report, not what it leads to", () => {
    mkdirSync(at("out"))
    symlinkSync(join(folder, "mine/logs"), at("out/logs"))
    prepareOut("out", join(folder, "source"))
    expect(existsSync(at("out/logs"))).toBe(false)
    expect(diary()).toBe("dear diary")
  })
})

describe("moveInto", () => {
  it("leaves links out and reports them, wherever they lead", () => {
    mkdirSync(at("made/coverage/html"), { recursive: true })
    writeFileSync(at("made/coverage/html/index.html"), "page")
    writeFileSync(at("made/verdict.json"), "{}")
    symlinkSync(join(folder, "mine/logs/diary.txt"), at("made/coverage/html/style.css"))
    symlinkSync("/", at("made/coverage/all"))
    symlinkSync("index.html", at("made/coverage/html/inside.html"))
    expect(moveInto(at("made"), at("out")).sort()).toEqual([
      at("out/coverage/all"),
      at("out/coverage/html/inside.html"),
      at("out/coverage/html/style.css"),
    ])
    expect(readFileSync(at("out/coverage/html/index.html"), "utf8")).toBe("page")
    expect(existsSync(at("out/verdict.json"))).toBe(true)
    expect(lstatSync(at("out/coverage/all"), { throwIfNoEntry: false })).toBeUndefined()
    expect(existsSync(at("made"))).toBe(false)
    expect(diary()).toBe("dear diary")
  })
})
