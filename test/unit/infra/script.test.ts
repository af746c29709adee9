import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { spawnSync } from "node:child_process"
import { afterAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../../dagger/lib/home.js"

const CANARY = "canary-5f0c2b"

/** A tool that prints a secret wherever it may, and fails if it is told to. */
const TOOL = `#!/bin/sh
echo "out $1 ${CANARY}"
echo "err $1 ${CANARY}" >&2
for argument in "$@"; do
  case $argument in -out=*) echo plan >"\${argument#-out=}" ;; esac
done
[ "$1" != "\${FAILS:-}" ]
`

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

/** Runs the script with its folder of output elsewhere than in a container. */
function run(work: string, env: NodeJS.ProcessEnv = {}) {
  const folder = mkdtempSync(join(tmpdir(), "slipway-test-"))
  folders.push(folder)
  const text = readFileSync(join(REPOSITORY, "src/scripts/slipway_terraform.sh"), "utf8")
  writeFileSync(join(folder, "tofu"), TOOL)
  chmodSync(join(folder, "tofu"), 0o755)
  writeFileSync(join(folder, "script.sh"), text.replaceAll("/slipway/", `${folder}/`))
  const ended = spawnSync("sh", ["script.sh", work, "tofu"], {
    cwd: folder,
    env: { ...process.env, ...env, PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    encoding: "utf8",
  })
  const read = (name: string) => readFileSync(join(folder, "out", name), "utf8")
  return { ...ended, read, files: () => readdirSync(join(folder, "out")) }
}

describe("the script of Terraform and OpenTofu", () => {
  it.each([
    ["plan", "plan"],
    ["refresh", "plan"],
    ["connect", "init"],
    ["show", undefined],
    ["apply", "apply"],
  ])("prints nothing of %s, which may hold secrets, and keeps it in files", (work, told) => {
    const ended = run(work)
    expect([ended.stdout, ended.stderr]).toEqual(["", ""])
    expect(ended.read("stderr")).toContain(CANARY)
    if (told !== undefined) expect(ended.read("stdout")).toContain(`out ${told} ${CANARY}`)
  })

  it.each([
    ["plan", "plan"],
    ["plan", "state"],
    ["connect", "init"],
    ["apply", "apply"],
  ])("prints nothing of a %s whose %s fails, and ends with its exit code", (work, fails) => {
    const ended = run(work, { FAILS: fails })
    expect(ended.status).toBe(1)
    expect([ended.stdout, ended.stderr]).toEqual(["", ""])
    expect(ended.read("stderr")).toContain(`err ${fails} ${CANARY}`)
    expect(ended.read("step").trim()).toBe(work === "plan" ? fails : work === "apply" ? "apply" : "init")
  })

  it("prints what a check says, which reaches no secret", () => {
    expect(run("check").stdout).toContain("out init")
  })

  it("leaves no plan in another encoding", () => {
    expect(run("show").files()).not.toContain("plan.base64")
  })
})

it("what is read of a plan, a state or a key passes no result of the API", () => {
  const files = readdirSync(join(REPOSITORY, "src/infra")).map((name) => `src/infra/${name}`)
  const reads = [...files, "src/registry/embedded.ts", "src/cluster/cluster.ts"].flatMap((file) =>
    [...readFileSync(join(REPOSITORY, file), "utf8").matchAll(/\.file\(([^()]*)\)\s*\.contents\(\)/g)].map(
      ([, name = ""]) => name,
    ),
  )
  // None of these holds a secret.
  expect(reads.sort()).toEqual([
    '"/address"',
    '"/tmp/code"',
    '"/tmp/entries.jsonl"',
    "BASELINE_FILE",
    "`${OUT}/step`",
    "`${OUT}/validate.json`",
    "path",
  ])
})
