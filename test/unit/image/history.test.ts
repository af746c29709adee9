import { describe, expect, it } from "vitest"
import { ignorePatterns } from "../../../src/lib/image/context.js"
import { parseDockerfile } from "../../../src/lib/image/dockerfile.js"
import { isIgnored, needsHistory } from "../../../src/lib/image/history.js"
import { planStages } from "../../../src/lib/image/plan.js"

const PLATFORMS = { target: "linux/amd64", native: "linux/amd64" }
const needs = (lines: string, manifest = "", ignore = "") =>
  needsHistory({
    stages: planStages(parseDockerfile(`FROM a\n${lines}\n`), undefined, PLATFORMS, {}) ?? [],
    ignored: ignorePatterns(ignore),
    manifests: [manifest],
  })

const SCM = '[build-system]\nrequires = ["setuptools>=64", "setuptools-scm>=8"]\n'

describe("needsHistory", () => {
  it.each([
    "RUN --mount=source=.git,target=.git,type=bind pip install .",
    "RUN --mount=type=bind,src=./.git/,target=/x pip install .",
    "COPY .git /app/.git",
    'COPY [".git", "/app/.git"]',
    "ADD ./.git/HEAD /app/",
  ])("is true for %s", (line) => {
    expect(needs(line)).toBe(true)
  })

  it.each([
    "RUN --mount=from=b,source=.git,target=.git true",
    "RUN --mount=type=cache,target=.git true",
    "COPY --from=b .git /x",
    "COPY .github .gitignore /x/",
    "COPY a .git/",
  ])("is false for %s", (line) => {
    expect(needs(line)).toBe(false)
  })

  it("is true for the whole context if the project or a command takes the version from it", () => {
    const requires = (name: string) => `[build-system]\nrequires = ["${name}"]\n`
    for (const name of [
      "setuptools-scm",
      "setuptools_scm[toml]",
      "hatch-vcs",
      "uv-dynamic-versioning",
      "pbr>=6",
    ])
      expect(needs("COPY . .", requires(name)), name).toBe(true)
    for (const text of ["setup(use_scm_version=True)", '[tool.pdm.version]\nsource = "scm"\n'])
      expect(needs("COPY . .", text), text).toBe(true)
    expect(needs("RUN --mount=type=bind,target=/src pip install /src", SCM)).toBe(true)
    expect(needs("COPY . /app\nRUN git -C /app describe --tags > /v")).toBe(true)
    expect(needs('COPY . /app\nRUN V="$(git -c a=b --no-pager log -1)"')).toBe(true)
    expect(needs("COPY . .", requires("hatchling"))).toBe(false)
    expect(needs("COPY src src", SCM)).toBe(false)
    expect(needs("COPY . /app\nRUN apt-get install -y git")).toBe(false)
  })

  it("is false for what the ignore file leaves out", () => {
    expect(needs("COPY . .", SCM, ".git")).toBe(false)
    expect(needs("COPY .git .git", "", "*\n!app")).toBe(false)
    expect(needs("COPY .git .git", "", "*\n!.git")).toBe(true)
  })
})

it.each<[string, boolean]>([
  [".git", true],
  [".git/", true],
  ["**/.git", true],
  [".*", true],
  [".git*", true],
  [".git/**", true],
  ["*\n!.git", false],
  [".git\n!.git/**", false],
  [".github\n.gitignore\n*.md", false],
  ["", false],
])("isIgnored judges %j", (text, ignored) => {
  expect(isIgnored(ignorePatterns(text))).toBe(ignored)
})
