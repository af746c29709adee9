import type { Directory, File, Secret, Service } from "@dagger.io/dagger"
import { embeddedRegistry } from "./embedded.js"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import { serviceName } from "../lib/python/name.js"
import { MANIFESTS } from "../lib/python/project.js"
import { parseReference } from "../lib/release/reference.js"
import type { RegistryAccess } from "./access.js"
import { texts } from "../stage/texts.js"

/** Where an image is published. */
export interface Destination {
  /** A registry and a key of Slipway's own, in place of all else. */
  embedded: boolean
  /** Left out, the settings name it. */
  registry?: string
  repository?: string
  username: string
  password?: Secret
  service?: Service
  authority?: File
  plainHttp: boolean
}

/** The fields by which objects of the module hold what `withRegistry` says. */
export interface RegistryFields {
  username: string
  password?: Secret
  /** A registry that is a container itself, in the host's place. */
  registryService?: Service
  authority?: File
  plainHttp: boolean
  /** The registry of Slipway's own. */
  embedded: boolean
}

/** The destination that an object's fields name, in the registry of the settings. */
export const destinationOfFields = ({ registryService, ...fields }: RegistryFields): Destination => {
  const { username, password, authority, plainHttp, embedded } = fields
  return { username, password, authority, plainHttp, embedded, service: registryService }
}

/** The registry and the repository in it. Fails with NO_NAME, NO_REGISTRY or INVALID_REFERENCE. */
export async function destinationOf(
  destination: Destination,
  source: Directory,
  config: Config,
): Promise<{ access: RegistryAccess; repository: string }> {
  const own = destination.repository ?? config.release.repository
  const name = own ?? serviceName(await texts(source, MANIFESTS), config.name)
  if (name === undefined) throw fail("NO_NAME", [])
  const access = accessOf(destination, config)
  const repository = `${access.host}/${name}`
  parseReference(repository)
  return { access, repository }
}

function accessOf(destination: Destination, config: Config): RegistryAccess {
  if (destination.embedded) return embeddedRegistry(config)
  const host = destination.registry ?? config.release.registry
  if (host === undefined) throw fail("NO_REGISTRY", [])
  return { ...destination, host }
}
