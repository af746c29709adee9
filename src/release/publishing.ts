import type { Signer, Wanted } from "../registry/cosign.js"
import type { Destination } from "../registry/destination.js"

/** Where a run publishes, and with what it signs. */
export type Publishing = Destination & Signer & Pick<Wanted, "identity" | "issuer">
