import { cpSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import type { Proof } from "../../src/lib/migration/proof.js"
import type { MigrationResult } from "../../src/deploy/scratchDatabase.js"
import { engineEnvironment } from "./dagger.js"
import { copyOf, type Files, service, write } from "./pipeline.js"
import { runScripts } from "./session.js"

const FIXTURES = join(REPOSITORY, "test/fixtures/migrations")
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/

/** All output and error output of the sessions. */
const said: string[] = []

/**
 * Copies the fixture's module and Slipway's own sources, since the code under test isn't reachable through public
 * functions.
 */
function moduleFolder(): string {
  const folder = copyOf(join(REPOSITORY, "test/fixtures/modules/migration"))
  const mine = (path: string) => !/\/(?:\.dagger|sdk|node_modules)(?:\/|$)/.test(path)
  cpSync(join(REPOSITORY, "src"), join(folder, "slipway"), { recursive: true, filter: mine })
  return folder
}

const module = { folder: "" }

async function session(scripts: Record<string, string>) {
  const ran = await runScripts({ module: module.folder, prelude: "", scripts, env: {} })
  said.push(ran.stdout, ran.stderr)
  return { ...ran, proof: (name: string) => ran.json(name) as Proof }
}

beforeAll(async () => {
  await engineEnvironment()
  module.folder = moduleFolder()
})
// Passwords of the proofs' databases are UUIDs.
afterAll(() => expect(said.join("\n")).not.toMatch(new RegExp(`:${UUID.source}@`)))

const dir = (folder: string) => `$(host | directory ${folder})`
const BASE = dir(join(FIXTURES, "service"))
const added = (name: string, files: Files = {}) => dir(write(copyOf(join(FIXTURES, name)), files))
const prove = (name: string, files: Files = {}, more = "") => `proof ${BASE} ${added(name, files)} ${more}`

/** Lists the steps that did not pass, as `name: status`. */
const others = ({ steps }: Proof) =>
  steps.filter(({ status }) => status !== "passed").map(({ name, status }) => `${name}: ${status}`)
const reasonOf = ({ steps }: Proof, name: string) => steps.find((step) => step.name === name)?.reason ?? ""

const EXEMPTIONS = {
  ".slipway/migrations.yaml": `exemptions:
  - {revision: "0002", rule: drop-column, table: jobs, reason: nobody reads it, owner: ann}
`,
}
const STALE = {
  ".slipway/migrations.yaml": `exemptions:
  - {revision: "0002", rule: drop-column, table: jobs, reason: it is gone already, owner: ann}
  - {revision: "0001", rule: drop-table, reason: has run already, owner: ann}
  - {revision: "0007", rule: drop-table, reason: was renumbered, owner: ann}
`,
}

describe("the proof of a migration", () => {
  it("succeeds for an additive migration", async () => {
    const { proof } = await session({
      additive: prove("additive"),
      stale: prove("additive", STALE),
      nothing: `proof ${BASE} ${dir(service({ "a.md": "" }))}`,
    })
    const additive = proof("additive")
    expect(others(additive), additive.log).toEqual([])
    expect(additive).toMatchObject({ proven: true, statements: [] })
    expect(reasonOf(additive, "sample data")).toBe("6 rows in 2 tables")
    expect(reasonOf(additive, "upgrade")).toBe("migrated from 0001 to 0002")
    expect(reasonOf(additive, "previous release on the new schema")).toBe("answers /health, /jobs")
    expect(additive.reason).toContain("migrated from 0001 to 0002")

    const stale = proof("stale")
    expect(others(stale), stale.log).toEqual(["statements: failed"])
    expect(stale.proven).toBe(false)
    expect(stale.log).toContain("migrations.yaml:2: the exemption of 0002 from drop-column matches nothing")
    expect(stale.log).toContain('no migration has the revision "0007"')
    expect(stale.log).not.toContain("exemption of 0001")

    const nothing = proof("nothing")
    expect(nothing.proven, nothing.log).toBe(true)
    expect(reasonOf(nothing, "upgrade")).toBe("nothing to do: the database is at 0001")
    expect(reasonOf(nothing, "downgrade")).toBe("nothing to migrate")
  })

  it("fails if the migration removes what the previous release reads", async () => {
    const { proof } = await session({ dropped: prove("dropped"), exempt: prove("dropped", EXEMPTIONS) })
    const dropped = proof("dropped")
    expect(dropped.proven).toBe(false)
    expect(others(dropped), dropped.log).toEqual([
      "statements: failed",
      "previous release on the new schema: failed",
    ])
    expect(dropped.statements).toMatchObject([
      { rule: "drop-column", table: "jobs", column: "note", revision: "0002", effect: "destroys" },
    ])
    expect(reasonOf(dropped, "statements")).toContain("drop-column jobs.note: what the column holds is lost")
    const smoke = reasonOf(dropped, "previous release on the new schema")
    expect(smoke).toMatch(/^\/health answered 503, .*column \\+"note\\+" does not exist/)

    const exempt = proof("exempt")
    expect(others(exempt), exempt.log).toEqual(["previous release on the new schema: failed"])
    expect(exempt.statements).toMatchObject([{ exemption: { owner: "ann" } }])
  })

  it("names the failed step, and the revision that the database is left at", async () => {
    const { proof } = await session({
      halfway: prove("halfway"),
      "one-way": prove("one-way"),
      hanging: prove("hanging", {}, "--timeout 5"),
      sample: prove(
        "additive",
        { "sample.sql": "INSERT INTO owners (name) VALUES (NULL);" },
        "--sample sample.sql",
      ),
    })
    const halfway = proof("halfway")
    const rest = [
      "previous release on the new schema",
      "downgrade",
      "previous release after the downgrade",
      "upgrade again",
    ]
    const notTried = rest.map((name) => `${name}: skipped`)
    expect(others(halfway), halfway.log).toEqual(["statements: failed", "upgrade: failed", ...notTried])
    expect(reasonOf(halfway, "upgrade")).toMatch(
      /"jobs_tried" of relation "jobs" is violated.*half-way.*is at 0002 now$/,
    )
    expect(reasonOf(halfway, "statements")).toMatch(/^0003:[0-9]+: add-constraint jobs/)

    const oneWay = proof("one-way")
    expect(others(oneWay), oneWay.log).toEqual([
      "downgrade: failed",
      "previous release after the downgrade: skipped",
      "upgrade again: skipped",
    ])
    expect(reasonOf(oneWay, "downgrade")).toContain("NotImplementedError: there is no way back from 0002")

    const hanging = proof("hanging")
    expect(others(hanging), hanging.log).toEqual(["upgrade: failed", ...notTried])
    expect(reasonOf(hanging, "upgrade")).toBe(
      "the command took longer than 5 s, and was ended; the database is still at 0001",
    )
    expect(hanging.log).toContain("1 of its sessions in the database were ended")

    const sample = proof("sample")
    expect(others(sample), sample.log).toEqual(["sample data: failed"])
    expect(reasonOf(sample, "sample data")).toContain('null value in column "name"')
  })
})

describe("a deployment that requires a proof", () => {
  it("migrates if the proof succeeds, and reports the reasons otherwise", async () => {
    const { json } = await session({
      additive: `gate ${BASE} ${added("additive")}`,
      dropped: `gate ${BASE} ${added("dropped")}`,
      unasked: `gate ${BASE} ${added("dropped")} --required no`,
    })
    expect(json("additive")).toMatchObject({
      said: "migrated; v1 was proven to work with it",
      migrated: true,
      schema: "the schema stays as it was migrated, on which v1 was proven to work",
      log: expect.arrayContaining(["upgrade: migrated from 0001 to 0002"]) as unknown,
    })
    expect(json("dropped")).toMatchObject({
      said: expect.stringContaining("not proven that v1 works") as unknown,
      migrated: false,
      schema: "the schema stays as it was migrated; whether v1 works with it was not proven",
      log: expect.arrayContaining([
        expect.stringMatching(/^previous release on the new schema: \/health answered 503/),
        expect.stringMatching(/^0002:\d+: drop-column jobs\.note: /),
      ]) as unknown,
    })
    expect(json("unasked")).toEqual({
      said: "migrated",
      migrated: true,
      log: [],
      schema: "the schema stays as it was migrated; whether v1 works with it was not proven",
    })
  })
})

describe("slipway_sql.py", () => {
  it("parses SQL into the statements that the unit tests assume", async () => {
    const file = join(FIXTURES, "parsed.json")
    const { json } = await session({ parsed: `parse $(host | file ${file})` })
    expect(json("parsed")).toEqual(JSON.parse(readFileSync(file, "utf8")))
  })
})

describe("a migration", () => {
  it("waits for another migration of the same database", async () => {
    const { json } = await session({ together: `together ${BASE}` })
    const { first, second } = json("together") as Record<string, MigrationResult>
    expect(first, JSON.stringify([first, second])).toMatchObject({
      status: "passed",
      kind: "migrated",
      after: "0001",
    })
    expect(second).toMatchObject({ status: "passed", kind: "unchanged", before: "0001" })
    expect(second?.log).toMatch(
      /^slipway: waiting for the lock: another migration runs, session \d+ of slipway \(slipway-migrate proof\)/,
    )
  })

  it("names what is missing, and never the password", async () => {
    const url = "postgresql://user:hunter%262@127.0.0.1:5432/none"
    const { of } = await session({
      down: `run ${BASE} "${url}" "alembic upgrade head"`,
      name: `run ${BASE} "${url.replace("127.0.0.1", "nobody.invalid")}" "alembic upgrade head"`,
      command: `run ${BASE} "sqlite:///app.db" "alembik upgrade head"`,
      leak: `run ${BASE} "mysql://user:hunter%262@db/none" "printenv DATABASE_URL"`,
      unset: `run ${BASE} "" "alembic upgrade head"`,
    })
    expect(of("down")).toMatch(/^69\nslipway: the database can't be reached: .*Connection refused/)
    expect(of("name")).toMatch(/^69\nslipway: the database can't be reached: .*nobody\.invalid/)
    expect(of("command")).toContain("127\n")
    expect(of("command")).toContain("slipway: this image has no command 'alembik'")
    expect(of("leak")).toContain("\n***\n")
    expect(of("unset")).toBe("78\nslipway: the variable DATABASE_URL is not set")
    for (const name of ["down", "name", "leak"]) expect(of(name)).not.toContain("hunter")
  })
})
