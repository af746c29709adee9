import type { Config } from "../config/config.js"
import { fail } from "../errors/catalogue.js"
import { folderRule, pathRules } from "../config/rules.js"

/** A service of a repository. */
export interface ServicePlace {
  /** Its name in `services`; for an undeclared one the name of its folder. */
  name: string
  /** Its folder in the source, such as `services/api`; empty for the source itself. */
  path: string
}

/** A source without services of its own: it is the service. */
export const WHOLE: ServicePlace = { name: "", path: "" }

/** The declared services, in the order of the file. */
export const declaredServices = ({ services }: Pick<Config, "services">): ServicePlace[] =>
  Object.entries(services).map(([name, path]) => ({ name, path }))

/** Finds a service by its name in the root's settings, or by its folder. Fails with UNKNOWN_SERVICE. */
export function servicePlace(wanted: string, root: Pick<Config, "services">): ServicePlace {
  const declared = declaredServices(root)
  const path = wanted.replace(/^(?:\.\/)+/, "").replace(/(?<!\/)\/+$/, "")
  const known = declared.find(({ name }) => name === wanted) ?? declared.find((place) => place.path === path)
  if (known !== undefined) return known
  const isFolder = [...pathRules, folderRule].every(({ pattern }) => pattern.test(path))
  if (!isFolder || !(path.includes("/") || path !== wanted || declared.length === 0))
    throw fail("UNKNOWN_SERVICE", [wanted, declared.map(({ name }) => name)])
  return { name: path.slice(path.lastIndexOf("/") + 1), path }
}
