import { CHECKS, SCANS } from "../config/config.js"
import { SUITES } from "../config/tests.js"
import { INFRA_CHECKS } from "../config/infra.js"
import { STEPS } from "../deploy/steps.js"

/** All that is known of a group of stages, apart from how it runs. */
interface GroupRecord {
  /** Its stages, in the order of reports. */
  stages: readonly string[]
  /** What it does, for `--help` and the README: an imperative, without a full stop. */
  summary: string
  /** True if a command of its name runs just this group. */
  command?: true
  /** True if it changes something outside of the run. Effects are repeated only if asked for by name. */
  effect: boolean
  /** What a shell in one of its stages opens: the stage's own container, one with its tools, or none. */
  shell: "stage" | "tools" | "none"
  /** True if the stages need credentials of the infrastructure. */
  connects?: true
  /** True if the stages reach an environment. */
  environment?: true
  /** True if a release must have passed it. */
  published?: true
  /** True if its findings are about the code: hosts keep them as alerts until they are fixed. */
  sarif?: true
  /** The secrets that it uses, by their names in the verdict. */
  secrets: readonly SecretInput[]
}

/** The secrets of a run, by their names in the verdict. */
export type SecretInput =
  | "netrc"
  | "indexSecrets"
  | "secrets"
  | "infra"
  | "planKey"
  | "password"
  | "key"
  | "passphrase"
  | "token"
  | "deploy"

/** The secrets of a group that installs the service's packages. */
const INDEXES = ["netrc", "indexSecrets"] as const

/** Every group of stages, in the order of their work and of reports. */
const RECORDS = {
  quality: {
    stages: CHECKS,
    summary: "check formatting, imports, style, types and security of Python code",
    command: true,
    effect: false,
    shell: "stage",
    published: true,
    sarif: true,
    secrets: INDEXES,
  },
  security: {
    stages: SCANS,
    summary: "scan for vulnerable packages, secrets, misconfiguration and unused suppressions",
    command: true,
    effect: false,
    shell: "stage",
    published: true,
    sarif: true,
    secrets: INDEXES,
  },
  tests: {
    stages: [...SUITES, "coverage"],
    summary: "run unit and integration tests, and measure coverage",
    command: true,
    effect: false,
    shell: "stage",
    published: true,
    secrets: INDEXES,
  },
  infra: {
    stages: INFRA_CHECKS,
    summary: "check the format of Terraform files and validate every root module",
    command: true,
    effect: false,
    shell: "stage",
    published: true,
    sarif: true,
    secrets: [],
  },
  plan: {
    stages: ["plan"],
    summary: "plan every environment, and comment the plans on the pull request",
    effect: false,
    shell: "stage",
    connects: true,
    secrets: ["infra", "planKey"],
  },
  drift: {
    stages: ["drift"],
    summary: "compare every environment with its state",
    effect: false,
    shell: "stage",
    connects: true,
    secrets: ["infra"],
  },
  apply: {
    stages: ["apply"],
    summary: "apply a reviewed plan",
    effect: true,
    shell: "stage",
    connects: true,
    secrets: ["infra", "planKey"],
  },
  image: {
    stages: ["build", "scan"],
    summary: "build the image for every platform and scan it",
    command: true,
    effect: false,
    shell: "stage",
    published: true,
    sarif: true,
    secrets: [...INDEXES, "secrets"],
  },
  release: {
    stages: ["publish", "sign", "attest", "verify", "tag"],
    summary: "publish, sign, attest and verify the image",
    effect: true,
    shell: "tools",
    published: true,
    secrets: [...INDEXES, "secrets", "password", "key", "passphrase", "token"],
  },
  deploy: {
    stages: STEPS,
    summary: "migrate and deploy blue-green, and roll back on failure",
    effect: true,
    shell: "tools",
    environment: true,
    secrets: [...INDEXES, "password", "deploy"],
  },
  notify: {
    stages: ["notify", "annotate"],
    summary: "notify people of the deployment, and annotate it in Grafana",
    effect: true,
    shell: "none",
    environment: true,
    secrets: ["deploy"],
  },
  load: {
    stages: ["load"],
    summary: "run a load test against the deployed service",
    effect: true,
    shell: "tools",
    environment: true,
    secrets: ["deploy"],
  },
  stress: {
    stages: ["stress"],
    summary: "add load until the deployed service fails its thresholds",
    effect: true,
    shell: "tools",
    environment: true,
    secrets: ["deploy"],
  },
  dast: {
    stages: ["baseline"],
    summary: "scan the deployed service with ZAP",
    effect: true,
    shell: "tools",
    environment: true,
    secrets: ["deploy"],
  },
  cleanup: {
    stages: ["registry", "cluster", "records"],
    summary: "delete stale images, Jobs, ReplicaSets and previews",
    effect: true,
    shell: "none",
    environment: true,
    secrets: ["password", "deploy"],
  },
} as const satisfies Readonly<Record<string, GroupRecord>>

export type Group = keyof typeof RECORDS
export type StageName = (typeof RECORDS)[Group]["stages"][number]

export const GROUPS = Object.keys(RECORDS) as Group[]

/** What is known of a group. */
export const groupRecord = (group: Group): GroupRecord => RECORDS[group]

/** The groups that a property of their record holds for, in the order of their work. */
const groupsWith = (holds: (record: GroupRecord) => boolean): readonly Group[] =>
  GROUPS.filter((group) => holds(RECORDS[group]))

/** The stages of each group. */
export const STAGES = Object.fromEntries(GROUPS.map((group) => [group, RECORDS[group].stages])) as {
  readonly [G in Group]: (typeof RECORDS)[G]["stages"]
}

export const STAGE_NAMES: readonly StageName[] = GROUPS.flatMap((group) => [...STAGES[group]])

/** Groups with a command that runs just them. */
export const COMMANDS = groupsWith(({ command }) => command === true)

/** Groups that change something outside of the run. */
export const EFFECTS = groupsWith(({ effect }) => effect)

/** Groups that neither change anything nor need credentials. */
export const CHECKED = groupsWith(({ effect, connects }) => !effect && connects !== true)

/** Groups that need credentials of the infrastructure. */
export const CONNECTED = groupsWith(({ connects }) => connects === true)

/** Groups that reach an environment. */
export const DELIVERED = groupsWith(({ environment }) => environment === true)

/** Groups that a release must have passed, and the release itself. */
export const PUBLISHED = groupsWith(({ published }) => published === true)

/** Groups whose findings hosts keep as alerts on the code. */
export const CODE_SCANNING = groupsWith(({ sarif }) => sarif === true)

/** The stages that a shell can be opened for. */
export const DEBUGGABLE: readonly StageName[] = groupsWith(({ shell }) => shell !== "none").flatMap(
  (group): readonly StageName[] => STAGES[group],
)

/** The secrets that a group uses, by their names in the verdict; none for an unknown one. */
export const secretsOfGroup = (name: string): readonly SecretInput[] =>
  groupsWith((record) => record === RECORDS[name as Group]).flatMap((group) => RECORDS[group].secrets)

/** True if one of these groups uses the secret. */
export const usesSecret = (groups: readonly Group[], secret: SecretInput): boolean =>
  groups.some((group) => groupRecord(group).secrets.includes(secret))

/** True if the group has a stage of this name. */
export const hasStage = <G extends Group>(group: G, name: string): name is (typeof STAGES)[G][number] =>
  STAGES[group].some((known) => known === name)

/** The group of a stage. */
export const groupOf = (name: string): Group | undefined => GROUPS.find((group) => hasStage(group, name))

/** True if `only` names the stage or its group; without names every stage is selected. */
export const selected = (only: readonly string[], { name }: { name: StageName }): boolean =>
  only.length === 0 || only.includes(name) || only.includes(groupOf(name) ?? "")

/** The slowest stages start first. */
const FIRST: readonly StageName[] = [
  "build",
  "integration",
  "plan",
  "drift",
  "unit",
  "vulnerabilities",
  "mypy",
]
/** Stages that wait for the results of others would only occupy a place. */
const LAST: readonly StageName[] = ["suppressions", "coverage", "scan"]

/** Sorts stages so that a few at a time finish soonest. */
export function inRunOrder<T extends { name: StageName }>(stages: readonly T[]): T[] {
  const rank = ({ name }: T): number =>
    FIRST.includes(name) ? FIRST.indexOf(name) - FIRST.length : LAST.indexOf(name) + 1
  return [...stages].sort((a, b) => rank(a) - rank(b))
}
