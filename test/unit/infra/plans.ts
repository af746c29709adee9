import { readFileSync } from "node:fs"
import { type PlanJson, readPlan } from "../../../src/lib/infra/planJson.js"

/** Reads a plan of OpenTofu from the fixtures. */
export const fixture = (name: string): PlanJson => readPlan(text(`fixtures/${name}.json`))

export const golden = (name: string): string => text(`golden/${name}.txt`)

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8")

/** Plan with these parts. */
export const plan = (parts: Record<string, unknown>): PlanJson =>
  readPlan(JSON.stringify({ format_version: "1.2", resource_changes: [], ...parts }))

/** Entry of a resource, an update by default. */
export const resource = (
  address: string,
  change: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({
  address,
  mode: "managed",
  type: address.split(".").at(-2) ?? "",
  name: "x",
  change: { actions: ["update"], before: {}, after: {}, after_unknown: {}, ...change },
  ...more,
})

export const ABOUT = {
  environment: "staging",
  root: "terraform/azure",
  commit: "0123456789abcdef0123456789abcdef01234567",
  tool: "OpenTofu 1.12.6",
  artifact: "out/terraform/staging/plan.json",
}
