import type { Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { parseConfig } from "../lib/config/parse.js"

/** The fields by which objects of the module hold a service: the engine stores no parsed configuration. */
export interface ServiceFields {
  source: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings: string
  /** How this module was called, for the commands that repeat a stage. */
  invocation: string
  /** The time by which dates are judged, RFC 3339; empty for the present. */
  now: string
}

/** A service with its configuration: the input of every stage. */
export interface PythonService extends ServiceFields {
  config: Config
}

/** The service that an object holds. Fails with CONFIG_INVALID. */
export const serviceOf = (fields: ServiceFields): PythonService => ({
  ...serviceFields(fields),
  config: configOf(fields.settings),
})

/** What an object of the module holds of a service. */
export const serviceFields = ({ source, settings, invocation, now }: ServiceFields): ServiceFields => ({
  source,
  settings,
  invocation,
  now,
})

const parsed = new Map<string, Config>()

/** The configuration in the text of a `slipway.yaml`, parsed once. Fails with CONFIG_INVALID. */
export function configOf(settings: string): Config {
  const config = parsed.get(settings) ?? parseConfig(settings || undefined)
  parsed.set(settings, config)
  return config
}
