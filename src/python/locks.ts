import { readFileSync } from "node:fs"
import type { Container } from "@dagger.io/dagger"

/**
 * What Slipway itself installs from PyPI, by hash: each a file in `locks`, made by
 * `uv pip compile --universal --generate-hashes --no-annotate --no-header --python-version=3.11`.
 */
export type LockName = "uv" | "tools" | "psycopg" | "pglast" | "poetry" | "pdm" | "pipenv"

/** Text of a lock. */
export const lockText = (lock: LockName): string =>
  readFileSync(new URL(`./locks/${lock}.txt`, import.meta.url), "utf8")

/** Path of a lock in a container. */
const lockPath = (lock: LockName): string => `/slipway/locks/${lock}.txt`

/** Adds a lock to a container. */
export const withHashedLock = (container: Container, lock: LockName): Container =>
  container.withNewFile(lockPath(lock), lockText(lock))

/** Arguments of pip and uv that install a lock: wheels of these hashes, whose installation runs none of their code. */
export const byHashes = (lock: LockName): string[] => [
  "--quiet",
  "--no-deps",
  "--only-binary=:all:",
  "--require-hashes",
  `--requirement=${lockPath(lock)}`,
]
