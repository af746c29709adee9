import { describe, expect, it } from "vitest"
import { notesCommand, notesOutcome } from "../../../src/lib/deploy/notes.js"

const run = (exitCode: number, stderr: string, stdout = "") => ({ exitCode, stdout, stderr })

describe("notesCommand", () => {
  const files = { script: "/s.sh", entry: "/entry", remote: "/remote" }
  const entry = { sha: "", hash: "f".repeat(64) }

  it("names files, the token's only if there is one", () => {
    const command = ["sh", "/s.sh", "/entry", "/remote", "", entry.hash]
    expect(notesCommand({ ...files, token: undefined }, entry)).toEqual(command)
    expect(notesCommand({ ...files, token: "/token" }, entry)).toEqual([...command, "/token"])
  })
})

describe("notesOutcome", () => {
  it("is the script's output, or its last error line as the reason", () => {
    expect(notesOutcome(run(0, "", "pushed\n"), "https://git.example.com/a.git", "")).toBe("pushed")
    expect(notesOutcome(run(1, "warning: x\nfatal: no such host \n\n"), "https://a.example", "")).toBe(
      "not pushed: fatal: no such host",
    )
    expect(notesOutcome(run(1, ""), "https://a.example", "")).toBe("not pushed: git ended with 1")
    expect(notesOutcome(run(124, "fatal: x"), "https://a.example", "")).toBe(
      "not pushed: it took more than 120 s",
    )
    expect(notesOutcome(run(1, "x".repeat(1000)), "https://a.example", "")).toHaveLength(312)
  })

  it("hides a token and a URL's password, but not the host", () => {
    const said = "fatal: https://me:p%40ss@git.example.com/a.git p@ss t0ken: 403"
    const outcome = notesOutcome(run(128, said), "https://me:p%40ss@git.example.com/a.git\n", "t0ken\n")
    expect(outcome).toBe("not pushed: fatal: https://***@git.example.com/a.git *** ***: 403")
    const alone = notesOutcome(
      run(128, "fatal: https://glpat-1234@git.example.com/a.git"),
      "https://glpat-1234@git.example.com/a.git",
      "",
    )
    expect(alone).toBe("not pushed: fatal: https://***@git.example.com/a.git")
  })
})
