/** A version by Semantic Versioning 2.0.0 (https://semver.org). Numbers stay texts, as they may have any length. */
export interface Version {
  major: string
  minor: string
  patch: string
  /** Dot-separated identifiers after `-`; empty for a release. */
  prerelease: readonly string[]
  /** Dot-separated identifiers after `+`, which don't affect precedence. */
  build: readonly string[]
}

const NUMBER = "(0|[1-9][0-9]*)"
const VERSION = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-([0-9A-Za-z.-]+))?(?:\\+([0-9A-Za-z.-]+))?$`,
)
const NUMERIC = /^[0-9]+$/
/** Maximum length, above that of any tag. */
const LONGEST = 256

/** Parses `1.2.3-rc.1+build.5`; undefined for an invalid version. */
export function parseVersion(text: string): Version | undefined {
  const match = text.length > LONGEST ? null : VERSION.exec(text)
  if (match === null) return undefined
  const [, major = "", minor = "", patch = "", ...rest] = match
  const [prerelease, build] = [identifiers(rest[0]), identifiers(rest[1])]
  if ([...prerelease, ...build].includes("")) return undefined
  if (prerelease.some((part) => NUMERIC.test(part) && part !== "0" && part.startsWith("0"))) return undefined
  return { major, minor, patch, prerelease, build }
}

const identifiers = (text: string | undefined): string[] => text?.split(".") ?? []

const TAGS = "refs/tags/"

/** Returns the version of a git tag, `refs/tags/v1.2.3`; undefined for any other reference. */
export const versionOfRef = (ref: string): Version | undefined =>
  ref.startsWith(`${TAGS}v`) ? parseVersion(ref.slice(TAGS.length + 1)) : undefined

export const versionText = ({ major, minor, patch, prerelease, build }: Version): string =>
  [
    `${major}.${minor}.${patch}`,
    ...(prerelease.length > 0 ? ["-", prerelease.join(".")] : []),
    ...(build.length > 0 ? ["+", build.join(".")] : []),
  ].join("")

/** A version as its git tag names it, for people. */
export const versionName = (version: Version): string => `v${versionText(version)}`

/** Formats a version as an image tag, with `_` for the `+` that tags can't contain, as Helm does. */
export const versionTag = (version: Version): string => versionText(version).replace("+", "_")

/** Parses a tag made by `versionTag`. */
export const versionOfTag = (tag: string): Version | undefined =>
  tag.includes("+") ? undefined : parseVersion(tag.replace("_", "+"))

/** Compares versions by precedence; negative if the first is lower. */
export function compareVersions(a: Version, b: Version): number {
  const numbers = (["major", "minor", "patch"] as const).map((part) => compareNumbers(a[part], b[part]))
  return numbers.find((order) => order !== 0) ?? comparePrereleases(a.prerelease, b.prerelease)
}

const compareNumbers = (a: string, b: string): number => a.length - b.length || compareTexts(a, b)
const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  const orders = a.slice(0, b.length).map((part, index) => compareIdentifiers(part, b[index] ?? ""))
  return orders.find((order) => order !== 0) ?? a.length - b.length
}

function compareIdentifiers(a: string, b: string): number {
  if (NUMERIC.test(a) !== NUMERIC.test(b)) return NUMERIC.test(a) ? -1 : 1
  return NUMERIC.test(a) ? compareNumbers(a, b) : compareTexts(a, b)
}
