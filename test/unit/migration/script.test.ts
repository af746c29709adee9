import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../../dagger/lib/home.js"
import { migrationOutcome } from "../../../src/lib/migration/outcome.js"

const SCRIPT = readFileSync(join(REPOSITORY, "src/scripts/slipway_migrate.py"), "utf8")

/** A driver that quotes what it can't read as libpq does: the part that it takes for port, host or database. */
const DRIVER = `
import re
def connect(url, **options):
    rest = url.partition("://")[2]
    host, _, port = re.split("[/?#]", rest.rpartition("@")[2] if "@" in re.split("[/?#]", rest)[0] else rest)[0].partition(":")
    if port and not port.isdigit():
        raise ValueError('invalid integer value "%s" for connection option "port"' % port)
    raise ValueError('authentication failed at "%s", of %r' % (host, url))
`

let folder = ""
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-test-"))
  writeFileSync(join(folder, "psycopg.py"), DRIVER)
  // A command that says its URL in several ways, as tools do.
  writeFileSync(
    join(folder, "said.py"),
    `import os, re
url = os.environ["DATABASE_URL"]
print("sqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from string", repr(url))
for part in re.split("[:/?#@]+", url.partition("://")[2] or url)[1:-1]:
    print("ValueError: Port could not be cast to integer value as", repr(part))
raise SystemExit(1)
`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (url: string, command = "python3 said.py", more: string[] = []) =>
  spawnSync("python3", ["-c", SCRIPT, "--connect-timeout=0", ...more, command], {
    cwd: folder,
    env: { PATH: process.env["PATH"], DATABASE_URL: url, PYTHONPATH: folder },
    encoding: "utf8",
  })

const WRONG: [what: string, url: string, secrets: string[]][] = [
  ["a slash in the password", "postgresql://shop:s3cret/w0rd9@db/shop", ["s3cret", "w0rd9"]],
  ["a question mark in it", "postgresql://shop:s3cret?w0rd9@db/shop", ["s3cret", "w0rd9"]],
  ["a hash in it", "postgresql://shop:s3cret#w0rd9@db/shop", ["s3cret", "w0rd9"]],
  ["brackets in it", "postgresql://shop:s3[cret]w0rd9@db/shop", ["cret", "w0rd9"]],
  ["an at sign and a slash in it", "postgresql://shop:s3cret@/w0rd9@db/shop", ["s3cret", "w0rd9"]],
  ["one slash behind the scheme", "postgresql:/shop:s3cret-w0rd9@db/shop", ["s3cret-w0rd9"]],
  ["no scheme", "shop:s3cret:w0rd9@db:5432/shop", ["s3cret", "w0rd9"]],
  ["no URL at all", "host=db user=shop password='s3cret \\' w0rd9'", ["s3cret", "w0rd9"]],
  ["a password in its place", "s3cret'w0rd9\\", ["s3cret", "w0rd9"]],
  ["a password that is escaped", "postgresql://shop:s3cret%2Fw0rd9@db:port/shop", ["s3cret", "w0rd9"]],
  ["a password among the options", "postgresql://db:x/shop?user=u&password=s3cret-w0rd9", ["s3cret-w0rd9"]],
]

describe("slipway_migrate.py", () => {
  it.each(WRONG)("quotes nothing of a URL with %s", (_, url, secrets) => {
    for (const more of [[], ["--bare"]]) {
      const { stdout, stderr, status } = run(url, "python3 said.py", more)
      const { reason } = migrationOutcome({ exitCode: status ?? 0, log: stdout + stderr })
      expect(status, stdout + stderr).not.toBe(0)
      for (const secret of secrets) {
        expect(stdout).not.toContain(secret)
        // The command's own error output is not this program's to change if it only prints.
        if (more.length === 0) expect(stderr).not.toContain(secret)
        expect(reason).not.toContain(secret)
      }
    }
  })

  it("says of a URL that can't be parsed what is to be done", () => {
    const { stdout, status } = run("postgresql://shop:s3cret/w0rd9@db/shop")
    expect(migrationOutcome({ exitCode: status ?? 0, log: stdout })).toMatchObject({
      status: "error",
      kind: "misconfigured",
      reason: expect.stringMatching(/^the variable DATABASE_URL can't be parsed: .*%2F/) as string,
    })
  })

  it.each([
    "postgresql://shop:s3cret@db:5432/shop?sslmode=require",
    "postgresql+asyncpg://shop:s3@cret@db/shop",
    "postgresql://shop:s3cret@one:5432,two:5433/shop",
    "postgresql://shop:s3cret@[fe80::1%eth0]:5432/shop",
    "postgresql://shop@%2Fvar%2Frun/shop?password=s3cret",
    "postgresql:///shop?host=/var/run",
  ])("takes %s to the database", (url) => {
    const { stdout } = run(url)
    expect(stdout).toContain("slipway: the database can't be reached: ")
    expect(stdout).not.toContain("s3cret")
  })
})
