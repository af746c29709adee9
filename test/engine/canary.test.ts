import { randomBytes } from "node:crypto"
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { engineEnvironment } from "./dagger.js"
import { type CiRun, copyOf, runOn, statuses, write } from "./pipeline.js"
import { lockFile } from "./settingsProvider.js"
import { formsOf } from "./supply.js"

const CANARY = join(REPOSITORY, "test/fixtures/canary")

/** All that a job of a CI host may have in its environment, and the tools' own names for it. */
const NAMES = [
  ...["REGISTRY_PASSWORD", "ACR_PASSWORD", "COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD", "SIGSTORE_ID_TOKEN"],
  ...[
    "KUBECONFIG",
    "STAGING_KUBECONFIG",
    "PRODUCTION_KUBECONFIG",
    "AZURE_CREDENTIALS",
    "AZURE_CLIENT_SECRET",
  ],
  ...[
    "DATABASE_URL",
    "STAGING_DATABASE_URL",
    "PRODUCTION_DATABASE_URL",
    "LEDGER_REMOTE",
    "LEDGER_TOKEN",
    "MANIFESTS_TOKEN",
  ],
  ...["TF_VAR_password", "PG_CONN_STR", "ARM_CLIENT_SECRET", "SLIPWAY_PLAN_KEY", "BUILD_TOKEN"],
  ...["GITHUB_TOKEN", "GITLAB_TOKEN", "SYSTEM_ACCESSTOKEN", "SLACK_WEBHOOK", "TEAMS_WEBHOOK"],
  ...["NOTIFY_WEBHOOK", "NOTIFY_WEBHOOK_SECRET", "GRAFANA_TOKEN", "LOAD_AUTHORIZATION", "DAST_AUTH_HEADER"],
]
const marked = (): string => `canary${randomBytes(16).toString("hex")}`
const SECRETS = Object.fromEntries(NAMES.map((name) => [name, marked()]))
const LOGINS = { REGISTRY_USERNAME: "robot", ACR_USERNAME: "robot", AZURE_CLIENT_ID: "robot" }

// Before the environment of the commands is read.
Object.assign(process.env, SECRETS, LOGINS)

beforeAll(engineEnvironment)

/** A repository whose code looks around wherever it runs; `planted` is what it must find then. */
async function repository(planted: Record<string, string>): Promise<string> {
  const provider = join(CANARY, "provider.sh")
  const source = write(copyOf(join(CANARY, "service")), {
    ".terraform.lock.hcl": lockFile("canary", readFileSync(provider)),
    ...planted,
  })
  const place =
    "terraform.d/plugins/providers.test/slipway/canary/1.0.0/linux_amd64/terraform-provider-canary_v1.0.0"
  mkdirSync(dirname(join(source, place)), { recursive: true })
  copyFileSync(provider, join(source, place))
  const git = run({ cwd: source })
  await git`git init --quiet --initial-branch=main`
  await git`git add --all --force`
  await git`git -c user.name=x -c user.email=x@example.com commit --quiet --message=x`
  return source
}

const PUSHED = ["--event=push", "--ref=refs/heads/main", "--origin=https://git.example.com/team/canary"]
const push = async (planted: Record<string, string> = {}): Promise<CiRun> =>
  runOn("ci", await repository(planted), ...PUSHED, "--secret=env://BUILD_TOKEN")

/** Fails if a secret is in what a run printed or wrote, however encoded. */
function expectNoSecret({ stdout, stderr, out }: CiRun): void {
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const texts = [
    stdout,
    stderr,
    ...files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1")),
  ]
  for (const [name, value] of Object.entries(SECRETS))
    for (const form of formsOf(value))
      expect(
        texts.some((text) => text.includes(form)),
        `${name} as ${form.slice(0, 8)}…`,
      ).toBe(false)
}

describe("code under test, in a job with thirty secrets", () => {
  it("finds a secret that is planted, wherever it runs", async () => {
    const run = await push({ "planted.txt": marked() })
    const planted = String.raw`/src/planted\.txt [0-9a-f]{12}`
    for (const where of ["plug-in", "conftest", "test"])
      expect(run.read("logs/unit.log")).toMatch(new RegExp(`where = '${where}', found = \\['${planted}'\\]`))
    expect(run.stage("build").reason).toMatch(new RegExp(`canary in the build backend: ${planted} →`))
    expect(run.stdout).toContain("canary in the provider: [/src/planted.txt]")
    expectNoSecret(run)
  })

  it("finds no secret and nothing that it can change for others", async () => {
    const run = await push()
    expect(statuses(run)).toMatchObject({ unit: "passed", build: "passed" })
    expect(run.stdout).toContain("canary in the provider: []")
    expectNoSecret(run)
  })

  it.each([
    [
      "finds what is planted in a Dockerfile's commands",
      { "planted.txt": marked() },
      "failed",
      /canary in the Dockerfile: \/app\/planted\.txt/,
    ],
    ["finds nothing in a Dockerfile's commands", {}, "passed", /^✓ build/m],
  ])("%s", async (_, planted, status, printed) => {
    const files = { Dockerfile: readFileSync(join(CANARY, "dockerfile/Dockerfile"), "utf8"), ...planted }
    const run = await runOn("image", await repository(files), "--secret=env://BUILD_TOKEN")
    expect(run.stage("build").status).toBe(status)
    expect(run.stdout).toMatch(printed)
    expectNoSecret(run)
  })
})
