import { binariesAreBuilt } from "../kit/engine/binaries.js"
import { chooseEngine } from "../kit/engine/choice.js"
import { OFFLINE_IMAGES } from "../kit/images/offlineImages.js"
import { builtDigest } from "../kit/images/records.js"
import { HOME } from "../lib/home.js"
import { say } from "../lib/progress.js"

/** What is built before the demo's stages can use it, and the minutes for it on two cores that do nothing else. */
interface Part {
  name: string
  minutes: number
}

/** The engine with its SDK and the first root file system. */
const ENGINE: Part = { name: "engine", minutes: 6 }

/** The images of the demo by their repositories, in the order in which it needs them. The first are for the checks. */
const CHECKS: Readonly<Record<string, Part>> = {
  "library/python": { name: "Python", minutes: 1 },
  "library/postgres": { name: "PostgreSQL", minutes: 0.5 },
  "library/redis": { name: "Redis", minutes: 0.5 },
}
const RELEASES: Readonly<Record<string, Part>> = {
  "rancher/k3s": { name: "Kubernetes", minutes: 7 },
  "aquasec/trivy": { name: "Trivy", minutes: 6 },
  "opentofu/opentofu": { name: "OpenTofu", minutes: 3 },
  "sigstore/cosign/cosign": { name: "cosign", minutes: 2 },
  "grafana/k6": { name: "the load test's program", minutes: 0.5 },
  "zaproxy/zap-stable": { name: "the scan's program", minutes: 1 },
}

/** Says what has to be built on this machine before the demo can run, if anything, and about how long that takes. */
export async function sayWhatIsBuilt(): Promise<void> {
  const { kind, why } = await chooseEngine()
  if (kind !== "kit") return
  const missing = (images: Readonly<Record<string, Part>>): Part[] =>
    Object.entries(images).flatMap(([name, part]) => {
      const [image] = OFFLINE_IMAGES.filter((offline) => offline.name === name)
      return image === undefined || builtDigest(image) !== undefined ? [] : [part]
    })
  const engine = binariesAreBuilt() ? [] : [ENGINE]
  const lines = firstTimeLines([...engine, ...missing(CHECKS)], missing(RELEASES))
  if (lines.length > 0) say([`${why}: Slipway builds what is missing, once, in ${HOME}`, ...lines].join("\n"))
}

/** A line for what the checks wait for, and one for what releases and deployments do; none for nothing. */
export const firstTimeLines = (checks: readonly Part[], releases: readonly Part[]): string[] => [
  ...lineOf("for the checks", checks),
  ...lineOf("for release and deployment, after the checks", releases),
]

function lineOf(purpose: string, parts: readonly Part[]): string[] {
  const sum = Math.ceil(parts.reduce((minutes, part) => minutes + part.minutes, 0))
  const names = parts.map(({ name, minutes }) => (minutes < 1 ? name : `${name} ${minutes} min`))
  return parts.length === 0 ? [] : [`  ${purpose}: ${names.join(", ")}; about ${sum} min on two idle cores`]
}
