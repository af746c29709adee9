import type { Config } from "../config/config.js"
import { type Environment, environmentsOf } from "../config/environments.js"
import type { Group } from "./stages.js"

/** The settings that decide what a scheduled run tests. */
export type TestSettings = Pick<Config, "deploy" | "load" | "dast">

/** The tests of an environment in a scheduled run, from outside: at its `deploy.url`, with the version that serves. */
export interface ScheduledTests {
  environment: Environment
  groups: readonly Extract<Group, "stress" | "dast">[]
}

/** What a scheduled run tests in each environment; none without a public URL, or where the settings say so. */
export const scheduledTests = ({ deploy, load, dast }: TestSettings): ScheduledTests[] =>
  environmentsOf(deploy)
    .filter((environment) => deploy.url[environment] !== undefined)
    .map((environment) => ({
      environment,
      groups: [
        ...(load.stress.when[environment] === "schedule" ? (["stress"] as const) : []),
        ...(dast.schedule[environment] ? (["dast"] as const) : []),
      ],
    }))
    .filter(({ groups }) => groups.length > 0)

/** The groups of a scheduled run for these tests; people are notified of what they find. */
export function scheduledGroups(settings: TestSettings): Group[] {
  const tests = new Set<Group>(scheduledTests(settings).flatMap(({ groups }) => groups))
  return tests.size === 0 ? [] : ["notify", ...tests]
}
