import { readFileSync } from "node:fs"
import type { Container } from "@dagger.io/dagger"

/**
 * What Slipway itself installs from PyPI, by hash: each a file in `locks`, made by
 * `uv pip compile --universal --generate-hashes --no-annotate --no-header --python-version=3.11`.
 */
type Lock = "uv" | "tools" | "psycopg" | "pglast"

/** Text of a lock. */
export const lockText = (lock: Lock): string =>
  readFileSync(new URL(`./locks/${lock}.txt`, import.meta.url), "utf8")

/** Path of a lock in a container. */
const lockPath = (lock: Lock): string => `/slipway/locks/${lock}.txt`

/** Adds a lock to a container. */
export const withHashedLock = (container: Container, lock: Lock): Container =>
  container.withNewFile(lockPath(lock), lockText(lock))

/** Arguments of pip and uv that install a lock: wheels of these hashes, whose installation runs none of their code. */
export const byHashes = (lock: Lock): string[] => [
  "--quiet",
  "--no-deps",
  "--only-binary=:all:",
  "--require-hashes",
  `--requirement=${lockPath(lock)}`,
]
