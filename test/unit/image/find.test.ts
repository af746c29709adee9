import { describe, expect, it } from "vitest"
import { contextFiles, copiedFiles, findDockerfile, unusedWarning } from "../../../src/lib/image/find.js"

const PYTHON = "FROM python:3.11-slim\n"
const always = () => true
const found = (files: Record<string, string>, fits: (path: string) => boolean = always) =>
  findDockerfile(files, fits)
const each = (...paths: string[]) => Object.fromEntries(paths.map((path) => [path, PYTHON]))

describe("findDockerfile", () => {
  it("prefers the usual file, whatever else there is", () => {
    expect(found(each("Dockerfile", "docker/Dockerfile")).file).toBe("Dockerfile")
    expect(found({ Dockerfile: "FROM debian\n" }).file).toBe("Dockerfile")
    expect(found(each("Containerfile", "docker/Dockerfile.prod")).file).toBe("Containerfile")
  })

  it.each([
    ["docker/Dockerfile"],
    ["deploy/Dockerfile"],
    [".docker/Dockerfile"],
    ["Dockerfile.prod"],
    ["app.Dockerfile"],
    ["docker/Containerfile"],
    ["compose/production/django/Dockerfile"],
  ])("finds the only one, %s", (path) => {
    expect(found(each(path))).toEqual({ file: path, candidates: [] })
  })

  it.each([
    [["docker/Dockerfile", "docker/Dockerfile.dev", ".devcontainer/Dockerfile"], "docker/Dockerfile"],
    [["Dockerfile.prod", "Dockerfile.test", "tests/Dockerfile"], "Dockerfile.prod"],
    [["docker/api/Dockerfile", "docker/production/Dockerfile"], "docker/production/Dockerfile"],
    [["docker/Dockerfile", "docker/Dockerfile.dockerignore", "docs/dockerfile.md"], "docker/Dockerfile"],
  ])("tells the released one from others in %j", (paths, file) => {
    expect(found(each(...paths))).toEqual({ file, candidates: [] })
  })

  it("leaves out what builds nothing of Python's", () => {
    const files = { "docker/nginx/Dockerfile": "FROM nginx:1\n", "docker/app/Dockerfile": PYTHON }
    expect(found(files).file).toBe("docker/app/Dockerfile")
    expect(found({ "web/Dockerfile": "FROM node:22\n" })).toEqual({ candidates: [] })
  })

  it("follows the Compose file that builds one of several from the root, or one from its own folder", () => {
    const compose = (build: string) => ({
      "docker-compose.yml": `services:\n  web:\n    build: ${build}\n  db: { image: postgres }\n`,
    })
    const files = each("docker/a/Dockerfile", "docker/b/Dockerfile")
    const file = "docker/b/Dockerfile"
    expect(found({ ...files, ...compose("{ context: ., dockerfile: ./docker/b/Dockerfile }") }).file).toBe(
      file,
    )
    expect(found({ ...files, ...compose("{ dockerfile: docker/b/Dockerfile }") }).file).toBe(file)
    for (const build of ["./docker/b", "{ context: docker, dockerfile: b/Dockerfile }"])
      expect(found({ ...files, ...compose(build) }).file).toBe("docker/a/Dockerfile")
    for (const build of ["[", "{{ x }}"])
      expect(found({ ...files, ...compose(build) })).toEqual({ candidates: Object.keys(files) })
  })

  it("names all of several, and one with another context than the root", () => {
    const files = each("services/a/Dockerfile", "services/b/Dockerfile")
    expect(found(files)).toEqual({ candidates: Object.keys(files) })
    expect(found(each("docker/Dockerfile"), () => false)).toEqual({ candidates: ["docker/Dockerfile"] })
    expect(found({})).toEqual({ candidates: [] })
    expect(unusedWarning(["docker/Dockerfile"])).toContain("image: { dockerfile: docker/Dockerfile }")
  })
})

it("contextFiles names what the root has as context, and what lies beside a Dockerfile of another", () => {
  expect(contextFiles("docker/Dockerfile", "FROM a\nCOPY . .\n").lacks).toContain("docker/requirements.txt")
  expect(contextFiles("docker/Dockerfile", "FROM a\nCOPY a .\n")).toEqual({ has: ["a"], lacks: [] })
  expect(contextFiles("Dockerfile.prod", "FROM a\nCOPY . .\n")).toEqual({ has: ["."], lacks: [] })
})

it("copiedFiles returns the files of the context that are named as such", () => {
  const text = `FROM python:3.11 AS build
COPY requirements.txt ./pyproject.toml /app/
COPY ["a b.txt", "/c/"]
COPY --chown=app --link . /app
COPY --from=build /x /y
COPY src/*.py $FILES /app/
ADD https://example.com/a.tar.gz git@example.com:a/b.git /x
COPY <<EOF /etc/motd
hello there
EOF
RUN cp other.txt /x
`
  expect(copiedFiles(text)).toEqual(["requirements.txt", "./pyproject.toml", "a b.txt", "."])
})
