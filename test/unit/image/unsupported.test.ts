import { describe, expect, it } from "vitest"
import { parseDockerfile } from "../../../src/lib/image/dockerfile.js"
import { planStages } from "../../../src/lib/image/plan.js"
import { instructionProblems, type Supplied } from "../../../src/lib/image/unsupported.js"

const PLATFORMS = { target: "linux/amd64", native: "linux/amd64" }
const NOTHING = { secrets: [], ssh: false, git: false, ignored: [] }

function problems(lines: string, supplied: Partial<Supplied> = {}) {
  const dockerfile = parseDockerfile(`FROM a AS first\n${lines}\n`)
  const stages = planStages(dockerfile, undefined, PLATFORMS, {}) ?? []
  const found = instructionProblems(stages, dockerfile.stages, { ...NOTHING, ...supplied })
  return found.map(({ instruction, message }) => `${instruction.line}: ${message}`)
}

describe("instructionProblems", () => {
  it("names required secrets that are missing, with what to type", () => {
    const lines = `RUN --mount=type=secret,id=TOKEN,required=true true
RUN --mount=type=secret,id=pip-conf,required true
RUN --mount=type=secret,id=other true`
    expect(problems(lines)).toEqual([
      '2: the secret "TOKEN" is missing: pass it, such as --secret env://TOKEN',
      '3: the secret "pip-conf" is missing: pass it, such as --secret id=pip-conf,env=PIP_CONF',
    ])
    expect(problems(lines, { secrets: ["TOKEN", "pip-conf"] })).toEqual([])
  })

  it("names a required SSH agent that is missing; an optional one is not there, as in Docker", () => {
    const lines = "RUN --mount=type=ssh,required=true git clone x\nRUN --mount=type=ssh true"
    expect(problems(lines)).toEqual([
      expect.stringMatching(/^2: no SSH agent is passed: slipway image --ssh/),
    ])
    expect(problems(lines, { ssh: true })).toEqual([])
  })

  it("names .git where there is none, with how to pass the version, and an ignore file that leaves it out", () => {
    const lines = "WORKDIR /app\nRUN --mount=source=.git,target=.git,type=bind pip install ."
    expect(problems(lines)).toEqual([
      expect.stringMatching(/^3: \.git isn't part of the sources: .*SETUPTOOLS_SCM_PRETEND_VERSION=1\.2\.3/),
    ])
    expect(problems(lines, { git: true })).toEqual([])
    expect(problems(lines, { git: true, ignored: [".git"] })).toEqual([
      "3: the ignore file leaves out .git: add !.git to it",
    ])
  })

  it.each([
    ["RUN --network=host true", /--network=host isn't supported/],
    ["RUN --security=insecure true", /--security=insecure isn't supported/],
    ["RUN --device=nvidia.com/gpu=all true", /--device isn't supported/],
    ["RUN --mount=type=ssh,mode=0666 true", /SSH mount of mode 0666/],
    ["ADD --checksum=sha256:0 https://example.com/a /a", /--checksum isn't supported/],
    ["ADD --chown=1:1 https://example.com/a /a", /--chown isn't supported for an address/],
    ["ADD git@github.com:a/b.git /b", /git over SSH isn't supported/],
    ["COPY --chown=app <<EOF /x\nhello\nEOF", /--chown=app isn't supported for a here-document/],
    ["COPY --from=later /x /x\nFROM b AS later\nFROM first", /the stage "later" begins later, in line 3/],
    ["COPY --from=first /x /x", /the stage "first" can't take files from itself/],
  ])("names what the engine lacks: %s", (lines, message) => {
    expect(problems(lines)).toEqual([expect.stringMatching(message)])
  })

  it.each([
    "RUN --network=none true",
    "RUN --network=default --security=sandbox true",
    "RUN --mount=type=ssh,mode=0600 true",
    "ADD https://example.com/a /a",
    "ADD --checksum=sha256:0 local.tar /a",
    "ADD https://github.com/a/b.git#v1 /b",
    "COPY --chown=10001:10001 <<EOF /x\nhello\nEOF",
    "COPY --chown=app a /a",
    "COPY --from=python:3.11 /x /x",
    "RUN <<EOF\nssh-add -l\nEOF",
  ])("accepts %s", (lines) => {
    expect(problems(lines)).toEqual([])
  })
})
