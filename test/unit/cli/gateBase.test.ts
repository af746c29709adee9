import { mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { findBase, gateArguments } from "../../../dagger/cli/commands/gateBase.js"
import { Repository } from "../gates/repository.js"

const FILES = {
  "slipway.yaml": "release: {key: keys/cosign.pub}\n",
  "keys/cosign.pub": "ours\n",
  "src/a.py": "A = 1\n",
  "tests/test_a.py": "def test_a():\n    assert 1\n",
  "data.bin": "x",
  // Neither hides files from the base, nor changes them.
  ".gitattributes": "tests export-ignore\n*.py filter=evil\n",
}

let repository: Repository
const shas: Record<string, string> = {}

/** main (v1.2.0, v1.10.0, then more) with a branch from before the last commit. */
beforeAll(() => {
  repository = new Repository(FILES)
  const tag = (name: string) => repository.git("tag", name)
  const keep = (name: string) => (shas[name] = repository.git("rev-parse", "HEAD"))
  keep("first")
  tag("v1.2.0")
  repository.commit({ "src/a.py": "A = 2\n" })
  keep("released")
  for (const name of ["v1.10.0", "v1.3.0-rc.1", "version"]) tag(name)
  repository.commit({ "src/a.py": "A = 3\n" })
  keep("forked")
  repository.git("switch", "--quiet", "--create=feature/x")
  repository.commit({ "src/a.py": "A = 4\n" })
  repository.git("switch", "--quiet", "main")
  repository.commit({ "tests/test_a.py": "def test_a():\n    assert 2\n\n\ndef test_b():\n    assert 1\n" })
  keep("main")
})
afterAll(() => repository.remove())

const on = (branch: string, trigger: Parameters<typeof findBase>[1]) => {
  repository.git("switch", "--quiet", "--detach", branch)
  return findBase(repository.path, trigger)
}

describe("findBase", () => {
  it("takes the commit at which a pull request left its target, which may have moved on", () => {
    const pull = { event: "pull_request", ref: "refs/pull/7/head", baseRef: "main" }
    expect(on("feature/x", pull)).toEqual({ ref: "main", sha: shas["forked"] })
  })

  it("takes the target itself for the merge commit that a host checks out", () => {
    repository.git("switch", "--quiet", "--detach", "main")
    repository.git("merge", "--quiet", "--no-edit", "feature/x")
    const pull = { event: "pull_request", ref: "refs/pull/7/merge", baseRef: "main" }
    expect(findBase(repository.path, pull)).toEqual({ ref: "main", sha: shas["main"] })
  })

  it("says which branch is missing", () => {
    expect(on("feature/x", { event: "pull_request", ref: "", baseRef: "develop" })).toBe(
      "the branch develop isn't in this clone: fetch all branches (fetch-depth: 0 in CI)",
    )
  })

  it("takes the release before, for a version, and for branches that are released", () => {
    const version = { event: "tag", ref: "refs/tags/v1.10.0" }
    expect(on("v1.10.0", version)).toEqual({ ref: "v1.2.0", sha: shas["first"] })
    const push = { event: "push", ref: "refs/heads/main" }
    expect(on("main", push)).toEqual({ ref: "v1.10.0", sha: shas["released"] })
  })

  it("takes the default branch for others, also for a run without an event", () => {
    for (const event of ["push", "local", "manual"])
      expect(on("feature/x", { event, ref: "refs/heads/feature/x" })).toEqual({
        ref: "main",
        sha: shas["forked"],
      })
  })

  it("takes the commit before where there is nothing else, and says if there is none", () => {
    const alone = new Repository(FILES)
    const push = { event: "push", ref: "refs/heads/main" }
    expect(findBase(alone.path, push)).toBe("this is the first commit")
    const first = alone.git("rev-parse", "HEAD")
    alone.commit({ "src/a.py": "A = 2\n" })
    expect(findBase(alone.path, push)).toEqual({ ref: "the commit before", sha: first })
    alone.remove()
  })

  it("says that there is no repository", () => {
    expect(findBase("/", { event: "local", ref: "" })).toBe("the sources are no git repository")
  })
})

describe("gateArguments", () => {
  const pull = { event: "pull_request", ref: "", baseRef: "main" }
  const valueOf = (args: readonly string[], name: string) =>
    args.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3)

  it("hand on the base's files as they are stored, whatever its attributes say", () => {
    repository.git("switch", "--quiet", "--detach", "feature/x")
    repository.git("config", "filter.evil.smudge", "echo evil")
    const args = gateArguments(repository.path, pull, {
      SLIPWAY_ALLOW: "images.prefix=m.example.com security.database.file=db.tgz",
    })
    expect(args.slice(2)).toEqual([
      "--ref=main",
      `--sha=${shas["forked"]}`,
      "--allow=images.prefix=m.example.com",
      "--allow=security.database.file=db.tgz",
    ])
    const folder = valueOf(args, "base") ?? ""
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    expect(files.map(({ name }) => name).sort()).toEqual(["a.py", "cosign.pub", "slipway.yaml", "test_a.py"])
    expect(readFileSync(join(folder, "src/a.py"), "utf8")).toBe("A = 3\n")
  })

  it("are of a folder in a repository, for a service that isn't all of it", () => {
    mkdirSync(join(repository.path, "src"), { recursive: true })
    const args = gateArguments(join(repository.path, "src"), pull, {})
    expect(readdirSync(valueOf(args, "base") ?? "")).toEqual(["a.py"])
  })

  it("say why there is no base", () => {
    expect(gateArguments("https://git.example.com/x.git", pull, {})).toEqual([
      "with-gates",
      "--problem=only a folder has a base, not https://git.example.com/x.git",
    ])
  })
})
