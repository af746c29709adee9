import type { Directory } from "@dagger.io/dagger"
import { foundInCode } from "../stage/grep.js"
import { DOCUMENTS, mentionOf, namedIn, readsDocuments } from "../lib/testing/documents.js"
import { PYTEST_SETTINGS } from "../lib/testing/settings.js"
import type { PythonEnvironment } from "./environment.js"
import { texts } from "../stage/texts.js"

/** Content of a document that must exist. Code that does read it shows what to do. */
const PLACEHOLDER = "Not here, since no code of this service names it: name it where it is read.\n"

/** Removes documents that no code names: their text can't change the result of running it. */
export async function withoutDocuments(
  source: Directory,
  environment: PythonEnvironment,
): Promise<Directory> {
  const found = await Promise.all(DOCUMENTS.map((pattern) => source.glob(pattern)))
  const documents = [...new Set(found.flat())].filter((name) => !name.endsWith("/"))
  if (documents.length === 0) return source
  const settings = await texts(source, PYTEST_SETTINGS)
  if (readsDocuments(Object.values(settings).join("\n"))) return source
  // Whatever ends the search, such as an image that can't be had, is for the stages to report.
  const named = await environment
    .base()
    .then((container) => foundInCode(container, source, mentionOf(documents), ["setup.py"]))
    .catch(() => undefined)
  if (named !== false) return source
  const manifests = await texts(source, ["pyproject.toml", "setup.cfg", "setup.py"])
  return namedIn(Object.values(manifests).join("\n"), documents).reduce(
    (rest, name) => rest.withNewFile(name, PLACEHOLDER),
    source.filter({ exclude: documents }),
  )
}
