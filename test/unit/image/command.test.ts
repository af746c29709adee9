import { describe, expect, it } from "vitest"
import { entryCommand, exampleCommand, projectScripts, shellCommand } from "../../../src/lib/image/command.js"

const nothing = { scripts: {}, modules: [] }

describe("entryCommand", () => {
  const all = { chosen: ["a", "b"], procfile: "web: c d\n", scripts: { e: ["e"] }, modules: ["f"] }

  it("prefers the chosen command, then the Procfile's, then the only script, then the only module", () => {
    const { chosen, procfile, ...scripts } = all
    expect(entryCommand(all)).toEqual(["a", "b"])
    expect(entryCommand({ ...scripts, procfile })).toEqual(["c", "d"])
    expect(entryCommand({ ...scripts, procfile: "worker: x\n" })).toEqual(["e"])
    expect(entryCommand({ ...scripts, scripts: {} })).toEqual(["python", "-m", "f"])
    expect(chosen).toHaveLength(2)
  })

  it.each([
    [nothing, "no Procfile, no script, no package with a __main__.py"],
    [
      { ...nothing, procfile: "worker: a\n", modules: ["a", "b"] },
      "a Procfile without a `web` line, no script, a, b with a __main__.py",
    ],
    [
      { scripts: { a: ["a"], b: ["b"] }, modules: ["c"] },
      "no Procfile, 2 scripts (a, b), c with a __main__.py",
    ],
  ])("reports missing or ambiguous sources for %j", (start, missing) => {
    expect(entryCommand(start)).toEqual({ missing })
  })
})

describe("shellCommand", () => {
  const shell = (script: string) => ["sh", "-c", script]

  it.each([
    ["gunicorn app:app --workers=2", ["gunicorn", "app:app", "--workers=2"]],
    ["gunicorn app:app -b :$PORT", shell("exec gunicorn app:app -b :$PORT")],
    ["gunicorn 'app:create()'", shell("gunicorn 'app:create()'")],
    ['flask --app "my app" run', shell('exec flask --app "my app" run')],
    ["DEBUG=1 flask run", shell("exec env DEBUG=1 flask run")],
    ["alembic upgrade head && gunicorn app:app", shell("alembic upgrade head && exec gunicorn app:app")],
    ["a; b; c $X", shell("a; b; exec c $X")],
    ["exec gunicorn -b :$PORT", shell("exec gunicorn -b :$PORT")],
    ["a || b", shell("a || b")],
    ["a | b", shell("a | b")],
    ["a &", shell("a &")],
    ["sh -c 'a && b'", shell("sh -c 'a && b'")],
  ])("preserves the meaning of %s", (line, expected) => {
    expect(shellCommand(line)).toEqual(expected)
  })
})

describe("projectScripts", () => {
  it("returns scripts as commands that need no installation", () => {
    const text = `[project]
name = "a"
[project.scripts] # comment
serve = "service.web:main"
"make-jobs" = 'service.jobs:Jobs.run'

[tool.black]
other = "x:y"
`
    expect(projectScripts(text)).toEqual({
      serve: ["python", "-c", "import sys; from service.web import main; sys.exit(main())"],
      "make-jobs": ["python", "-c", "import sys; from service.jobs import Jobs; sys.exit(Jobs.run())"],
    })
  })

  it("returns nothing for a project without scripts", () => {
    expect(projectScripts("")).toEqual({})
    expect(projectScripts("[project.scripts]\n[tool.a]\nb = 'c:d'\n")).toEqual({})
  })
})

describe("exampleCommand", () => {
  it.each([
    [["a/asgi.py", "main.py"], ["uvicorn"], '[uvicorn, "a.asgi:app", --host, 0.0.0.0, --port, "80"]'],
    [["src/shop/wsgi.py"], ["flask", "gunicorn"], '[gunicorn, "shop.wsgi:app", --bind, "0.0.0.0:80"]'],
    [["a/b/c/main.py"], ["flask"], '[flask, --app, "main:app", run, --host, 0.0.0.0, --port, "80"]'],
    [["server.py"], [], "[python, -m, server]"],
  ])("suggests a command for %j with %j", (files, packages, expected) => {
    expect(exampleCommand(files, new Set(packages), 80)).toBe(expected)
  })
})
