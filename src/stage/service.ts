import type { Directory, Secret } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { parseConfig } from "../lib/config/parse.js"
import { readLock } from "../lib/image/lock.js"
import type { ImageSources } from "./images.js"

/** The fields in which the module's objects hold a service, as the engine can't store a parsed configuration. */
export interface ServiceFields {
  source: Directory
  /** The text of `slipway.yaml`, with the lock of images if there is one; empty without both. */
  settings: string
  /** The command that called this module, for commands that repeat a stage. */
  invocation: string
  /** The time for judging dates, RFC 3339; empty for the present. */
  now: string
  /** The cache volumes that it may use: a level of trust, and a repository. */
  space: string
}

/** Credentials of package indexes, which only commands that install packages get. */
export interface IndexFields {
  netrc?: Secret
  /** Variables, each named by the last part of its secret's address. */
  indexSecrets: Secret[]
}

/** Where a service stands in its repository. */
export interface PlaceFields {
  /** Its folder; empty for a repository that is the service. */
  path: string
  /** What it uses of its repository beside its folder: shared folders, and the manifests and locks above it. */
  around?: Directory
}

/** The fields of objects that install packages. */
export interface InstallingFields extends ServiceFields, IndexFields, PlaceFields {
  /** Patterns of files that git tracks although `.gitignore` names them. */
  tracked?: string[]
}

/** A service with its configuration: the input of every stage. */
export interface PythonService extends InstallingFields {
  config: Config
}

/** Returns the service in an object's fields. Fails with CONFIG_INVALID. */
export const serviceOf = (fields: ServiceFields & Partial<InstallingFields>): PythonService => ({
  ...installingFields({ indexSecrets: [], path: "", ...fields }),
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

/** Returns a service's fields for an object that installs packages. */
export const installingFields = (fields: InstallingFields): InstallingFields => ({
  ...serviceFields(fields),
  netrc: fields.netrc,
  indexSecrets: fields.indexSecrets,
  tracked: fields.tracked,
  path: fields.path,
  around: fields.around,
})

const parsed = new Map<string, Config>()

/** Begins the lock of images in the text of the settings: a comment of YAML. */
const LOCK = "\n# slipway: images.lock\n"

/** Joins the text of `slipway.yaml` and that of the lock of images. */
export const settingsText = (yaml: string, lock: string | undefined): string =>
  lock === undefined ? yaml : `${yaml}${LOCK}${lock.replace(/^/gm, "# ")}`

/**
 * Parses the text of a `slipway.yaml`, and the lock of images behind it, once per text.
 *
 * Fails with CONFIG_INVALID and IMAGES_LOCK_INVALID.
 */
export function configOf(settings: string): Config {
  const known = parsed.get(settings)
  if (known !== undefined) return known
  const at = settings.lastIndexOf(LOCK)
  const config = parseConfig((at < 0 ? settings : settings.slice(0, at)) || undefined)
  const lock = at < 0 ? undefined : readLock(settings.slice(at + LOCK.length).replace(/^# ?/gm, ""))
  const images: ImageSources = { ...config.images, lock }
  const made = lock === undefined ? config : { ...config, images }
  parsed.set(settings, made)
  return made
}
