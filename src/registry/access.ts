import { type Container, dag, type File, type Secret, type Service } from "@dagger.io/dagger"
import { COSIGN_VERSION, imageReference } from "../stage/images.js"
import { regctlContainer } from "./regctl.js"
import type { Config } from "../lib/config/config.js"
import { DOCKER_HUB } from "../lib/release/reference.js"

/** The address of a registry and the credentials for it. */
export interface RegistryAccess {
  /** Host, with its port unless it is the default. */
  host: string
  username: string
  password?: Secret
  /** A registry that runs as a container, bound to the host's name. */
  service?: Service
  /** The host's certificate authority, in addition to the public ones. */
  authority?: File
  /** True if it speaks plain HTTP. */
  plainHttp: boolean
}

const DOCKER_CONFIG = "/slipway/docker"
const SETTINGS = "/slipway/regctl.json"
const AUTHORITY = "/slipway/authority.pem"

/** Creates a container with regctl and cosign. */
export const cosignContainer = (config: Config): Container =>
  regctlContainer(config).withFile(
    "/usr/local/bin/cosign",
    dag
      .container()
      .from(imageReference("cosign", COSIGN_VERSION, config.images))
      .file("/ko-app/cosign"),
  )

/** Creates a container with regctl and cosign that can reach a registry. */
export async function registryTools(access: RegistryAccess, config: Config): Promise<Container> {
  const { host, service, authority, plainHttp } = access
  const certificate = await authority?.contents()
  const settings = { tls: plainHttp ? "disabled" : "enabled", regcert: certificate }
  const tools = (await withCredentials(cosignContainer(config), access))
    .withNewFile(SETTINGS, JSON.stringify({ version: 1, hosts: { [host]: settings } }))
    .withEnvVariable("REGCTL_CONFIG", SETTINGS)
  const trusting = certificate === undefined ? tools : withAuthority(tools, certificate)
  return service === undefined ? trusting : trusting.withServiceBinding(hostName(host), service)
}

/** Adds an authority to the public ones in one file, as cosign would trust the authority alone. */
const withAuthority = (tools: Container, certificate: string): Container =>
  tools
    .withNewFile(AUTHORITY, certificate)
    .withExec(["sh", "-c", `cat /etc/ssl/certs/ca-certificates.crt >> ${AUTHORITY} || true`])

/** Returns cosign's flags for the registry. */
export const cosignFlags = ({ authority, plainHttp }: RegistryAccess): string[] => [
  ...(authority === undefined ? [] : [`--registry-cacert=${AUTHORITY}`]),
  ...(plainHttp ? ["--allow-http-registry"] : []),
]

/** Adds credentials in Docker's config file, which both tools read. */
async function withCredentials(container: Container, { host, username, password }: RegistryAccess) {
  if (password === undefined) return container
  const auth = Buffer.from(`${username}:${await password.plaintext()}`).toString("base64")
  // cosign looks up Docker Hub's credentials by this name.
  const names = DOCKER_HUB.includes(host) ? [host, "https://index.docker.io/v1/"] : [host]
  const text = JSON.stringify({ auths: Object.fromEntries(names.map((name) => [name, { auth }])) })
  return container
    .withEnvVariable("DOCKER_CONFIG", DOCKER_CONFIG)
    .withMountedSecret(`${DOCKER_CONFIG}/config.json`, dag.setSecret(`slipway login ${host}`, text))
}

const hostName = (host: string): string => host.replace(/:\d+$/, "")
