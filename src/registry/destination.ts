import type { Directory, File, Secret, Service } from "@dagger.io/dagger"
import { embeddedRegistry } from "./embedded.js"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import { serviceName } from "../lib/python/name.js"
import { MANIFESTS } from "../lib/python/project.js"
import { isSameHost, parseReference } from "../lib/release/reference.js"
import type { RegistryAccess } from "./access.js"
import { texts } from "../stage/texts.js"

/** The registry and repository that an image is published to. */
export interface Destination {
  /** True for the embedded registry and key, which replace everything else. */
  embedded: boolean
  /** Taken from the settings if left out. */
  registry?: string
  repository?: string
  username: string
  password?: Secret
  /** The registry that gets user and password, where it isn't that of the settings. */
  loginHost?: string
  service?: Service
  authority?: File
  plainHttp: boolean
}

/** The fields in which the module's objects hold the registry of `withRegistry`. */
export interface RegistryFields {
  username: string
  password?: Secret
  /** A registry that runs as a container, bound to the host's name. */
  registryService?: Service
  authority?: File
  plainHttp: boolean
  /** True for the embedded registry. */
  embedded: boolean
  /** The registry that gets user and password; empty for that of the settings. */
  loginHost: string
}

/** Returns the destination in an object's fields, with the registry left to the settings. */
export const destinationOfFields = ({ registryService, ...fields }: RegistryFields): Destination => {
  const { username, password, authority, plainHttp, embedded, loginHost } = fields
  return { username, password, authority, plainHttp, embedded, loginHost, service: registryService }
}

/** Returns a registry and its repository. Fails with NO_NAME, NO_REGISTRY or INVALID_REFERENCE. */
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

/**
 * Returns the access to the host of a reference, which anybody may have chosen.
 *
 * User and password are only for the registry that the settings or the caller name; another host gets none.
 */
export function accessTo(host: string, destination: Destination, config: Config): RegistryAccess {
  if (destination.embedded) return embeddedRegistry(config)
  const { username, password, service, authority, plainHttp } = destination
  const named = destination.loginHost || (destination.registry ?? config.release.registry)
  const login = isSameHost(host, named) ? { username, password } : { username: "" }
  return { host, service, authority, plainHttp, ...login }
}

function accessOf(destination: Destination, config: Config): RegistryAccess {
  if (destination.embedded) return embeddedRegistry(config)
  const host = destination.registry ?? config.release.registry
  if (host === undefined) throw fail("NO_REGISTRY", [])
  return accessTo(host, destination, config)
}
