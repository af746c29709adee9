import { type Container, dag, type File, type Secret, type Service } from "@dagger.io/dagger"
import { COSIGN_VERSION, imageReference } from "../stage/images.js"
import { regctlContainer } from "./regctl.js"
import type { Config } from "../lib/config/config.js"

/** How a registry is reached, and as whom. */
export interface RegistryAccess {
  /** Host, with its port if need be. */
  host: string
  username: string
  password?: Secret
  /** Stands in the host's place: a registry that is itself a container. */
  service?: Service
  /** The certificate authority that vouches for the host, beside the public ones. */
  authority?: File
  /** Whether it speaks plain HTTP. */
  plainHttp: boolean
}

const DOCKER_CONFIG = "/slipway/docker"
const HUB = ["docker.io", "index.docker.io", "registry-1.docker.io"]
const SETTINGS = "/slipway/regctl.json"
const AUTHORITY = "/slipway/authority.pem"

/** A container with regctl and cosign. */
export const cosignContainer = (config: Config): Container =>
  regctlContainer(config).withFile(
    "/usr/local/bin/cosign",
    dag
      .container()
      .from(imageReference("cosign", COSIGN_VERSION, config.images))
      .file("/ko-app/cosign"),
  )

/** The same, so that it can reach a registry. */
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

/** cosign would trust this authority alone: it gets the public ones in the same file. */
const withAuthority = (tools: Container, certificate: string): Container =>
  tools
    .withNewFile(AUTHORITY, certificate)
    .withExec(["sh", "-c", `cat /etc/ssl/certs/ca-certificates.crt >> ${AUTHORITY} || true`])

/** What cosign has to be told of the registry. */
export const cosignFlags = ({ authority, plainHttp }: RegistryAccess): string[] => [
  ...(authority === undefined ? [] : [`--registry-cacert=${AUTHORITY}`]),
  ...(plainHttp ? ["--allow-http-registry"] : []),
]

/** Both tools read the file in which Docker keeps what it logged in with. */
async function withCredentials(container: Container, { host, username, password }: RegistryAccess) {
  if (password === undefined) return container
  const auth = Buffer.from(`${username}:${await password.plaintext()}`).toString("base64")
  // Docker Hub's credentials stand under this name, which cosign asks for.
  const names = HUB.includes(host) ? [host, "https://index.docker.io/v1/"] : [host]
  const text = JSON.stringify({ auths: Object.fromEntries(names.map((name) => [name, { auth }])) })
  return container
    .withEnvVariable("DOCKER_CONFIG", DOCKER_CONFIG)
    .withMountedSecret(`${DOCKER_CONFIG}/config.json`, dag.setSecret(`slipway login ${host}`, text))
}

const hostName = (host: string): string => host.replace(/:\d+$/, "")
