/** What volumes hold: work that only saves time, or records that later runs rely on. */
const VOLUMES = {
  /** mypy's cache. A plug-in of mypy is the code of a package. */
  mypy: "work",
  /** Trivy's database. */
  trivy: "work",
  /** Providers of Terraform or OpenTofu. */
  plugins: "work",
  /** Caches that a Dockerfile mounts. */
  mount: "work",
  /** What was applied to environments. */
  ledger: "record",
  /** The results of load tests, to compare with. */
  load: "record",
  /** Messages that were sent. */
  sent: "record",
} as const

export type Volume = keyof typeof VOLUMES

/** Space of the records that all runs share but those of strangers' code: a local run reads what CI wrote. */
const OWN = /^(?:local|hotfix|protected)-/

/**
 * Name of a cache volume.
 *
 * @param space As from `volumeSpace`.
 * @param parts What tells volumes of one kind apart.
 */
export function volumeName(space: string, volume: Volume, ...parts: string[]): string {
  const shared = VOLUMES[volume] === "record" ? space.replace(OWN, "own-") : space
  return ["slipway", shared, volume, ...parts.map(encodeURIComponent)].join("/")
}

/** Name of a volume for trials with the embedded registry and key: one for the engine, and never for strangers' code. */
export const trialName = (what: string): string => `slipway-${what}`
