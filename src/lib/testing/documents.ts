/** Which documents tests have no use for, so that an edit to one runs no test again. */

/** Where they lie. */
export const DOCUMENTS = ["*.md", "*.rst", "README*", "docs/**/*.md", "docs/**/*.rst"]

/** Where pytest is told to run what documents hold. */
export const PYTEST_SETTINGS = ["pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"]

/** Whether the settings have pytest read documents. */
export const readsDocuments = (settings: string): boolean => /doctest[-_]glob/.test(settings)

/** What code holds that reads one of these: its name, or a way to find such files (a pattern of `grep -E`). */
export function mentionOf(documents: readonly string[]): string {
  const stems = documents.map((path) => fileName(path).replace(/\.\w+$/, ""))
  const named = [...new Set(stems)].map((stem) => stem.replace(/[^\w-]/g, "."))
  return [...named, "\\.(md|rst)\\>", "[\"'/]docs[\"'/]"].join("|")
}

/** Those without which the project can't be built: its metadata is made of them. */
export const namedIn = (manifests: string, documents: readonly string[]): string[] =>
  documents.filter((path) => manifests.includes(fileName(path)))

const fileName = (path: string): string => path.replace(/^.*\//, "")
