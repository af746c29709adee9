import { type Config, DEFAULTS } from "../../../src/lib/config/config.js"
import { environmentOf, firstEnvironment, lastEnvironment } from "../../../src/lib/config/environments.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { absoluteSource, configured, isAddress, servicesIn, settingsOf } from "./sourceFolder.js"

/** The environment that a command is about if none is named. */
export type UsualEnvironment = "first" | "last"

/** The settings of deployments of a source, or of a service in it; the defaults for those that can't be read. */
export const deploySettings = (source: string, service?: string): Config["deploy"] =>
  (configured(source, service) ?? DEFAULTS).deploy

/** The environment of a command without a name for one: the first or last of the settings. */
export const usualEnvironment = (deploy: Config["deploy"], usual: UsualEnvironment): string =>
  usual === "first" ? firstEnvironment(deploy) : lastEnvironment(deploy)

/**
 * The environment that a command is about, by the settings of its service. Fails with UNKNOWN_ENVIRONMENT.
 *
 * The module checks the name where only it can read the settings: at an address, or where they are invalid.
 */
export function chosenEnvironment(
  source: string,
  service: string | undefined,
  named: string | undefined,
  usual?: UsualEnvironment,
): string | undefined {
  const deploy = readSettings(source, service)
  if (named === undefined) return usual && usualEnvironment(deploy ?? DEFAULTS.deploy, usual)
  return deploy === undefined ? named : environmentOf(named, deploy)
}

/** The settings of deployments that can be read here; undefined where only the module can, or they are invalid. */
export function readSettings(source: string, service: string | undefined): Config["deploy"] | undefined {
  if (isAddress(source)) return undefined
  const folder = absoluteSource(source)
  const names = servicesIn(folder).map(({ name }) => name)
  try {
    return parseConfig(settingsOf(folder, service ?? (names.length === 1 ? names[0] : undefined))).deploy
  } catch (error) {
    if (error instanceof SlipwayError) return undefined
    throw error
  }
}
