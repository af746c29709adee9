import { parseDocument, stringify } from "yaml"
import { parseConfig } from "../config/parse.js"
import { Problems } from "../config/problem.js"
import { applyRenamed } from "../config/renamed.js"
import { fail } from "../errors/catalogue.js"
import { fields, isFields, without } from "../text/json.js"
import { declaredServices, type ServicePlace, servicePlace } from "./places.js"

const FILE = "slipway.yaml"

/** Keys of the root's file that are the root's alone. */
const OF_THE_ROOT = ["services", "shared", "wrappers", "name"] as const

/**
 * The text of a service's settings: those of the root's `slipway.yaml`, which all services share, with its own over them.
 *
 * Fails with CONFIG_INVALID for either file.
 */
export function mergedSettings(root: string, own: string, place: ServicePlace): string {
  const config = parseConfig(root || undefined, FILE)
  const file = `${place.path}/${FILE}`
  const ownConfig = parseConfig(own || undefined, file)
  const declared = declaredServices(config)
  if (declared.length > 0 && config.release.repository !== undefined)
    throw fail("CONFIG_INVALID", [FILE, [PUBLISHED_TOGETHER]])
  const misplaced = [
    ...(declaredServices(ownConfig).length > 0 ? ["services"] : []),
    ...(ownConfig.wrappers.hosts.length > 0 ? ["wrappers"] : []),
  ]
  if (misplaced.length > 0)
    throw fail("CONFIG_INVALID", [
      file,
      misplaced.map((key) => `${key}: belongs in ${FILE} at the root of the repository`),
    ])
  const isDeclared = declared.some(({ name }) => name === place.name)
  const { release, ...shared } = without(read(root), ...OF_THE_ROOT)
  const inherited = {
    ...shared,
    ...(isDeclared && { name: place.name }),
    ...(release !== undefined && { release: without(fields(release), "repository") }),
  }
  const merged = merge(inherited, read(own))
  return Object.keys(merged).length === 0 ? "" : stringify(merged)
}

const PUBLISHED_TOGETHER =
  "release.repository: all services would be published to one repository; set it in each service's own file, or leave it out for the service's name"

/** The content of a valid file, with the current names of its keys. */
function read(text: string): Record<string, unknown> {
  const document = parseDocument(text.replace(/^\uFEFF/, ""), {
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "error",
  })
  applyRenamed(document.contents, new Problems(text), new Problems(text))
  return fields(document.toJS())
}

/** Maps are merged, everything else of the second takes the place of the first's. */
function merge(first: Record<string, unknown>, second: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(second).map(([key, value]): [string, unknown] => {
    const before = first[key]
    if (isFields(before) && isFields(value)) return [key, merge(before, value)]
    return [key, value ?? before]
  })
  return { ...first, ...Object.fromEntries(entries) }
}

/**
 * The settings of a source, or those of a service in it with its folder. Fails as `servicePlace` and `mergedSettings` do.
 *
 * @param read Returns the text of a file of the source, empty without it.
 */
export function settingsIn(
  read: (path: string) => string,
  service: string | undefined,
): { text: string; path: string } {
  const root = read(FILE)
  if (service === undefined) return { text: root, path: "" }
  const place = servicePlace(service, parseConfig(root || undefined))
  return { text: mergedSettings(root, read(`${place.path}/${FILE}`), place), path: place.path }
}
