import { type CiHostJob, ciHostJobs } from "./ciJobs.js"
import { type ComposeService, composeServices } from "./compose.js"
import type { InitSource } from "./source.js"

/** A repository with what its files of Compose and of CI hosts say, read once. */
export interface DescribedRepository {
  source: InitSource
  compose: readonly ComposeService[]
  jobs: readonly CiHostJob[]
}

export const describedRepository = (source: InitSource): DescribedRepository => ({
  source,
  compose: composeServices(source),
  jobs: ciHostJobs(source),
})
