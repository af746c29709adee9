import { pathText } from "./attributePath.js"
import { type Difference, differencesOf } from "./differences.js"
import { planSecrets } from "./masks.js"
import type { PlanJson, ResourceJson } from "./planJson.js"
import type { SensitiveValues } from "./sensitiveValues.js"

/**
 * Kinds of change, the most destructive first.
 *
 * `keep`: only moved or imported; `abandon`: a replacement that leaves the old object behind, unmanaged; `other`: an
 * unknown kind.
 */
export const CHANGE_ACTIONS = [
  "delete",
  "replace",
  "abandon",
  "forget",
  "update",
  "create",
  "keep",
  "other",
] as const
export type ChangeAction = (typeof CHANGE_ACTIONS)[number]

/** Planned change of one resource. */
export interface Change {
  address: string
  type: string
  action: ChangeAction
  /** The plan's own words for it, such as `delete` and `create`, in the order in which it does them. */
  actions: string[]
  /** Address of the resource before it moves. */
  previousAddress?: string
  /** Identifier of an imported object. */
  importing?: string
  /** The key of an object that an earlier replacement left over; the change is to that object, not to the resource. */
  deposed?: string
  /** The attributes that force a replacement. */
  forcedBy: string[]
  /** Reason in words; empty if the plan has none. */
  reason: string
  differences: Difference[]
}

/** Planned change of an output. */
export interface OutputChange {
  name: string
  action: "create" | "update" | "delete"
  differences: Difference[]
}

/** Number of changes of each kind. A replacement counts only as such. */
export interface PlanCounts {
  add: number
  change: number
  replace: number
  destroy: number
  import: number
  move: number
  forget: number
  /** Changes of an unknown kind. */
  other: number
}

const KINDS: Partial<Record<string, ChangeAction>> = {
  "no-op": "keep",
  create: "create",
  update: "update",
  delete: "delete",
  forget: "forget",
  "delete,create": "replace",
  "create,delete": "replace",
  "create,forget": "abandon",
  "forget,create": "abandon",
}

const REASONS: Partial<Record<string, string>> = {
  replace_because_cannot_update: "it can't be changed in place",
  replace_because_tainted: "it is tainted: an earlier apply left it half made, or somebody marked it",
  replace_by_request: "whoever planned asked for it",
  replace_by_triggers: "something in its replace_triggered_by changes",
  delete_because_no_resource_config: "it is no longer in the configuration",
  delete_because_no_module: "its module is no longer in the configuration",
  delete_because_wrong_repetition: "its count or for_each came or went",
  delete_because_count_index: "its index is beyond the count",
  delete_because_each_key: "its key is no longer in the for_each",
  delete_because_no_move_target: "it was moved to an address that is not in the configuration",
}

/** Returns the planned changes, destructive ones first; reading data is not a change. */
export function changesOf(plan: PlanJson): Change[] {
  const secrets = planSecrets(plan)
  return plan.resourceChanges
    .flatMap((resource) => changeOf(resource, secrets))
    .sort((a, b) => CHANGE_ACTIONS.indexOf(a.action) - CHANGE_ACTIONS.indexOf(b.action))
}

/** Returns the changes deferred to a later plan, with reasons. */
export const deferredOf = (plan: PlanJson): { address: string; reason: string }[] =>
  plan.deferred.map(({ reason, resource }) => ({
    address: planSecrets(plan).hideInAddress(resource.address),
    reason: reason.replaceAll("_", " "),
  }))

/** Returns the actions that an apply carries out beside its changes, each with what triggers it; empty if nothing does. */
export const invocationsOf = (plan: PlanJson): { address: string; reason: string }[] => {
  const secrets = planSecrets(plan)
  return plan.invocations.map(({ address, event, trigger }) => ({
    address: secrets.hideInAddress(address),
    reason: trigger === "" ? "" : `${wordsOfEvent(event)} ${secrets.hideInAddress(trigger)}`,
  }))
}

/** `BeforeCreate` in words. */
const wordsOfEvent = (event: string): string =>
  event.replace(/([a-z])(?=[A-Z])/g, "$1 ").toLowerCase() || "by"

function changeOf(resource: ResourceJson, secrets: SensitiveValues): Change[] {
  const { change, mode, type, previousAddress, deposed } = resource
  const action = actionOf(change.actions)
  const moves = previousAddress !== undefined && previousAddress !== resource.address
  const { importing } = change
  if (mode === "data" || mode === "ephemeral" || (action === "keep" && !moves && importing === undefined))
    return []
  const forcedBy = change.replacePaths.map((path) => pathText(hiddenSteps(path, secrets)))
  return [
    {
      address: secrets.hideInAddress(resource.address),
      type,
      action,
      actions: change.actions,
      ...(moves ? { previousAddress: secrets.hideInAddress(previousAddress) } : {}),
      ...(importing === undefined ? {} : { importing: secrets.hide(importing) }),
      ...(deposed === undefined ? {} : { deposed }),
      forcedBy,
      reason: REASONS[resource.actionReason] ?? resource.actionReason.replaceAll("_", " "),
      differences: action === "keep" ? [] : differencesOf(change, secrets, new Set(forcedBy)),
    },
  ]
}

const actionOf = (actions: readonly string[]): ChangeAction => KINDS[actions.join(",")] ?? "other"

const hiddenSteps = (steps: readonly unknown[], secrets: SensitiveValues): unknown[] =>
  steps.map((step) => (typeof step === "string" ? secrets.hide(step) : step))

/** Returns the outputs that change. */
export function outputChangesOf(plan: PlanJson): OutputChange[] {
  const secrets = planSecrets(plan)
  return [...plan.outputChanges].flatMap(([name, change]): OutputChange[] => {
    const action = actionOf(change.actions)
    if (action !== "create" && action !== "update" && action !== "delete") return []
    return [{ name, action, differences: differencesOf(change, secrets) }]
  })
}

/** Counts changes by kind. A change with a move or an import counts as that as well. */
export function countsOf(changes: readonly Change[]): PlanCounts {
  const of = (...actions: ChangeAction[]) => changes.filter(({ action }) => actions.includes(action)).length
  return {
    add: of("create", "abandon"),
    change: of("update"),
    replace: of("replace"),
    destroy: of("delete"),
    import: changes.filter(({ importing }) => importing !== undefined).length,
    move: changes.filter(({ previousAddress }) => previousAddress !== undefined).length,
    forget: of("forget", "abandon"),
    other: of("other"),
  }
}
