import { type CacheVolume, dag } from "@dagger.io/dagger"
import { trialName, type Volume, volumeName } from "../lib/volumes/names.js"

/** A cache volume of a run's space; no other function of the module makes one. */
export const cacheVolume = (space: string, volume: Volume, ...parts: string[]): CacheVolume =>
  dag.cacheVolume(volumeName(space, volume, ...parts))

/** The volume of a Dockerfile's cache mount, by the engine's own name for it. */
export const mountVolume = (id: string): CacheVolume => dag.cacheVolume(`/${id}`)

/** A volume for trials, which belongs to the engine. Only the tools of Slipway's own ever see it. */
export const trialVolume = (what: string): CacheVolume => dag.cacheVolume(trialName(what))
