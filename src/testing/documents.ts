import type { Directory } from "@dagger.io/dagger"
import { foundInCode } from "../stage/grep.js"
import { DOCUMENTS, mentionOf, namedIn, PYTEST_SETTINGS, readsDocuments } from "../lib/testing/documents.js"
import type { PythonEnvironment } from "../python/environment.js"
import { texts } from "../stage/texts.js"

/** Content of a document that must exist. Code that does read it shows what to do. */
const PLACEHOLDER = "Not here, since no code of this service names it: name it where it is read.\n"

/** Removes documents that no code names: their text can't change a test's result. */
export async function withoutDocuments(
  source: Directory,
  { container, problem }: PythonEnvironment,
): Promise<Directory> {
  const found = await Promise.all(DOCUMENTS.map((pattern) => source.glob(pattern)))
  const documents = [...new Set(found.flat())].filter((name) => !name.endsWith("/"))
  if (problem !== undefined || documents.length === 0) return source
  const settings = await texts(source, PYTEST_SETTINGS)
  if (readsDocuments(Object.values(settings).join("\n"))) return source
  if ((await foundInCode(container, source, mentionOf(documents), ["setup.py"])) !== false) return source
  const manifests = await texts(source, ["pyproject.toml", "setup.cfg", "setup.py"])
  return namedIn(Object.values(manifests).join("\n"), documents).reduce(
    (rest, name) => rest.withNewFile(name, PLACEHOLDER),
    source.filter({ exclude: documents }),
  )
}
