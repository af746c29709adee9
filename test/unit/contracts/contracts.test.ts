import { execFileSync, spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { builtProgram } from "../../../dagger/kit/images/programs.js"
import { HOST_PLATFORM } from "../../../dagger/kit/debian/rootfs.js"
import { judgeRun } from "../../../src/lib/load/judge.js"
import { profileOf, rampArguments } from "../../../src/lib/load/profile.js"
import { madeScript, plainAsk } from "../../../src/lib/load/script.js"
import { readSeries } from "../../../src/lib/load/series.js"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { concerns, type Fact, tried } from "../../contracts/contract.js"
import { K6_FACTS } from "../../contracts/k6.js"
import { K6_IMITATION, type K6Ran, type Program, runK6, versionOf } from "../../contracts/k6Runs.js"
import { ACR_FACTS, AKS_FACTS, AZURE_LOGIN_FACTS } from "../../contracts/azure.js"
import { CIRCLECI_FACTS, JENKINS_FACTS } from "../../contracts/ciHosts.js"
import { INFLUXDB_FACTS } from "../../contracts/influxdb.js"
import { SERVICES } from "../../contracts/targets.js"
import { TERRAFORM_FACTS } from "../../contracts/terraform.js"
import { ZAP_FACTS } from "../../contracts/zap.js"

const hasGo = (): boolean => {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

type AnyFact = Omit<Fact, "check"> & { check?: unknown }

const CONTRACTS: Record<string, readonly AnyFact[]> = {
  k6: K6_FACTS,
  "Terraform from 1.6 on": TERRAFORM_FACTS,
  "ZAP's image": ZAP_FACTS,
  ...Object.fromEntries(Object.values(SERVICES).map(({ name, facts }) => [name, facts])),
  Jenkins: JENKINS_FACTS,
  CircleCI: CIRCLECI_FACTS,
  "Azure's login": AZURE_LOGIN_FACTS,
  ACR: ACR_FACTS,
  AKS: AKS_FACTS,
  InfluxDB: INFLUXDB_FACTS,
}

/** Contracts whose sources were read in the versions that they name; the others say of each fact whether its source was. */
const BY_VERSION = ["k6", "Terraform from 1.6 on"]

describe("the contracts", () => {
  it.each(Object.entries(CONTRACTS))(
    "have sources for each fact of %s, and a check or a way by hand",
    (_, facts) => {
      expect(new Set(facts.map(({ id }) => id)).size).toBe(facts.length)
      const bare = facts.filter(
        ({ sources, check, byHand }) => sources.length === 0 || (check === undefined && byHand === undefined),
      )
      expect(bare).toEqual([])
    },
  )

  it("have the figures that the documentation gives", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../../docs/contracts.md"), "utf8")
    const rows = page.split("\n").map((line) => line.split("|").map((cell) => cell.trim()))
    for (const [name, facts] of Object.entries(CONTRACTS)) {
      const row = rows.find(([, cell]) => cell === name)
      const checks = facts.filter(({ check }) => check !== undefined).length
      const read = facts.filter((fact) => fact.read !== undefined).length
      expect(row?.slice(2, 5), name).toEqual([
        String(facts.length),
        String(checks),
        BY_VERSION.includes(name) ? "by version" : String(read),
      ])
    }
  })

  it("concerns versions from one on and up to another", () => {
    const fact = { since: "1.2.0", until: "2.0.0" }
    expect(["1.1.9", "1.2.0", "1.10.3", "2.0.0", "2.1.0"].map((version) => concerns(fact, version))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ])
  })

  it("finds a program that breaks a fact", async () => {
    const check = {
      run: { arguments: ["-c", "exit 7"] },
      found: ({ exitCode }: K6Ran) => exitCode,
      equals: 255,
    }
    expect(await tried(check, runK6({ path: "sh" }))).toBe("found 7, wanted 255")
  })
})

// Building it takes Go; the machines of users have none.
describe.skipIf(!hasGo())("the imitation of k6", () => {
  let program: Program
  const version = "1.3.0"

  beforeAll(async () => {
    program = { path: await builtProgram(K6_IMITATION, HOST_PLATFORM) }
  }, 600_000)

  it("says that it isn't k6, and which version it imitates", () => {
    expect(versionOf(program)).toMatchObject({
      number: version,
      text: expect.stringContaining("not k6") as string,
    })
  })

  const tries = K6_FACTS.flatMap((fact) =>
    fact.check !== undefined && concerns(fact, version) ? [{ id: fact.id, check: fact.check }] : [],
  )

  it.concurrent.for(tries)("keeps the fact $id", async ({ check }, { expect }) => {
    expect(await tried(check, runK6(program))).toBeUndefined()
  })

  /** The verdict on a script, run and gathered as a load test does. */
  async function verdict(script: string, made: boolean) {
    const settings = {
      ...DEFAULTS.load,
      load: { ...DEFAULTS.load.load, ramps: [{ seconds: 2, users: 2 }] },
      iterations: 1,
    }
    const profile = profileOf("load", { ...DEFAULTS, load: settings }, 1, "staging")
    const { kept, base } = await runK6(program)({ script, arguments: rampArguments(profile), gathered: true })
    const [, thrown = 0] = (kept["counts"] ?? "").trim().split(" ").map(Number)
    const ran = {
      exitCode: Number(kept["exit"]),
      series: readSeries(kept["series"] ?? ""),
      said: kept["said"] ?? "",
      thrown,
    }
    return judgeRun(ran, profile, new URL(base).host, made)
  }

  it("lets Slipway's own script pass, whose requests go to the service", async () => {
    const { status, findings } = await verdict(madeScript([plainAsk("/"), plainAsk("/away")], 50), true)
    expect({ status, findings }).toEqual({ status: "passed", findings: [] })
  })

  it("hides the host of requests that a script names, which is no fault", async () => {
    const script = `import http from "k6/http"; import { sleep } from "k6"
export default function () { http.get(__ENV.BASE_URL, { tags: { name: "GET /" } }); sleep(0.05) }`
    expect(await verdict(script, false)).toMatchObject({
      status: "passed",
      findings: [{ rule: "host", advisory: true }],
    })
  })

  it("fails a script whose requests fail, also one without status and expected_response", async () => {
    const script = `import http from "k6/http"; import { sleep } from "k6"
export const options = { systemTags: ["method"] }
export default function () { http.get(__ENV.BASE_URL + "/bad"); sleep(0.05) }`
    expect((await verdict(script, false)).reason).toMatch(/^100 % of the requests failed/)
  })

  it("ends with 255 for a command or an option that it doesn't know", () => {
    const path = "path" in program ? program.path : ""
    for (const command of [
      ["pause"],
      ["cloud", "run", "x.js"],
      ["run", "--unheard-of", "x.js"],
      ["-version"],
    ])
      expect(spawnSync(path, command).status, command.join(" ")).toBe(255)
  })
})
