/** A package that a resolution would have to build, where nothing may be built. */
export interface ToBuild {
  name: string
  /** The versions without a wheel, as far as uv says them: `flask-mail==0.9.1`, or a range. */
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
    const words = stderr.split(/\s+/)
    // `flask-mail==0.9.1 has no usable wheels`, or a range of versions.
    const isSubject = (word: string, at: number) =>
      word.startsWith(name) && /^ha(?:s|ve) no usable wheels/.test(words.slice(at + 1, at + 5).join(" "))
    return { name, requirement: words.find(isSubject) ?? name, isDirect: false }
  }
  return stderr.includes("No solution found") ? "contradicts" : "resolves"
}
