import type { Directory } from "@dagger.io/dagger"

/** The texts of those files of a source that match a pattern, by their paths. A link counts as what it points to. */
export async function texts(source: Directory, include: readonly string[]): Promise<Record<string, string>> {
  const names = (await source.filter({ include: [...include] }).glob("**/*")).filter(
    (name) => !name.endsWith("/"),
  )
  const read = async (name: string): Promise<[string, string]> => [name, await source.file(name).contents()]
  return Object.fromEntries(await Promise.all(names.map(read)))
}
