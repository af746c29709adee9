/** Reasons for an image that can't be pulled. */
import { problemLine } from "./findings.js"

export const PULL_REASONS: readonly string[] = [
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "RegistryUnavailable",
]

type Reading = readonly [pattern: RegExp, meaning: string]

/** Patterns in order of precedence: a registry that hides its content reports both not found and not allowed. */
const READINGS: readonly Reading[] = [
  [/no match for platform/i, "it isn't built for the node's platform"],
  [/toomanyrequests|429/i, "its registry takes no more requests for now"],
  [/no space left on device/i, "the node's disk is full"],
  [
    /\b40[13]\b|unauthorized|forbidden|denied|authorization failed|insufficient_scope|no basic auth/i,
    "its registry doesn't let the cluster pull it (see imagePullSecrets)",
  ],
  [/not found|manifest unknown|name unknown|\b404\b/i, "its registry has no such image"],
  [/x509|certificate/i, "its registry's certificate isn't trusted"],
  [/server gave HTTP response to HTTPS client/i, "its registry speaks plain HTTP"],
  [
    /no such host|connection refused|timeout|timed out|deadline exceeded|no route|unreachable|EOF|connection reset|\b50[0-4]\b|lookup /i,
    "its registry can't be reached",
  ],
]

/** Explains the failed pull, with the message of the registry or node. */
export function pullProblem(image: string, reason: string, said: string): string {
  if (reason === "InvalidImageName") return `the image ${JSON.stringify(image)} has no valid name`
  if (reason === "ErrImageNeverPull")
    return `the image ${JSON.stringify(image)} isn't on the node, and imagePullPolicy is Never`
  const words = ownWords(said)
  const meaning = READINGS.find(([pattern]) => pattern.test(words))?.[1]
  const rest = words === "" ? "" : meaning === undefined ? `: ${words}` : `: ${meaning}: ${words}`
  return `the image ${JSON.stringify(image)} can't be pulled${rest}`
}

/** Removes the wrapping of kubelet and containerd from the registry's message. */
function ownWords(said: string): string {
  const words = said
    .replace(/^Back-off pulling image "[^"]*"(?:: )?/, "")
    .replace(/^Failed to pull image "[^"]*": /, "")
    .replace(/^Err\w+: /, "")
    .replace(/rpc error: code = \w+ desc = /g, "")
    .replace(
      /failed to (?:pull and unpack image|resolve reference|resolve image|copy|do request|fetch anonymous token|authorize|unpack image)(?: "[^"]*")?: /g,
      "",
    )
  return problemLine(words, 240)
}
