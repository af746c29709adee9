/** A package that a resolution would have to build, where nothing may be built. */
export interface ToBuild {
  name: string
  /** The version that is required, as far as uv says it: `flask-mail==0.9.1`. */
  requirement: string
  /** True if it comes from a folder, a file or a repository, which have no wheels. */
  isDirect: boolean
}

/** The result of a resolution: it succeeds, contradicts itself, or needs a package to be built. */
export type Resolution = "resolves" | "contradicts" | ToBuild

/** Reads from the errors of uv (0.9.30) why requirements don't resolve; whatever else fails, they may resolve. */
export function readResolution(stderr: string): Resolution {
  const direct = /Building source distributions for `([^`]+)` is disabled/.exec(stderr)?.[1]
  if (direct !== undefined) return { name: direct, requirement: direct, isDirect: true }
  const name = /Wheels are required for `([^`]+)`/.exec(stderr)?.[1]
  if (name !== undefined) {
    const words = stderr.replace(/\s+/g, " ").split(" ")
    const requirement = words.find((word) => word.startsWith(`${name}==`))?.replace(/[,;:]$/, "")
    return { name, requirement: requirement ?? name, isDirect: false }
  }
  return stderr.includes("No solution found") ? "contradicts" : "resolves"
}
