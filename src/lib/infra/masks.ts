import { fields, objects } from "../text/json.js"
import type { ChangeJson, PlanJson } from "./planJson.js"
import { SENSITIVE, SensitiveValues } from "./sensitiveValues.js"

/** Returns the part of a mask for one key; a mask of `true` applies to all keys. */
export const maskAt = (mask: unknown, key: string | number): unknown =>
  typeof mask === "object" && mask !== null
    ? Object.hasOwn(mask, key)
      ? (mask as Record<string | number, unknown>)[key]
      : undefined
    : mask

/** True if a mask has `true` anywhere. */
export const marksAny = (mask: unknown): boolean =>
  mask === true || (typeof mask === "object" && mask !== null && Object.values(mask).some(marksAny))

/** True if a mask hides a whole value, or goes deeper than the value, to be safe. */
export const hides = (mask: unknown, value: unknown): boolean =>
  mask === true || ((typeof value !== "object" || value === null) && marksAny(mask))

/** Masks a value: `(sensitive)` replaces all parts that a mask covers, and every known secret. */
export function maskValue(value: unknown, masks: readonly unknown[], secrets: SensitiveValues): unknown {
  if (masks.some((mask) => hides(mask, value))) return SENSITIVE
  if (typeof value === "string") return secrets.hide(value)
  if (typeof value === "number") return secrets.hide(String(value)) === SENSITIVE ? SENSITIVE : value
  const inner = (key: string | number): unknown[] =>
    masks.length === 0 ? [] : masks.map((mask) => maskAt(mask, key)).filter((mask) => mask !== undefined)
  if (Array.isArray(value)) return value.map((each, index) => maskValue(each, inner(index), secrets))
  if (typeof value !== "object" || value === null) return value
  return coveredKeys(
    Object.entries(value).map(([key, each]) => [key, maskValue(each, inner(key), secrets)]),
    secrets,
  )
}

/** Numbers keys that become equal by masking, so that none is lost. */
function coveredKeys(entries: [string, unknown][], secrets: SensitiveValues): Record<string, unknown> {
  let hidden = 0
  const shown = entries.map(([key, value]): [string, unknown] => {
    const name = secrets.hide(key)
    return [name === key || ++hidden === 1 ? name : `${name} ${hidden}`, value]
  })
  return Object.fromEntries(shown)
}

const known = new WeakMap<PlanJson, SensitiveValues>()

/** Returns all sensitive values of a plan. */
export function planSecrets(plan: PlanJson): SensitiveValues {
  const before = known.get(plan)
  if (before !== undefined) return before
  const secrets = new SensitiveValues()
  const { raw } = plan
  for (const { change } of allResources(plan)) addChange(change, secrets)
  for (const change of plan.outputChanges.values()) addChange(change, secrets)
  for (const values of [raw.planned_values, fields(raw.prior_state).values])
    addValues(fields(values), secrets)
  for (const each of objects(raw.action_invocations))
    addMarked(each.config_values, each.config_sensitive, secrets)
  const root = fields(fields(raw.configuration).root_module)
  const variables = fields(raw.variables)
  for (const name of sensitiveVariables(root)) secrets.add(fields(variables[name]).value)
  addModule(root, secrets)
  known.set(plan, secrets)
  return secrets
}

const allResources = (plan: PlanJson) => [
  ...plan.resourceChanges,
  ...plan.resourceDrift,
  ...plan.deferred.map(({ resource }) => resource),
]

function addChange(change: ChangeJson, secrets: SensitiveValues): void {
  addMarked(change.before, change.beforeSensitive, secrets)
  addMarked(change.after, change.afterSensitive, secrets)
}

function addMarked(value: unknown, mask: unknown, secrets: SensitiveValues): void {
  if (hides(mask, value)) secrets.add(value)
  else if (typeof value === "object" && value !== null && typeof mask === "object" && mask !== null)
    for (const [key, each] of Object.entries(value)) addMarked(each, maskAt(mask, key), secrets)
}

function addValues({ outputs, root_module }: Record<string, unknown>, secrets: SensitiveValues): void {
  for (const output of Object.values(fields(outputs))) {
    const { sensitive, value } = fields(output)
    if (sensitive === true) secrets.add(value)
  }
  addResources(fields(root_module), secrets)
}

function addResources({ resources, child_modules }: Record<string, unknown>, secrets: SensitiveValues): void {
  for (const each of objects(resources)) addMarked(each.values, each.sensitive_values, secrets)
  for (const child of objects(child_modules)) addResources(child, secrets)
}

/** Returns the names of a module's variables that its configuration declares sensitive. */
export const sensitiveVariables = (module: Record<string, unknown>): string[] =>
  Object.entries(fields(module.variables)).flatMap(([name, variable]) =>
    fields(variable).sensitive === true ? [name] : [],
  )

/** Adds constants of the configuration that are passed to sensitive variables and outputs. */
function addModule(module: Record<string, unknown>, secrets: SensitiveValues): void {
  for (const name of sensitiveVariables(module)) secrets.add(fields(fields(module.variables)[name]).default)
  for (const output of Object.values(fields(module.outputs))) {
    const { sensitive, expression } = fields(output)
    if (sensitive === true) secrets.add(fields(expression).constant_value)
  }
  for (const call of Object.values(fields(module.module_calls))) {
    const { module: child, expressions } = fields(call)
    for (const name of sensitiveVariables(fields(child)))
      secrets.add(fields(fields(expressions)[name]).constant_value)
    addModule(fields(child), secrets)
  }
}
