import type { Signer, Wanted } from "../registry/cosign.js"
import type { Destination } from "../registry/destination.js"

/** The destination of a run's image, and its signer. */
export type Publishing = Destination & Signer & Pick<Wanted, "identity" | "issuer" | "origin" | "policy">
