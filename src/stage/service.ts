import type { Directory } from "@dagger.io/dagger"

/** What a group of stages is made with. */
export interface Service {
  source: Directory
  /** The text of `slipway.yaml`, empty without one. */
  settings: string
  invocation: string
  now: string
}
