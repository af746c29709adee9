import { createHash } from "node:crypto"
import type { Finding } from "./finding.js"

/** Fingerprint of a finding without its line, which moves; equal ones in a file have to be counted. */
export function fingerprint({ tool, rule, file, message }: Finding): string {
  const lasting = message.replace(/\bline \d+/g, "line")
  return createHash("sha256")
    .update(JSON.stringify([tool, rule, file ?? "", lasting]))
    .digest("hex")
    .slice(0, 32)
}
