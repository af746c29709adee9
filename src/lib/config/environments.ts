/** The environments that a file names, in order of promotion, and where releases enter. */
import { fail } from "../errors/catalogue.js"
import { previewNumber } from "../text/previews.js"
import type { Config } from "./config.js"
import type { LeafSpec, Spec, TextRule } from "./spec.js"

/** The environments of a service whose file names no others. As keys or values of a spec they stand for the file's. */
export const ENVIRONMENTS: readonly string[] = ["staging", "production"]

export type Environment = string

/** What enters an environment by itself: pushes to develop and hotfix/*, pre-releases, and versions. */
export const ENTRIES = ["develop", "prerelease", "version"] as const

export type Entry = (typeof ENTRIES)[number]

/** A DNS label that can begin a variable's name, and that no CI host's job has for its own. */
export const environmentRule: TextRule = {
  expected:
    "an environment's name: a DNS label that begins with a letter, and is none of checks, delivery, plan, maintenance, preview and preview-1",
  noun: "name",
  pattern: /^(?!(?:checks|delivery|plan|maintenance|preview(?:-[0-9]+)?)$)[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
}

type Named = Pick<Config["deploy"], "environments">

/** The environments in order of promotion. A file with one of the default ones, or none, knows both. */
export const environmentsOf = ({ environments }: Named): readonly string[] =>
  environments.every((name) => ENVIRONMENTS.includes(name)) ? ENVIRONMENTS : environments

/** The environment that versions are promoted to at last, whose defaults are the strictest. */
export const lastEnvironment = (deploy: Named): string => environmentsOf(deploy).at(-1) ?? ""

/** The environment that pushes and pre-releases enter by default. */
export const firstEnvironment = (deploy: Named): string => environmentsOf(deploy)[0] ?? ""

/** Returns the environment of this name, which may be a preview. Fails with UNKNOWN_ENVIRONMENT and NO_PREVIEWS. */
export function environmentOf(name: string, deploy: Named & Pick<Config["deploy"], "preview">): Environment {
  const known = environmentsOf(deploy)
  if (previewNumber(name) !== undefined) {
    if (deploy.preview.namespace === undefined) throw fail("NO_PREVIEWS", [name])
    return name
  }
  if (!known.includes(name)) throw fail("UNKNOWN_ENVIRONMENT", [name, known])
  return name
}

/**
 * The environment that each kind of release enters: the file's, else the first. Versions enter the last of two, and the
 * first of more, from where they are promoted.
 */
export function entryEnvironments(
  deploy: Pick<Config["deploy"], "environments" | "entry">,
): Record<Entry, Environment> {
  const first = firstEnvironment(deploy)
  const version = environmentsOf(deploy).length > 2 ? first : lastEnvironment(deploy)
  return { develop: first, prerelease: first, version, ...deploy.entry }
}

/** True for the keys or values of a spec that stand for the file's environments. */
export const isByEnvironment = (names: readonly unknown[]): boolean => names === ENVIRONMENTS

/** A spec in which these environments stand where the default ones do; all but the last have the first one's defaults. */
export function withEnvironments<S extends Spec>(spec: S, names: readonly string[]): S {
  return (names === ENVIRONMENTS ? spec : replaced(spec, names)) as S
}

function replaced(spec: Spec, names: readonly string[]): Spec {
  switch (spec.kind) {
    case "section": {
      const own = Object.entries(spec.fields).map(([key, field]) => [key, replaced(field, names)] as const)
      return { ...spec, fields: Object.fromEntries(own) as typeof spec.fields }
    }
    case "list":
      return {
        ...spec,
        item: replaced(spec.item, names) as LeafSpec,
        ...(spec.default === ENVIRONMENTS && { default: names }),
      }
    case "map": {
      const item = replaced(spec.item, names) as LeafSpec
      return isByEnvironment(spec.keys)
        ? { ...spec, item, keys: names, default: defaultsFor(spec.default ?? {}, names) }
        : { ...spec, item }
    }
    case "choice":
      return isByEnvironment(spec.values) ? { ...spec, values: names } : spec
    default:
      return spec
  }
}

function defaultsFor<T>(defaults: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  const [first = "", last = ""] = ENVIRONMENTS
  return Object.fromEntries(
    names.flatMap((name, index) => {
      const value = defaults[index === names.length - 1 ? last : first]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
