import { fields } from "../text/json.js"
import { maskValue, planSecrets, sensitiveVariables } from "./masks.js"
import type { PlanJson } from "./planJson.js"
import { SENSITIVE, type SensitiveValues } from "./sensitiveValues.js"

type Json = Record<string, unknown>
type Part = (value: unknown) => unknown

/** Returns the plan in the format of `show -json`, with `(sensitive)` for all sensitive values, wherever they are. */
export function maskedPlan(plan: PlanJson): Json {
  const masker = new Masker(planSecrets(plan))
  const root = fields(fields(plan.raw.configuration).root_module)
  return masker.plan(plan.raw, new Set(sensitiveVariables(root)))
}

/** Keys whose values are words of the format or names in the configuration, and never secrets. */
const NAMES = ["mode", "type", "name", "provider_name", "action_reason", "schema_version", "deposed"]
const ADDRESSES = ["address", "previous_address", "module_address"]

class Masker {
  constructor(private readonly secrets: SensitiveValues) {}

  plan(raw: Readonly<Json>, sensitive: ReadonlySet<string>): Json {
    return this.parts(raw, {
      format_version: (value) => value,
      terraform_version: (value) => value,
      resource_changes: each((entry) => this.#resource(entry)),
      resource_drift: each((entry) => this.#resource(entry)),
      deferred_changes: each((entry) =>
        this.parts(entry, { resource_change: (resource) => this.#resource(fields(resource)) }),
      ),
      output_changes: values((change) => this.#change(change)),
      planned_values: (part) => this.#values(fields(part)),
      prior_state: (part) => this.parts(fields(part), { values: (inner) => this.#values(fields(inner)) }),
      variables: named((name, variable) =>
        this.parts(variable, sensitive.has(name) ? { value: () => SENSITIVE } : {}),
      ),
      action_invocations: each((entry) =>
        this.parts(entry, {
          config_values: (value) => maskValue(value, [entry.config_sensitive], this.secrets),
        }),
      ),
      configuration: (part) =>
        this.parts(fields(part), { root_module: (module) => this.#module(fields(module)) }),
    })
  }

  /** Rebuilds an object: special parts by their own functions, all others with secrets hidden. */
  parts(object: Readonly<Json>, special: Record<string, Part>): Json {
    return Object.fromEntries(
      Object.entries(object).map(([key, value]) => {
        const part = Object.hasOwn(special, key) ? special[key] : undefined
        return [key, part === undefined ? maskValue(value, [], this.secrets) : part(value)]
      }),
    )
  }

  #resource(entry: Json): Json {
    return this.parts(entry, {
      ...Object.fromEntries(NAMES.map((name) => [name, (value: unknown) => value])),
      ...Object.fromEntries(
        ADDRESSES.map((name) => [
          name,
          (value: unknown) => (typeof value === "string" ? this.secrets.hideInAddress(value) : value),
        ]),
      ),
      change: (change) => this.#change(fields(change)),
      values: (value) => maskValue(value, [entry.sensitive_values], this.secrets),
    })
  }

  /** Masks a change; a value that is sensitive on one side is hidden on both. */
  #change(change: Json): Json {
    const side = (value: unknown) =>
      maskValue(value, [change.before_sensitive, change.after_sensitive], this.secrets)
    return this.parts(change, { actions: (value) => value, before: side, after: side })
  }

  #values(part: Json): Json {
    return this.parts(part, {
      outputs: values((output) =>
        this.parts(output, output.sensitive === true ? { value: () => SENSITIVE } : {}),
      ),
      root_module: (module) => this.#resources(fields(module)),
    })
  }

  #resources(module: Json): Json {
    return this.parts(module, {
      address: (value) => value,
      resources: each((entry) => this.#resource(entry)),
      child_modules: each((child) => this.#resources(child)),
    })
  }

  /** Masks constants by the variables that they are passed to: short ones would not be found by their text. */
  #module(module: Json): Json {
    const hidden = { constant_value: () => SENSITIVE }
    const sensitive = new Set(sensitiveVariables(module))
    return this.parts(module, {
      variables: named((name, variable) =>
        this.parts(variable, sensitive.has(name) ? { default: () => SENSITIVE } : {}),
      ),
      outputs: values((output) =>
        this.parts(
          output,
          output.sensitive === true ? { expression: (part) => this.parts(fields(part), hidden) } : {},
        ),
      ),
      module_calls: values((call) => {
        const child = fields(call.module)
        const taken = new Set(sensitiveVariables(child))
        return this.parts(call, {
          module: () => this.#module(child),
          expressions: named((name, part) => this.parts(part, taken.has(name) ? hidden : {})),
        })
      }),
    })
  }
}

/** Applies a function to each object of a list; anything else is left out. */
const each =
  (part: (entry: Json) => Json): Part =>
  (value) =>
    Array.isArray(value) ? value.map((entry) => part(fields(entry))) : []

/** Applies a function to each object, by name. */
const named =
  (part: (name: string, entry: Json) => Json): Part =>
  (value) =>
    Object.fromEntries(
      Object.entries(fields(value)).map(([name, entry]) => [name, part(name, fields(entry))]),
    )

const values = (part: (entry: Json) => Json): Part => named((_, entry) => part(entry))
