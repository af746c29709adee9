import { describe, expect, it } from "vitest"
import { execErrorText } from "../../../src/lib/run/execError.js"

const failed = (stderr: string, stdout = "") =>
  execErrorText({ cmd: ["uv", "pip", "install", "--quiet", "x"], exitCode: 2, stdout, stderr })

describe("the text of a failed command", () => {
  it("names the command, its exit code and its last lines", () => {
    expect(failed("one\ntwo\n\nthree\nfour\n")).toBe(
      "`uv pip install` ended with exit code 2: two; three; four",
    )
  })

  it("quotes the output where there is no error output", () => {
    expect(failed(" \n", "no space left\n")).toBe("`uv pip install` ended with exit code 2: no space left")
  })

  it("says so if the command said nothing", () => {
    expect(failed("")).toBe("`uv pip install` ended with exit code 2: it says nothing more")
  })
})
