/** The registries in whose place the mirror is asked first. */
export const MIRRORED_REGISTRIES = ["docker.io", "ghcr.io", "registry.k8s.io"]

/** Where the mirror listens, within the engine's network. */
export const MIRROR_ADDRESS = "127.0.0.1:5000"

/** Where it listens for containers: a private address, to which Go's registry clients speak plain HTTP. */
export const CONTAINERS_MIRROR = "192.168.255.254:5000"

/** Where the registry behind it listens. */
export const REGISTRY_ADDRESS = "127.0.0.1:5001"
