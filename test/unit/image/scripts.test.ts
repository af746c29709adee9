import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, test } from "vitest"

const script = (name: string): string =>
  fileURLToPath(new URL(`../../../src/scripts/${name}`, import.meta.url))

let folder = ""
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "slipway-scripts-"))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(path: string, text = "", mode = 0o644): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text, { mode })
}

const noPython = spawnSync("python3", ["--version"]).status !== 0

describe.skipIf(noPython)("remove_installed", () => {
  const SITE = "venv/lib/python3/site-packages"

  /** Finishes a service with these files, of which the wheel lists some; returns which of them are left. */
  function left(files: readonly string[], record: readonly string[]): string[] {
    for (const file of files) write(`app/${file}`)
    for (const file of record.filter((name) => !name.startsWith("."))) write(`${SITE}/${file}`)
    write(`${SITE}/service-1.dist-info/RECORD`, record.map((name) => `${name},,\n`).join(""))
    const paths = [join(folder, "venv"), join(folder, "app")]
    const action = `import sys; from pathlib import Path; from slipway_image import remove_installed
venv, app = map(Path, sys.argv[1:]); remove_installed(next(venv.glob("lib/*/site-packages")), app)`
    const { status, stderr } = spawnSync("python3", ["-B", "-c", action, ...paths], {
      cwd: dirname(script("slipway_image.py")),
      encoding: "utf8",
    })
    expect(stderr).toBe("")
    expect(status).toBe(0)
    return files.filter((file) => existsSync(join(folder, "app", file)))
  }

  const MODULES = ["web/__init__.py", "web/api/__init__.py", "web/api/v1.py"]

  test("removes installed code, and keeps templates and static files", () => {
    const data = ["web/templates/a.html", "web/static/a.css", "web/api/openapi.json"]
    expect(left([...MODULES, ...data], [...MODULES, "web/templates/a.html"])).toEqual(data)
  })

  test("removes folders that become empty, and keeps those that were empty before", () => {
    mkdirSync(join(folder, "app/web/uploads"), { recursive: true })
    expect(
      left(["src/greeter/__init__.py", "wsgi.py", ...MODULES], ["greeter/__init__.py", ...MODULES]),
    ).toEqual(["wsgi.py"])
    expect(existsSync(join(folder, "app/src"))).toBe(false)
    expect(existsSync(join(folder, "app/web/api"))).toBe(false)
    expect(existsSync(join(folder, "app/web/uploads"))).toBe(true)
    expect(existsSync(join(folder, "app"))).toBe(true)
  })

  test("keeps code that the wheel doesn't have, and its files elsewhere", () => {
    write("outside.py")
    const files = [
      "web/__init__.py",
      "web/extra.py",
      "manage.py",
      "migrations/env.py",
      "alembic/env.py",
      "web/migrations/env.py",
    ]
    const record = [
      "web/__init__.py",
      "migrations/env.py",
      "alembic/env.py",
      "../../../outside.py",
      "web/../../outside.py",
    ]
    expect(left(files, record)).toEqual(files.slice(1))
    expect(existsSync(join(folder, "outside.py"))).toBe(true)
  })

  test("removes a single module", () => {
    expect(left(["main.py", "other.py"], ["main.py", "service-1.dist-info/METADATA"])).toEqual(["other.py"])
  })
})
