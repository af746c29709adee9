import { dag, type Directory, type Secret, type Socket } from "@dagger.io/dagger"
import { GIT } from "../lib/image/history.js"
import { type NamedSecret, namedSecrets } from "../stage/secrets.js"

/** What is handed to a Dockerfile's build beside the sources. */
export interface BuildAccess {
  /** Secrets that its commands may mount. */
  secrets: readonly Secret[]
  /** Names by which they mount them, as `id=name`, where they differ from those of the secrets. */
  secretIds: readonly string[]
  /** The SSH agent that its commands may use. */
  ssh: Socket | undefined
  /** The `.git` folder of the sources. */
  git: Directory | undefined
}

/** A build that is handed nothing. */
export const NO_ACCESS: BuildAccess = { secrets: [], secretIds: [], ssh: undefined, git: undefined }

/** Files of a `.git` folder that commands read, without settings, hooks and logs: those may hold credentials. */
const HISTORY = ["HEAD", "index", "objects/**", "packed-refs", "refs/**", "shallow"]

/** Settings of a repository, the same for every clone. */
const SETTINGS = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"

/** Adds the history to a source, with settings of our own in the place of the repository's. */
export const withHistory = (source: Directory, { git }: BuildAccess): Directory =>
  git === undefined
    ? source
    : source.withDirectory(GIT, git.filter({ include: HISTORY }).withNewFile("config", SETTINGS))

/** Secrets by the names that the Dockerfile's commands use. Fails with SECRET_UNREAD or SECRET_TWICE. */
export async function mountableSecrets({ secrets, secretIds }: BuildAccess): Promise<NamedSecret[]> {
  const idOf = new Map(secretIds.map((each) => splitAt(each, "=")).map(([id, name]) => [name, id]))
  const named = (await namedSecrets(secrets)).map(async ({ name, secret }): Promise<NamedSecret> => {
    const id = idOf.get(name)
    // The engine takes the id from the secret itself.
    return id === undefined
      ? { name, secret }
      : { name: id, secret: dag.setSecret(id, await secret.plaintext()) }
  })
  return Promise.all(named)
}

const splitAt = (text: string, mark: string): [before: string, after: string] => {
  const at = text.indexOf(mark)
  return [text.slice(0, at), text.slice(at + 1)]
}
