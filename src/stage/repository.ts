import type { Directory } from "@dagger.io/dagger"
import { parseConfig } from "../lib/config/parse.js"
import { fail } from "../lib/errors/catalogue.js"
import { namedFiles } from "../lib/gates/facts.js"
import { IMAGES_LOCK } from "../lib/image/lock.js"
import { DEPENDENCY_FILES, localDependencies } from "../lib/services/dependencies.js"
import { type ServicePlace, servicePlace } from "../lib/services/places.js"
import { mergedSettings } from "../lib/services/settings.js"
import { surroundings } from "../lib/services/view.js"
import { configOf, type PlaceFields, settingsText } from "./service.js"
import { texts } from "./texts.js"

/** A service as the stages see it. */
export interface Viewed extends PlaceFields {
  source: Directory
  settings: string
}

/** The text of a file; undefined without it. */
const contents = async (source: Directory, path: string): Promise<string | undefined> =>
  (await source.exists(path)) ? await source.file(path).contents() : undefined

/** A source that is one service. */
export const wholeSource = async (source: Directory): Promise<Viewed> => ({
  source,
  settings: settingsText((await contents(source, "slipway.yaml")) ?? "", await contents(source, IMAGES_LOCK)),
  path: "",
})

/**
 * A service of a repository, with what it uses beside its folder: an edit elsewhere leaves its stages in the cache.
 *
 * @param wanted Its name in `services` of the root's settings, or its folder.
 *
 * Fails with UNKNOWN_SERVICE, NO_SERVICE_FOLDER and CONFIG_INVALID.
 */
export async function serviceIn(repository: Directory, wanted: string): Promise<Viewed> {
  const root = (await contents(repository, "slipway.yaml")) ?? ""
  const rootConfig = parseConfig(root || undefined)
  const place = servicePlace(wanted, rootConfig)
  if (!(await repository.exists(place.path))) throw fail("NO_SERVICE_FOLDER", [place.path])
  const folder = repository.directory(place.path)
  const settings = mergedSettings(root, (await contents(folder, "slipway.yaml")) ?? "", place)
  const lock = (await contents(folder, IMAGES_LOCK)) ?? (await contents(repository, IMAGES_LOCK))
  const config = configOf(settings)
  const files = await texts(repository, DEPENDENCY_FILES)
  const uses = [...rootConfig.shared, ...config.shared, ...localDependencies(place.path, files)]
  return {
    source: await withNamedFiles(folder, repository, namedFiles(config)),
    settings: settingsText(settings, lock),
    path: place.path,
    around: around(repository, place, uses),
  }
}

/** Patterns of tracked files as they are from a service's folder. */
export const trackedIn = (path: string, patterns: readonly string[]): string[] =>
  patterns.flatMap((pattern) => {
    if (path === "" || pattern.startsWith("**")) return [pattern]
    return pattern.startsWith(`${path}/`) ? [pattern.slice(path.length + 1)] : []
  })

/** The rest of a repository that a service sees, without its own folder. */
const around = (repository: Directory, place: ServicePlace, uses: readonly string[]): Directory =>
  repository
    .filter({ include: surroundings({ ...place, uses }), exclude: [`${place.path}/**`] })
    .withoutDirectory(place.path)

/** Adds files that the settings name and that only the root has, such as the key that releases are signed with. */
async function withNamedFiles(
  folder: Directory,
  repository: Directory,
  names: readonly string[],
): Promise<Directory> {
  let source = folder
  for (const name of names)
    if (!(await folder.exists(name)) && (await repository.exists(name)))
      source = source.withFile(name, repository.file(name))
  return source
}
