import type { Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { serviceName } from "../lib/python/name.js"
import { MANIFESTS } from "../lib/python/project.js"

/** Returns the texts of a source's files that match a pattern, by path. Links are followed. */
export async function texts(source: Directory, include: readonly string[]): Promise<Record<string, string>> {
  const names = (await source.filter({ include: [...include] }).glob("**/*")).filter(
    (name) => !name.endsWith("/"),
  )
  const read = async (name: string): Promise<[string, string]> => [name, await source.file(name).contents()]
  return Object.fromEntries(await Promise.all(names.map(read)))
}

/** Returns a service's name for messages and metrics. */
export const nameOf = async (source: Directory, { name }: Config): Promise<string> =>
  serviceName(await texts(source, MANIFESTS), name) ?? "service"
