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

/** The hosts that OpenTofu and Terraform take a provider to be of, where its source names none. */
const HOSTS = ["registry.opentofu.org", "registry.terraform.io"]

/** Where both tools look for it, in the folder in which they run, before they ask a registry. */
export const SETTINGS_PLACES = HOSTS.map(
  (host) =>
    `terraform.d/plugins/${host}/slipway/settings/1.0.0/${HOST_PLATFORM.replace("/", "_")}/terraform-provider-settings_v1.0.0`,
)

/** The provider's binary, `slipway/settings` 1.0.0, built once for each content of its sources. */
export function settingsProvider(): Promise<string> {
  makeHome()
  return builtProgram(SETTINGS, HOST_PLATFORM)
}
