/** The registries that the mirror serves. */
export const MIRRORED_REGISTRIES = ["docker.io", "ghcr.io", "registry.k8s.io"]

/** Address of the mirror within the engine's network. */
export const MIRROR_ADDRESS = "127.0.0.1:5000"

/** Address of the mirror for containers: a private one, for which Go's registry clients use plain HTTP. */
export const CONTAINERS_MIRROR = "192.168.255.254:5000"

/** Address of the registry behind the mirror. */
export const REGISTRY_ADDRESS = "127.0.0.1:5001"
