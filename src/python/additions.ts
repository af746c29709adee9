import type { Config } from "../lib/config/config.js"
import { asLines, asRequirements, normaliseName } from "../lib/python/pins.js"
import { readHashes, withHashes } from "../lib/python/lock.js"
import { LEAST_PYTEST, TEST_PACKAGES } from "../lib/testing/packages.js"
import { index, UV_COMPILE, withPackages } from "./base.js"
import { type Packages, UV_INSTALL, versionsIn } from "./install.js"
import { lockText } from "./locks.js"

const WANTED = "/slipway/tests.in"
const INSTALLED = "/slipway/installed.txt"
const LOCK = "/slipway/tests.lock"

/**
 * Adds what runs and measures tests to the service's packages, where it is missing.
 *
 * No installed version changes: what is added fits them. Throws an ExecError if nothing does.
 */
export async function withTestPackages({ container, versions }: Packages, config: Config): Promise<Packages> {
  const missing = TEST_PACKAGES.filter(({ package: name }) => !versions.has(normaliseName(name)))
  if (missing.length === 0) return { container, versions }
  const wanted = missing.map(({ package: name, version }) =>
    name === "pytest" ? `pytest>=${LEAST_PYTEST},<=${version}` : `${name}<=${version}`,
  )
  const lock = await withPackages(
    container.withNewFile(WANTED, asLines(wanted)).withNewFile(INSTALLED, asLines(asRequirements(versions))),
    [...UV_COMPILE, `--constraints=${INSTALLED}`, `--output-file=${LOCK}`, ...index(config), WANTED],
    config,
  )
    .file(LOCK)
    .contents()
  const added = lock
    .split("\n")
    .filter((line) => !versions.has(normaliseName(/^[\w.-]+/.exec(line)?.[0] ?? "")))
    .join("\n")
  const hashed = withHashes(added, readHashes({ "tools.txt": lockText("tools") }))
  const made = withPackages(
    container.withNewFile(LOCK, hashed),
    [...UV_INSTALL, ...index(config), `--requirements=${LOCK}`],
    config,
  )
  return { container: made, versions: await versionsIn(made) }
}
