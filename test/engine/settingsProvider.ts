import { createHash } from "node:crypto"
import { join } from "node:path"
import { HOST_PLATFORM } from "../../dagger/kit/debian/rootfs.js"
import { builtProgram, type Program } from "../../dagger/kit/images/programs.js"
import { makeHome, REPOSITORY } from "../../dagger/lib/home.js"

/** A small provider for tests, whose entries are rows of a table in PostgreSQL. */
const SETTINGS: Program = {
  module: join(REPOSITORY, "test/fixtures/infra/provider"),
  package: "./settings",
  flags: ["-trimpath", "-buildvcs=false", "-ldflags", "-s -w"],
}

/** Default hosts of providers in OpenTofu and Terraform, if their source names none. */
const HOSTS = ["registry.opentofu.org", "registry.terraform.io"]

/** Paths at which both tools look for the provider, relative to their folder, before they ask a registry. */
export const SETTINGS_PLACES = HOSTS.map(
  (host) =>
    `terraform.d/plugins/${host}/slipway/settings/1.0.0/${HOST_PLATFORM.replace("/", "_")}/terraform-provider-settings_v1.0.0`,
)

/** Builds the provider's binary, `slipway/settings` 1.0.0, once for each version of its sources. */
export function settingsProvider(): Promise<string> {
  makeHome()
  return builtProgram(SETTINGS, HOST_PLATFORM)
}

/** Writes the lock file of `providers.test/slipway/NAME` with a single file as the tools do: a hash of a list of hashes. */
export function lockFile(name: string, program: Buffer): string {
  const file = createHash("sha256").update(program).digest("hex")
  const list = createHash("sha256").update(`${file}  terraform-provider-${name}_v1.0.0\n`).digest("base64")
  return `provider "providers.test/slipway/${name}" {
  version     = "1.0.0"
  constraints = "1.0.0"
  hashes = [
    "h1:${list}",
  ]
}
`
}
