/** A version's commit in a repository of manifests. */
export interface Committed {
  /** The commit that has the version, in short. */
  commit: string
  /** The changed files; empty if the repository had the version already. */
  files: string[]
}

/** How a version is committed for a controller that rolls it out. */
export interface CommitPlan {
  /** Where, for people. */
  place: string
  /** Why no migration runs; empty for none to run. */
  unmigrated: string
  /** Finds where the repository names the image, and returns a summary. Changes nothing. */
  find: () => Promise<string>
  /** Commits the version's digest, and pushes. */
  write: () => Promise<Committed>
}
