import { CacheSharingMode, type Container, dag, type Directory } from "@dagger.io/dagger"
import { imageReference, TRIVY_VERSION } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"
import { normaliseName } from "../lib/python/pins.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import type { PythonEnvironment } from "../python/environment.js"

/** Trivy passes over some names at the top of what it scans: the source lies one level below, in `src`. */
const SOURCE = "/scan"

const SECRET_CONFIG = "/slipway/secrets.yaml"

/** A credential is one in tests and documents too, which Trivy passes over by itself. */
const SECRET_RULES = "disable-allow-rules: [tests, examples, markdown]\n"

/** Where a scan leaves its reports. */
export const TRIVY_OUT = "/slipway/out"

const REPORT = `${TRIVY_OUT}/report.json`
const INSTALLED = `${TRIVY_OUT}/installed.json`
const CACHE = "/cache/trivy"

/** Where a database from the service's source is put. */
const DATABASE = "/slipway/db.tar.gz"

/** Trivy's name for the format of its database. */
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

/** A scan's command, and the container in which it runs. */
export interface PreparedScan {
  container: Container
  command: string[]
}

/** Requirement files by names that Trivy doesn't know by itself. */
const PIP_FILES = ["requirements.*\\.(txt|lock)$", "requirements/.*\\.txt$"].map(
  (name) => `--file-patterns=pip:${name}`,
)

/** The bills of material that are made of what the manifests name. */
export const BILLS = ["cyclonedx", "spdx-json"] as const

/** Nothing but the database comes from the network: results are those of the version, and nobody is told of them. */
const FLAGS = ["--no-progress", "--skip-version-check", "--disable-telemetry", "--cache-backend=memory"]
const SCAN = [...FLAGS, "--format=json", "--ignorefile=/dev/null", "--skip-check-update", "--offline-scan"]

/** What asks for vulnerabilities, and lists every package for the bills of material. */
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

const billsOf = (report: string): string[][] =>
  BILLS.map((format) => convert(format, report, ["--output", `${TRIVY_OUT}/${format}.json`]))

/** One command after the other, until one fails. */
const inTurn = (...commands: string[][]): string[] => ["sh", "-c", commands.map(shellQuote).join(" && ")]

/** Ends as a command that could not be run does, whose result isn't kept: the network may be back next time. */
const unkept = (command: string[]): string[] => ["sh", "-c", `${shellQuote(command)} || exit 125`]

/** Trivy, without anything to look at. */
export const trivy = (config: Config): Container =>
  dag
    .container()
    .from(imageReference("trivy", TRIVY_VERSION, config.images))
    .withEnvVariable("TRIVY_CACHE_DIR", CACHE)
    .withNewFile(`${TRIVY_OUT}/.keep`, "")
    .withWorkdir("/slipway") // not the source, where Trivy would look for settings of its own

/** Looks for credentials in every file. The log gets no table: it would show the lines around them. */
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

/** Looks at what configures images, clusters and clouds. */
export function prepareMisconfiguration(source: Directory, config: Config): PreparedScan {
  const scan = ["trivy", "fs", ...SCAN, "--scanners=misconfig", `--output=${REPORT}`, SOURCE]
  return {
    container: trivy(config).withMountedDirectory(`${SOURCE}/src`, source.filter({ include: CONFIGURATION })),
    command: inTurn(scan, table(REPORT)),
  }
}

/**
 * Looks up the packages that the source's manifests and the installed environment name. The database is downloaded when
 * it is time for a new one; `hour` makes that happen once an hour at most, and the result is kept as long.
 */
export async function prepareVulnerabilities(
  source: Directory,
  config: Config,
  environment: PythonEnvironment,
  hour: number,
): Promise<PreparedScan> {
  const container = withDatabase(trivy(config), source, config.security.database)
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
      ...billsOf(REPORT),
      table(REPORT),
      table(INSTALLED),
    ),
  }
}

/** Looks up what an image holds, given as an OCI layout: packages of its distribution, and Python's. */
export function prepareImage(
  layout: Directory,
  source: Directory,
  config: Config,
  hour: number,
): PreparedScan {
  const container = withDatabase(trivy(config), source, config.security.database)
    .withEnvVariable("SLIPWAY_HOUR", String(hour))
    .withMountedDirectory("/image", layout)
  return {
    container,
    command: inTurn(
      ...getDatabase(config),
      ["trivy", "image", ...SCAN, ...LOOK_UP, `--output=${REPORT}`, "--input=/image"],
      ...billsOf(REPORT),
      table(REPORT),
    ),
  }
}

/** Gets the database, and notes how old it is. */
function getDatabase({ security }: Config): string[][] {
  const { repository, file } = security.database
  const from = repository === undefined ? [] : [`--db-repository=${repository}`]
  const get =
    file === undefined
      ? unkept(["trivy", "image", ...FLAGS, "--download-db-only", ...from])
      : unpackDatabase(file)
  return [get, ["cp", `${CACHE}/db/metadata.json`, TRIVY_OUT]]
}

/** The database that the service brings in its source, or one from a volume that all runs share, one at a time. */
function withDatabase(
  container: Container,
  source: Directory,
  { repository, file }: Config["security"]["database"],
): Container {
  if (file !== undefined) return container.withMountedFile(DATABASE, source.file(file))
  const key = ["slipway-trivy-db", DATABASE_FORMAT, ...(repository === undefined ? [] : [repository])].join(
    "-",
  )
  return container.withMountedCache(CACHE, dag.cacheVolume(key), { sharing: CacheSharingMode.Locked })
}

function unpackDatabase(file: string): string[] {
  const complaint = shellQuote([`${file} is no archive of a database`])
  const script = `mkdir -p ${CACHE}/db && tar -xzf ${DATABASE} -C ${CACHE}/db 2>/dev/null || { echo ${complaint} >&2; exit 1; }`
  return ["sh", "-c", script]
}

/** What says which of the service's packages are installed in which version; our tools are none of its business. */
async function installed({ container, packages, problem }: PythonEnvironment): Promise<Directory> {
  const venv = container.directory("/venv")
  if (problem !== undefined) return dag.directory()
  const folders = await venv.glob("lib/python*/site-packages/*.dist-info")
  const wanted = folders.filter((folder) =>
    packages.has(normaliseName(/([^/]+?)-[^-/]+\.dist-info/.exec(folder)?.[1] ?? "")),
  )
  // An empty list would stand for all there is.
  if (wanted.length === 0) return dag.directory()
  return venv.filter({ include: wanted.map((folder) => `${folder.replace(/\/$/, "")}/METADATA`) })
}
