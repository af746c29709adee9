import { CacheSharingMode, type Container, dag, type Directory } from "@dagger.io/dagger"
import { imageReference, TRIVY_VERSION } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"
import { normaliseName } from "../lib/python/pins.js"
import { messageOf } from "../lib/run/execError.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import { oneLine } from "../lib/text/words.js"
import type { Packages, PythonEnvironment } from "../python/environment.js"
import type { PythonService } from "../stage/service.js"
import { cacheVolume } from "../stage/volumes.js"

/** Root of a scan. Trivy skips some names at its top, so the source lies one level below, in `src`. */
const SOURCE = "/scan"

const SECRET_CONFIG = "/slipway/secrets.yaml"

/** Rules that include tests and documents, which Trivy skips by default. */
const SECRET_RULES = "disable-allow-rules: [tests, examples, markdown]\n"

/** Directory of a scan's reports. */
export const TRIVY_OUT = "/slipway/out"

const REPORT = `${TRIVY_OUT}/report.json`
const INSTALLED = `${TRIVY_OUT}/installed.json`
const CACHE = "/cache/trivy"

/** Path of a database from the service's source. */
const DATABASE = "/slipway/db.tar.gz"

/** Version of Trivy's database format. */
const DATABASE_FORMAT = 2

/** Files that list packages with their versions. */
const MANIFESTS = [
  "**/*requirements*.txt",
  "**/requirements/*.txt",
  "**/*requirements*.lock",
  "**/*constraints*.txt",
  "**/Pipfile.lock",
  "**/poetry.lock",
  "**/uv.lock",
  "**/pylock.toml",
  "**/pylock.*.toml",
  "**/pyproject.toml",
  "**/package-lock.json",
  "**/yarn.lock",
  "**/pnpm-lock.yaml",
  "**/go.mod",
  "**/go.sum",
  "**/Cargo.lock",
]

/** Files that configure images, clusters and clouds. */
export const CONFIGURATION = [
  "**/[Dd]ockerfile*",
  "**/*.[Dd]ockerfile",
  "**/Containerfile*",
  "**/.dockerignore",
  "**/*.tf",
  "**/*.tf.json",
  "**/*.tfvars",
  "**/*.yaml",
  "**/*.yml",
  "**/*.json",
  "**/*.tpl",
]

/** A service whose packages are looked up in the database, with the cache volumes that it may use. */
type Scannable = Pick<PythonService, "source" | "config" | "space">

/** A scan's command, and the container in which it runs. */
export interface PreparedScan {
  container: Container
  command: string[]
}

/** Arguments for requirement files with names that Trivy doesn't know. */
const PIP_FILES = ["requirements.*\\.(txt|lock)$", "requirements/.*\\.txt$"].map(
  (name) => `--file-patterns=pip:${name}`,
)

/** Formats of the SBOM. */
export const SBOM_FORMATS = ["cyclonedx", "spdx-json"] as const

/** Flags by which only the database comes from the network, and no telemetry is sent. */
const FLAGS = ["--no-progress", "--skip-version-check", "--disable-telemetry", "--cache-backend=memory"]
const SCAN = [...FLAGS, "--format=json", "--ignorefile=/dev/null", "--skip-check-update", "--offline-scan"]

/** Flags that scan for vulnerabilities, and list every package for the SBOM. */
const LOOK_UP = ["--scanners=vuln", "--list-all-pkgs", "--skip-db-update"]

const convert = (format: string, report: string, more: string[] = []): string[] => [
  "trivy",
  "convert",
  "--quiet",
  `--format=${format}`,
  ...more,
  report,
]

const table = (report: string): string[] => convert("table", report)

const sbomsOf = (report: string): string[][] =>
  SBOM_FORMATS.map((format) => convert(format, report, ["--output", `${TRIVY_OUT}/${format}.json`]))

/** Runs commands one after the other, until one fails. */
const inTurn = (...commands: string[][]): string[] => ["sh", "-c", commands.map(shellQuote).join(" && ")]

/** Exits like a command that could not be run, whose result isn't cached: the network may be back next time. */
const unkept = (command: string[]): string[] => ["sh", "-c", `${shellQuote(command)} || exit 125`]

/** Container of Trivy, without anything to scan. */
export const trivy = (config: Config): Container =>
  dag
    .container()
    .from(imageReference("trivy", TRIVY_VERSION, config.images))
    .withEnvVariable("TRIVY_CACHE_DIR", CACHE)
    .withNewFile(`${TRIVY_OUT}/.keep`, "")
    .withWorkdir("/slipway") // not the source, where Trivy would look for settings of its own

/** Scans every file for secrets. The log gets no table: it would show the lines around them. */
export const prepareSecrets = (source: Directory, config: Config): PreparedScan => ({
  container: trivy(config)
    .withNewFile(SECRET_CONFIG, SECRET_RULES)
    .withMountedDirectory(`${SOURCE}/src`, source),
  command: [
    "trivy",
    "fs",
    ...SCAN,
    "--scanners=secret",
    `--secret-config=${SECRET_CONFIG}`,
    `--output=${REPORT}`,
    SOURCE,
  ],
})

/** Scans the configuration of images, clusters and clouds. */
export function prepareMisconfiguration(source: Directory, config: Config): PreparedScan {
  const scan = ["trivy", "fs", ...SCAN, "--scanners=misconfig", `--output=${REPORT}`, SOURCE]
  return {
    container: trivy(config).withMountedDirectory(`${SOURCE}/src`, source.filter({ include: CONFIGURATION })),
    command: inTurn(scan, table(REPORT)),
  }
}

/**
 * Scans the packages of the source's manifests and of the installed environment for vulnerabilities.
 *
 * A new database is downloaded when due; `hour` limits that to once an hour, and the result is kept as long.
 */
export async function prepareVulnerabilities(
  { source, config, space }: Scannable,
  environment: PythonEnvironment,
  hour: number,
): Promise<PreparedScan> {
  const container = withDatabase(trivy(config), { source, config, space })
    .withEnvVariable("SLIPWAY_HOUR", String(hour))
    .withMountedDirectory(`${SOURCE}/src`, source.filter({ include: MANIFESTS }))
    .withMountedDirectory("/installed", await installed(environment))
  const scan = [...SCAN, ...LOOK_UP]
  return {
    container,
    command: inTurn(
      ...getDatabase(config),
      ["trivy", "fs", ...scan, ...PIP_FILES, "--include-dev-deps", `--output=${REPORT}`, SOURCE],
      ["trivy", "rootfs", ...scan, "--pkg-types=library", `--output=${INSTALLED}`, "/installed"],
      ...sbomsOf(REPORT),
      table(REPORT),
      table(INSTALLED),
    ),
  }
}

/** Scans the packages of an image, given as an OCI layout: those of its distribution, and Python's. */
export function prepareImage(
  layout: Directory,
  { source, config, space }: Scannable,
  hour: number,
): PreparedScan {
  const container = withDatabase(trivy(config), { source, config, space })
    .withEnvVariable("SLIPWAY_HOUR", String(hour))
    .withMountedDirectory("/image", layout)
  return {
    container,
    command: inTurn(
      ...getDatabase(config),
      ["trivy", "image", ...SCAN, ...LOOK_UP, `--output=${REPORT}`, "--input=/image"],
      ...sbomsOf(REPORT),
      table(REPORT),
    ),
  }
}

/** Commands that fetch the database, and copy its metadata. */
function getDatabase({ security }: Config): string[][] {
  const { repository, file } = security.database
  const from = repository === undefined ? [] : [`--db-repository=${repository}`]
  const get =
    file === undefined
      ? unkept(["trivy", "image", ...FLAGS, "--download-db-only", ...from])
      : unpackDatabase(file)
  return [get, ["cp", `${CACHE}/db/metadata.json`, TRIVY_OUT]]
}

/** Mounts the database of the service's source, or the volume of its repository, for one scan at a time. */
function withDatabase(container: Container, { source, config, space }: Scannable): Container {
  const { repository = "", file } = config.security.database
  if (file !== undefined) return container.withMountedFile(DATABASE, source.file(file))
  const volume = cacheVolume(space, "trivy", String(DATABASE_FORMAT), repository)
  return container.withMountedCache(CACHE, volume, { sharing: CacheSharingMode.Locked })
}

function unpackDatabase(file: string): string[] {
  const complaint = shellQuote([`${file} is not a database archive`])
  const script = `mkdir -p ${CACHE}/db && tar -xzf ${DATABASE} -C ${CACHE}/db 2>/dev/null || { echo ${complaint} >&2; exit 1; }`
  return ["sh", "-c", script]
}

/** The service's packages, or the reason why they can't be installed. */
export const scannedPackages = (
  environment: PythonEnvironment,
): Promise<Packages | { notInstalled: string }> =>
  environment.service().catch((error: unknown) => ({ notInstalled: oneLine(messageOf(error)) }))

/** Metadata of the service's installed packages. */
async function installed(environment: PythonEnvironment): Promise<Directory> {
  const packages = await scannedPackages(environment)
  if ("notInstalled" in packages) return dag.directory()
  const venv = packages.container.directory("/venv")
  const folders = await venv.glob("lib/python*/site-packages/*.dist-info")
  const wanted = folders.filter((folder) =>
    packages.versions.has(normaliseName(/(?<![^/])([^/]+)-[^-/]+\.dist-info/.exec(folder)?.[1] ?? "")),
  )
  // An empty list would stand for all there is.
  if (wanted.length === 0) return dag.directory()
  return venv.filter({ include: wanted.map((folder) => `${folder.replace(/\/$/, "")}/METADATA`) })
}
