import { fail } from "../errors/catalogue.js"
import { fields, objects, parseJson, text } from "../text/json.js"

/** Planned change of one object: `change` in the format of `show -json`. */
export interface ChangeJson {
  actions: string[]
  before: unknown
  after: unknown
  /** `true` where a value is known only after the apply, in the shape of the value. */
  afterUnknown: unknown
  /** `true` where a value is sensitive, in the shape of the value. */
  beforeSensitive: unknown
  afterSensitive: unknown
  replacePaths: unknown[][]
  /** The identifier of an imported object. */
  importing?: string
}

/** A resource's entry in `resource_changes` or `resource_drift`. */
export interface ResourceJson {
  address: string
  previousAddress?: string
  /** `managed`, `data` or `ephemeral`. */
  mode: string
  type: string
  /** The key of an object that a replacement left over. */
  deposed?: string
  actionReason: string
  change: ChangeJson
}

/** Plan in the format of `show -json`, as far as Slipway reads it. */
export interface PlanJson {
  formatVersion: string
  toolVersion: string
  resourceChanges: ResourceJson[]
  resourceDrift: ResourceJson[]
  /** Changes deferred to a later plan. */
  deferred: { reason: string; resource: ResourceJson }[]
  outputChanges: Map<string, ChangeJson>
  /** Actions that an apply carries out beside its changes, since Terraform 1.14, with what triggers each. */
  invocations: { address: string; event: string; trigger: string }[]
  /** True if planning ended with an error, and the plan is partial. */
  errored: boolean
  /** False if applying it leaves changes for a later plan; true for tools that don't say. */
  complete: boolean
  /** The plan as parsed. */
  raw: Readonly<Record<string, unknown>>
}

/** The supported major version of the format; minor versions only add. */
const MAJOR = "1"
/**
 * Maximum nesting. Providers' schemas have a few dozen levels at most; the functions that read a plan are recursive.
 */
const DEEPEST = 200

/** Parses the output of `terraform show -json` or `tofu show -json` for a plan file. */
export function readPlan(json: string): PlanJson {
  const parsed = parseJson(json.replace(/^\uFEFF/, ""))
  if (parsed === undefined) throw fail("PLAN_NOT_JSON", [Buffer.byteLength(json)])
  const raw = fields(parsed)
  const formatVersion = text(raw.format_version)
  if (formatVersion === "") throw fail("NOT_A_PLAN", ["it has no format_version"])
  if (formatVersion.split(".")[0] !== MAJOR) throw fail("PLAN_FORMAT", [formatVersion, `${MAJOR}.x`])
  if (!["planned_values", "resource_changes", "output_changes"].some((key) => key in raw))
    throw fail("NOT_A_PLAN", ["it may be a state"])
  if (isDeep(raw)) throw fail("NOT_A_PLAN", [`it has more than ${DEEPEST} levels`])
  return planOf(raw, formatVersion)
}

const planOf = (raw: Record<string, unknown>, formatVersion: string): PlanJson => ({
  formatVersion,
  toolVersion: text(raw.terraform_version),
  resourceChanges: objects(raw.resource_changes).map(resourceOf),
  resourceDrift: objects(raw.resource_drift).map(resourceOf),
  deferred: objects(raw.deferred_changes).map((each) => ({
    reason: text(each.reason),
    resource: resourceOf(fields(each.resource_change)),
  })),
  outputChanges: new Map(
    Object.entries(fields(raw.output_changes)).map(([name, change]) => [name, changeOf(fields(change))]),
  ),
  invocations: objects(raw.action_invocations).map((each) => {
    const trigger = fields(each.lifecycle_action_trigger)
    return {
      address: text(each.address),
      event: text(trigger.action_trigger_event),
      trigger: text(trigger.triggering_resource_address),
    }
  }),
  errored: raw.errored === true,
  complete: raw.complete !== false,
  raw,
})

function resourceOf(raw: Record<string, unknown>): ResourceJson {
  const [previous, deposed] = [text(raw.previous_address), text(raw.deposed)]
  return {
    address: text(raw.address),
    ...(previous === "" ? {} : { previousAddress: previous }),
    mode: text(raw.mode),
    type: text(raw.type),
    ...(deposed === "" ? {} : { deposed }),
    actionReason: text(raw.action_reason),
    change: changeOf(fields(raw.change)),
  }
}

function changeOf(raw: Record<string, unknown>): ChangeJson {
  const { importing } = raw
  return {
    actions: list(raw.actions).filter((action) => typeof action === "string"),
    before: raw.before,
    after: raw.after,
    afterUnknown: raw.after_unknown,
    beforeSensitive: raw.before_sensitive,
    afterSensitive: raw.after_sensitive,
    replacePaths: list(raw.replace_paths).filter((path): path is unknown[] => Array.isArray(path)),
    ...(importing === undefined || importing === null ? {} : { importing: importedId(fields(importing)) }),
  }
}

/** Returns the id of an imported object; empty for one that is imported by its identity. */
function importedId({ id, identity }: Record<string, unknown>): string {
  if (typeof id === "string") return id
  return identity === undefined ? "" : JSON.stringify(identity)
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** True for a value nested too deeply. Works level by level, since recursion could overflow the stack. */
function isDeep(value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return true
    const next: unknown[] = []
    for (const each of level)
      if (typeof each === "object" && each !== null)
        for (const child of Object.values(each))
          if (typeof child === "object" && child !== null) next.push(child)
    level = next
  }
  return false
}
