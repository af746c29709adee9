import { INDEX_REMEDY, refusedIndex } from "./indexSecrets.js"
import { installFailure } from "./installFailure.js"
import { oneLine } from "../text/words.js"

/** Why packages can't be installed, and what to do. */
export interface PackageFailure {
  reason: string
  remedy: string
  network: boolean
  /** True if git or a compiler may help. */
  needsToolchain: boolean
}

/** Headers and programs that builds miss most often, and Debian's packages with them. */
const DEBIAN: readonly [pattern: RegExp, packages: string][] = [
  [/pg_config|libpq-fe\.h/, "libpq-dev"],
  [/mysql_config|mysql\.h|mysqlclient/, "default-libmysqlclient-dev, pkg-config"],
  [/lber\.h|ldap\.h|sasl\/sasl\.h/, "libldap2-dev, libsasl2-dev"],
  [/libxml\/|libxslt|xml2-config|xslt-config/, "libxml2-dev, libxslt1-dev"],
  [/ffi\.h/, "libffi-dev"],
  [/openssl\/|libcrypto|libssl/, "libssl-dev"],
  [/curl-config|curl\/curl\.h/, "libcurl4-openssl-dev, libssl-dev"],
  [/jpeglib\.h|jpeg was not found/, "libjpeg-dev, zlib1g-dev"],
  [/zlib\.h/, "zlib1g-dev"],
  [/xmlsec/, "libxmlsec1-dev, pkg-config"],
  [/krb5-config|gssapi/, "libkrb5-dev"],
  [/gdal-config|gdal\.h/, "libgdal-dev"],
  [/geos_c\.h|geos-config/, "libgeos-dev"],
  [/sql\.h|sqlext\.h/, "unixodbc-dev"],
  [/snappy-c\.h/, "libsnappy-dev"],
  [/portaudio\.h/, "portaudio19-dev"],
  [/(?<!\w)cairo/, "libcairo2-dev, pkg-config"],
  [/cups\/cups\.h/, "libcups2-dev"],
  [/rdkafka\.h/, "librdkafka-dev"],
  [/cmake/i, "cmake"],
  [/rustc|[Cc]argo/, "cargo"],
]

/** What builds say of a header or program that is missing; the first group is its name. */
const MISSING = [
  /fatal error: ([\w./+-]+\.h(?:pp)?): No such file/,
  /(?<![\w.-])([\w.-]+) executable not found/,
  /(?:command|Command) ['"]?([\w.+-]+)['"]? failed: No such file/,
  /No such file or directory: ['"]([\w./+-]+)['"]/,
  /unable to execute ['"]?([\w.+-]+)['"]?/,
] as const

const ABSENT = /not found|not installed|no such file|can't find/i
const PROGRAM = /(?<![\w.-])(cmake|ninja|pkg-config|gcc|cc|g\+\+|clang|rustc|cargo|Rust|Cargo)(?![\w.-])/

/** The header or program that a build misses. */
const missingPart = (complaint: string): string | undefined =>
  MISSING.flatMap((pattern) => pattern.exec(complaint)?.[1] ?? [])[0] ??
  complaint
    .split("\n")
    .filter((line) => ABSENT.test(line))
    .flatMap((line) => PROGRAM.exec(line)?.[1] ?? [])[0]

/** Explains what uv said when it could not resolve or install packages. */
export function packageFailure(complaint: string): PackageFailure {
  const refused = refusedIndex(complaint)
  if (refused !== undefined)
    return {
      reason: `the index ${refused.address} refuses access (${refused.status})`,
      remedy: INDEX_REMEDY,
      network: false,
      needsToolchain: false,
    }
  const { reason, packages, network } = installFailure(complaint)
  const missing = missingPart(complaint)
  const failedBuild = /Failed to build|build backend|Git executable not found|failed to build/i.test(
    complaint,
  )
  const needsToolchain = /Git executable not found/i.test(complaint) || (failedBuild && !network)
  const named =
    packages.length > 0 && !packages.some((name) => reason.includes(name)) ? packages.join(", ") : ""
  const whole = named === "" ? reason : `${named}: ${reason}`
  if (network)
    return {
      reason: whole,
      remedy: /fatal: /.test(complaint)
        ? "check that the host of the repository is reachable"
        : "check that the package index is reachable",
      network,
      needsToolchain: false,
    }
  if (!failedBuild)
    return { reason: whole, remedy: "fix the requirements of the service", network, needsToolchain }
  const debian = DEBIAN.find(([pattern]) => pattern.test(missing ?? complaint))?.[1]
  const lacks = missing !== undefined && !whole.includes(missing) ? `${whole} (${missing} is missing)` : whole
  const remedy =
    debian === undefined
      ? "choose versions that have wheels, or install what the build misses with `python: { packages: [NAME-dev] }` in slipway.yaml"
      : `write \`python: { packages: [${debian}] }\` into slipway.yaml, or choose versions that have wheels`
  return { reason: oneLine(lacks), remedy, network, needsToolchain }
}
