import type { Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { parseConfig } from "../lib/config/parse.js"

/** The fields in which the module's objects hold a service, as the engine can't store a parsed configuration. */
export interface ServiceFields {
  source: Directory
  /** The text of `slipway.yaml`; empty without one. */
  settings: string
  /** The command that called this module, for commands that repeat a stage. */
  invocation: string
  /** The time for judging dates, RFC 3339; empty for the present. */
  now: string
  /** The cache volumes that it may use: a level of trust, and a repository. */
  space: string
}

/** A service with its configuration: the input of every stage. */
export interface PythonService extends ServiceFields {
  config: Config
}

/** Returns the service in an object's fields. Fails with CONFIG_INVALID. */
export const serviceOf = (fields: ServiceFields): PythonService => ({
  ...serviceFields(fields),
  config: configOf(fields.settings),
})

/** Returns only a service's fields, for an object of the module. */
export const serviceFields = ({
  source,
  settings,
  invocation,
  now,
  space,
}: ServiceFields): ServiceFields => ({ source, settings, invocation, now, space })

const parsed = new Map<string, Config>()

/** Parses the text of a `slipway.yaml`, once per text. Fails with CONFIG_INVALID. */
export function configOf(settings: string): Config {
  const config = parsed.get(settings) ?? parseConfig(settings || undefined)
  parsed.set(settings, config)
  return config
}
