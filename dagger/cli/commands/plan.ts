import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Config } from "../../../src/lib/config/config.js"
import { configWarnings, parseConfig } from "../../../src/lib/config/parse.js"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { environmentFor, type Trigger, policy, eventText } from "../../../src/lib/pipeline/policy.js"
import { OTHER_TOOLS, unusedFiles } from "../../../src/lib/pipeline/otherTools.js"
import { GROUPS, type Group } from "../../../src/lib/pipeline/stages.js"
import { fullRef } from "../../../src/lib/release/gitRef.js"
import { visible } from "../../../src/lib/text/escape.js"
import { STAGES } from "../../../src/lib/pipeline/stages.js"
import { fromFork } from "../hosts/fork.js"
import { withPreview } from "./ci.js"
import { selectedServices } from "./services.js"
import { absoluteSource, gitStateOf, isAddress, servicesIn, settingsOf } from "./sourceFolder.js"
import { jsonText } from "../../../src/lib/text/json.js"

export interface RunPlanOptions {
  source: string
  service?: string
  event?: string
  ref?: string
  baseRef?: string
  fork?: boolean
  embedded?: boolean
  json?: boolean
}

/** The stages that a run would execute, and why. */
export interface RunPlan {
  event: string
  ref: string
  baseRef: string
  fork: boolean
  /** Description of the event. */
  what: string
  /** The environment to deploy to; null for none. */
  environment: string | null
  groups: { group: Group; runs: boolean; why: string; stages: readonly string[] }[]
  /** Restrictions of this run, and alternatives. */
  notes: string[]
}

/** Prints the stages that `ci` would run for an event, without an engine. Returns the exit code. */
export async function printPlan(options: RunPlanOptions): Promise<number> {
  const source = absoluteSource(options.source)
  const { event = "local", baseRef = "", fork = fromFork(process.env) } = options
  const ref = fullRef(event, options.ref ?? (await gitStateOf(source)).ref)
  const settings = settingsOf(source, options.service)
  const config = configured(settings, options.embedded)
  const made = planRun(withPreview({ event, ref, baseRef, fork }, config.deploy), config)
  const notes = isAddress(source)
    ? ["slipway.yaml isn't read at an address: the defaults are shown"]
    : unusedFiles(otherTools(source)).map(({ message }) => message)
  const services =
    options.service === undefined && servicesIn(source).length > 0
      ? (await selectedServices(source, options)).map(({ name, chosen, why }) => ({
          name,
          runs: chosen,
          why,
        }))
      : []
  const said = services.map(({ name, runs, why }) => `${runs ? "runs" : "leaves out"} ${name}: ${why}`)
  const whole = {
    ...made,
    notes: [...made.notes, ...notes, ...said, ...configWarnings(settings)],
    ...(services.length > 0 && { services }),
  }
  process.stdout.write(options.json ? jsonText(whole) : runPlanText(whole))
  return ExitCode.passed
}

/** The texts of other tools' files in a folder. */
const otherTools = (source: string): Record<string, string> =>
  Object.fromEntries(
    OTHER_TOOLS.map((name) => [name, join(source, name)] as const)
      .filter(([, path]) => existsSync(path))
      .map(([name, path]) => [name, readFileSync(path, "utf8")]),
  )

function configured(settings: string | undefined, embedded = false): Config {
  const config = parseConfig(settings)
  const registry = config.release.registry ?? (embedded ? "embedded" : undefined)
  return { ...config, release: { ...config.release, ...(registry !== undefined && { registry }) } }
}

/** Determines the stages that run for an event. Fails with UNKNOWN_EVENT. */
export function planRun(given: Trigger & { fork: boolean }, config: Config): RunPlan {
  const { event, ref, baseRef = "", fork } = given
  const trigger = { ...given, branches: config.branches }
  const decisions = policy(trigger, config)
  const groups = GROUPS.map((group) => ({ group, ...decisions[group], stages: stagesOf(group, config) }))
  return {
    event,
    ref,
    baseRef,
    fork: fork && event === "pull_request",
    what: eventText(trigger),
    environment: (decisions.deploy.runs && environmentFor(trigger, config.deploy)) || null,
    groups,
    notes: fork && event === "pull_request" ? FORK_NOTES : [],
  }
}

/** Restrictions of a pull request from a fork, as CI hosts document them. */
const FORK_NOTES = [
  "no secrets: hosts pass none to a fork, so a Dockerfile that mounts secrets can't be built",
  "no comment: its text is in summary.md",
  "no upload of findings: they are in sarif/, among the artifacts",
]

/** The stages of a group that the settings enable. */
function stagesOf(group: Group, config: Config): readonly string[] {
  const chosen: readonly string[] = {
    ...STAGES,
    quality: config.quality.checks,
    security: config.security.checks,
    tests: [...config.tests.suites, "coverage"],
    infra: config.infra.checks,
  }[group]
  return STAGES[group].filter((name: string) => chosen.includes(name))
}

/** Formats a plan for people. */
export function runPlanText({ what, ref, environment, groups, notes }: RunPlan): string {
  const width = Math.max(...groups.map(({ group }) => group.length))
  const line = (sign: string, group: string, text: string) => `${sign} ${group.padEnd(width)}  ${text}`
  const running = groups.filter(({ runs }) => runs)
  return [
    `${visible(what)}${ref === "" ? "" : ` (${visible(ref)})`}${environment === null ? "" : `, deployed to ${environment}`}`,
    "",
    ...running.map(({ group, stages }) => line("✓", group, stages.join(", "))),
    ...groups.filter(({ runs }) => !runs).map(({ group, why }) => line("-", group, visible(why))),
    ...(notes.length === 0 ? [] : ["", ...notes.map((note) => `! ${note}`)]),
    "",
  ].join("\n")
}
