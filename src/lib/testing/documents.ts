/** Documents that tests don't read, so that an edit to one runs no test again. */
export const DOCUMENTS = ["*.md", "*.rst", "README*", "docs/**/*.md", "docs/**/*.rst"]

/** True if the settings make pytest read documents. */
export const readsDocuments = (settings: string): boolean => /doctest[-_]glob/.test(settings)

/** Pattern of `grep -E` for code that reads one of these: its name, or a way to find such files. */
export function mentionOf(documents: readonly string[]): string {
  const stems = documents.map((path) => fileName(path).replace(/\.\w+$/, ""))
  const named = [...new Set(stems)].map((stem) => stem.replace(/[^\w-]/g, "."))
  return [...named, "\\.(md|rst)\\>", "[\"'/]docs[\"'/]"].join("|")
}

/** Documents that the project's metadata includes, without which it can't be built. */
export const namedIn = (manifests: string, documents: readonly string[]): string[] =>
  documents.filter((path) => manifests.includes(fileName(path)))

const fileName = (path: string): string => path.replace(/^.*\//, "")
