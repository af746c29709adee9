import type { Directory } from "@dagger.io/dagger"

/** The texts of the files of a folder, and of the folders in it, by their paths. */
export async function texts(folder: Directory): Promise<Record<string, string>> {
  const names = (await folder.glob("**/*")).filter((name) => !name.endsWith("/"))
  const read = async (name: string): Promise<[string, string]> => [name, await folder.file(name).contents()]
  return Object.fromEntries(await Promise.all(names.map(read)))
}
