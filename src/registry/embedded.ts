import { dag, type File, type Service } from "@dagger.io/dagger"
import type { Signer, Trusted } from "./cosign.js"
import { imageReference, REGISTRY_VERSION } from "../stage/images.js"
import { privateText } from "../stage/privateFiles.js"
import { trialVolume } from "../stage/volumes.js"
import type { Config } from "../lib/config/config.js"
import { cosignContainer, type RegistryAccess } from "./access.js"

const PORT = 5000

/** The argument that selects the embedded registry. */
export const EMBEDDED = "--embedded"

/** The host of the embedded registry in references. */
export const EMBEDDED_HOST = `registry.slipway.internal:${PORT}`

/** The embedded registry, which lasts as long as the engine's cache. */
export const embeddedRegistry = (config: Config): RegistryAccess => ({
  host: EMBEDDED_HOST,
  username: "",
  plainHttp: true,
  service: registryService(config),
})

function registryService(config: Config): Service {
  return dag
    .container()
    .from(imageReference("registry", REGISTRY_VERSION, config.images))
    .withMountedCache("/var/lib/registry", trialVolume(`registry-${REGISTRY_VERSION}`))
    .withEnvVariable("REGISTRY_LOG_LEVEL", "warn")
    .withExposedPort(PORT)
    .asService({ useEntrypoint: true })
}

const KEYS = "/slipway/keys"

/** The embedded key, for trials: it is in the engine's cache without a passphrase. */
export const embeddedSigner = async (config: Config): Promise<Signer> => ({
  key: dag.setSecret("slipway embedded key", await privateText(keyFile("cosign.key", config))),
})

/** Trust in the embedded key, without a transparency log. */
export const embeddedTrust = async (config: Config): Promise<Trusted> => ({
  trust: { by: "key" },
  sigstore: "none",
  publicKey: await keyFile("cosign.pub", config).contents(),
})

const keyFile = (name: string, config: Config): File =>
  cosignContainer(config)
    .withMountedCache(KEYS, trialVolume("embedded-key"))
    .withWorkdir(KEYS)
    .withEnvVariable("COSIGN_PASSWORD", "")
    .withExec(["sh", "-c", "[ -e cosign.key ] || cosign generate-key-pair; cp cosign.key cosign.pub /tmp"])
    .file(`/tmp/${name}`)
