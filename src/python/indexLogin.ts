import { type Container, dag, type Secret } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import { netrcPasswords } from "../lib/python/indexSecrets.js"
import { namedSecrets } from "../stage/secrets.js"
import type { IndexFields } from "../stage/service.js"

/** Where git looks for it as well as Python's installers, whatever variables they are given. */
const NETRC_PATH = "/root/.netrc"

/** Credentials of package indexes, for commands that install. */
export interface IndexLogin {
  /** Runs commands with the credentials, of which the container has nothing afterwards. */
  during: (container: Container, install: (container: Container) => Container) => Container
}

/** A configuration with the credentials of its package indexes. */
export type IndexedConfig = Config & { login?: IndexLogin }

/** Adds the credentials of package indexes to a service's configuration. Fails with SECRET_TWICE and SECRET_UNREAD. */
export async function indexedConfig({
  config,
  ...fields
}: IndexFields & { config: Config }): Promise<IndexedConfig> {
  const given = fields.netrc !== undefined || fields.indexSecrets.length > 0
  return given ? { ...config, login: await indexLogin(fields) } : config
}

/**
 * Prepares the credentials of package indexes.
 *
 * They get names of their own, by which alone the engine distinguishes them: a token that is renewed every hour installs
 * nothing again.
 */
async function indexLogin({ netrc, indexSecrets }: IndexFields): Promise<IndexLogin> {
  const variables = await namedSecrets(indexSecrets)
  const text = netrc === undefined ? "" : await textOf(netrc)
  // The engine masks the whole text of a secret alone, so that each password is one, too.
  const masks = netrcPasswords(text).map((password, at) => named(`SLIPWAY_NETRC_PASSWORD_${at}`, password))
  const all = [...variables, ...masks]
  const file = netrc === undefined ? undefined : dag.setSecret("slipway-netrc", text)
  return {
    during: (container, install) => {
      const known =
        file === undefined ? container : container.withMountedSecret(NETRC_PATH, file, { mode: 0o400 })
      const done = install(
        all.reduce((each, { name, secret }) => each.withSecretVariable(name, secret), known),
      )
      const without = all.reduce((each, { name }) => each.withoutSecretVariable(name), done)
      return file === undefined ? without : without.withoutMount(NETRC_PATH)
    },
  }
}

const named = (name: string, text: string) => ({ name, secret: dag.setSecret(name, text) })

async function textOf(secret: Secret): Promise<string> {
  try {
    return await secret.plaintext()
  } catch (cause) {
    throw fail("SECRET_UNREAD", [await secret.uri()], { cause })
  }
}
