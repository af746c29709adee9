import type { UNFIXED_POLICIES } from "../config/supplyChain.js"
import type { Finding, Severity, ToolRun } from "../run/finding.js"
import { normaliseName } from "../python/pins.js"
import { clip } from "../text/escape.js"
import { fields, objects, text } from "../text/json.js"
import { count } from "../text/words.js"
import {
  graded,
  isAccepted,
  severityOutcome,
  noScan,
  type GradedScan,
  severityOf,
  withoutGate,
  worstFirst,
} from "./severity.js"
import { byPlace, type TrivyFields, order, remarks, results, targetFile } from "./trivy.js"
import { trivyFinding, type TrivyOptions, withoutReport } from "./trivy.js"

const NOUN = { one: "vulnerability", many: "vulnerabilities" }
const TITLE_LENGTH = 300

/** Types of installed packages, as opposed to those listed in a file. */
const INSTALLED = ["python-pkg", "conda-pkg", "node-pkg", "gemspec", "jar"]

/** Run of Trivy on one platform's image. */
export interface PlatformRun {
  platform: string
  run: ToolRun
}

/** Finding with its package. */
interface PackageFinding {
  finding: Finding
  /** Same for every place of a package's vulnerability. */
  key: string
  name: string
}

interface VulnerabilityOptions extends TrivyOptions {
  /** True if the service is known to depend on no package. */
  needsNone?: boolean
  /** The reason why the service's packages can't be installed, if that is so. */
  notInstalled?: string
  /** Place of installed packages, for the summary. */
  place?: string
  /**
   * What passes of those without a fix.
   *
   * @default "fail"
   */
  unfixed?: (typeof UNFIXED_POLICIES)[number]
}

/**
 * Reads the vulnerabilities of packages from runs of `trivy fs` and `trivy rootfs`.
 *
 * One found both in a file of the source and in the installed packages is reported once, for the file.
 */
export function vulnerabilities(runs: readonly ToolRun[], options: VulnerabilityOptions): GradedScan {
  const all: TrivyFields[] = []
  for (const run of runs) {
    const found = results(run)
    if (found === undefined) return withoutReport(run)
    for (const result of found) all.push(result)
  }
  const scanned = scannedAt(all, options.place ?? "the environment")
  if (scanned === undefined) {
    if (options.needsNone)
      return noScan({ status: "passed", reason: "the service needs no package", findings: [] })
    const { notInstalled } = options
    const why = notInstalled === undefined ? "" : `: its packages can't be installed: ${notInstalled}`
    return noScan({ status: "error", reason: `trivy found no dependency to scan${why}`, findings: [] })
  }
  return scanOf(distinct(all, options), scanned, options)
}

/**
 * Reads the vulnerabilities of an image from a run for each of its platforms.
 *
 * Each run must have found packages. A finding that isn't the same on all platforms names its own.
 */
export function imageVulnerabilities(
  images: readonly PlatformRun[],
  options: VulnerabilityOptions,
): GradedScan {
  const all: TrivyFields[] = []
  const known = new Map<string, { hole: PackageFinding; platforms: Set<string> }>()
  for (const { platform, run } of images) {
    const found = results(run)
    if (found === undefined) return withoutReport(run)
    if (scannedAt(found, "") === undefined) {
      const reason = `trivy found no package in the image for ${platform}`
      return noScan({ status: "error", reason, findings: [] })
    }
    for (const result of found) all.push(result)
    for (const hole of distinct(found, options)) {
      const key = JSON.stringify(hole.finding)
      known.set(key, { hole, platforms: (known.get(key)?.platforms ?? new Set()).add(platform) })
    }
  }
  const every = new Set(images.map(({ platform }) => platform)).size
  const holes = [...known.values()].map(({ hole, platforms }) =>
    platforms.size === every ? hole : on(platforms, hole),
  )
  return scanOf(holes, scannedAt(all, options.place ?? "the image") ?? "", options)
}

const on = (platforms: ReadonlySet<string>, { finding, ...rest }: PackageFinding): PackageFinding => ({
  ...rest,
  finding: { ...finding, message: `${[...platforms].join(", ")}: ${finding.message}` },
})

/** Merges findings of files and of installed packages: those in both are reported for the file. */
function distinct(all: readonly TrivyFields[], options: VulnerabilityOptions): PackageFinding[] {
  const listed = all.filter((result) => !installed(result)).flatMap((result) => holes(result, options))
  const known = new Set(listed.map(({ key }) => key))
  const others = all
    .filter(installed)
    .flatMap((result) => holes(result, options))
    .filter(({ key }) => !known.has(key) && known.add(key))
  return [...listed, ...others]
}

/** Builds the scan from its findings. `scanned` describes what was scanned. */
function scanOf(
  holes: readonly PackageFinding[],
  scanned: string,
  options: VulnerabilityOptions,
): GradedScan {
  const findings = [...holes].sort(inOrder).map(({ finding }) => finding)
  const spared = findings.some(isAccepted)
  const clean = `${scanned} ${withoutGate(options.gate, NOUN)}${spared ? " that has a fix" : ""}`
  return { findings, outcome: (kept) => severityOutcome(findings, kept, { noun: NOUN, clean }) }
}

const inOrder = (a: PackageFinding, b: PackageFinding): number =>
  worstFirst(a.finding.severity, b.finding.severity) ||
  order(a.finding.file, b.finding.file) ||
  order(a.name, b.name) ||
  byPlace(a.finding, b.finding)

const installed = ({ Class, Type }: TrivyFields): boolean =>
  Class === "os-pkgs" || INSTALLED.includes(text(Type))

/** Returns `41 packages in 2 manifests`, or undefined without any. */
function scannedAt(all: readonly TrivyFields[], place: string): string | undefined {
  const withPackages = all.filter(
    ({ Packages, Vulnerabilities }) => objects(Packages ?? Vulnerabilities).length > 0,
  )
  if (withPackages.length === 0) return undefined
  const packages = new Set(
    withPackages.flatMap(({ Packages }) =>
      objects(Packages).map(({ Name, Version }) => `${normaliseName(text(Name))} ${text(Version)}`),
    ),
  )
  const manifests = withPackages.filter((result) => !installed(result)).length
  const places = [
    ...(manifests === 0 ? [] : [count(manifests, "manifest")]),
    ...(manifests === withPackages.length ? [] : [place]),
  ]
  return `${count(packages.size, "package")} in ${places.join(" and ")}`
}

/** Reads a result's vulnerabilities. */
function holes(result: TrivyFields, options: VulnerabilityOptions): PackageFinding[] {
  const file = installed(result) ? undefined : targetFile(result, options)
  const lineOf = lines(objects(result.Packages))
  return objects(result.Vulnerabilities).map((vulnerability) => {
    const name = text(vulnerability.PkgName)
    const version = text(vulnerability.InstalledVersion)
    const rule = text(vulnerability.VulnerabilityID)
    const line = lineOf(vulnerability)
    const severity = severityOf(text(vulnerability.Severity))
    const grade = graded(severity, options.gate)
    const unfixed = text(vulnerability.FixedVersion) === "" && grade.level === "error"
    const spared = unfixed && passes(text(vulnerability.Status), options.unfixed)
    const finding = trivyFinding(
      {
        rule,
        ...(file === undefined ? {} : { file }),
        ...(file === undefined || line === undefined ? {} : { line }),
        message: message(vulnerability, severity),
        url: text(vulnerability.PrimaryURL),
      },
      spared ? { ...grade, level: "warning", advisory: true } : grade,
    )
    if (unfixed) finding.unfixed = true
    return { finding, key: `${normaliseName(name)} ${version} ${rule}`, name: normaliseName(name) }
  })
}

/** True if a vulnerability without a fix only counts as an exception. Trivy's status is the distribution's decision. */
const passes = (status: string, policy: VulnerabilityOptions["unfixed"] = "fail"): boolean =>
  policy === "report" || (policy === "triaged" && status === "will_not_fix")

/** Indexes packages by their line, if Trivy lists them with their places. */
function lines(packages: readonly TrivyFields[]): (vulnerability: TrivyFields) => number | undefined {
  const known = new Map<string, number>()
  for (const { ID, Name, Version, Identifier, Locations } of packages) {
    const line = objects(Locations)[0]?.StartLine
    if (typeof line !== "number") continue
    for (const name of names(Identifier, ID, Name, Version)) if (!known.has(name)) known.set(name, line)
  }
  return ({ PkgIdentifier, PkgID, PkgName, InstalledVersion }) =>
    names(PkgIdentifier, PkgID, PkgName, InstalledVersion)
      .map((name) => known.get(name))
      .find((line) => line !== undefined)
}

/** Returns the names by which Trivy refers to a package, the most reliable first. */
function names(identifier: unknown, id: unknown, name: unknown, version: unknown): string[] {
  const { UID } = fields(identifier)
  return [
    ...(text(UID) === "" ? [] : [`uid ${text(UID)}`]),
    ...(text(id) === "" ? [] : [`id ${text(id)}`]),
    `name ${text(name)} ${text(version)}`,
  ]
}

function message(vulnerability: TrivyFields, severity: Severity): string {
  const { PkgName, InstalledVersion, FixedVersion, PrimaryURL } = vulnerability
  const fixed =
    text(FixedVersion) === "" ? "no fixed version yet" : `fixed in ${clip(text(FixedVersion), 100)}`
  return `${text(PkgName)} ${text(InstalledVersion)}: ${title(vulnerability)}${remarks([severity, fixed], text(PrimaryURL))}`
}

/** Returns a vulnerability's title in one line, without the package's name at its start. */
function title({ Title, Description, VulnerabilityID, PkgName }: TrivyFields): string {
  const line =
    [Title, Description, VulnerabilityID].map(text).find((candidate) => candidate.trim() !== "") ?? ""
  const flat = line.replace(/\s+/g, " ").trim()
  const name = `${text(PkgName)}: `
  return clip(
    flat.toLowerCase().startsWith(name.toLowerCase()) ? flat.slice(name.length) : flat,
    TITLE_LENGTH,
  )
}
