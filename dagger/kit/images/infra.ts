import { basename } from "node:path"
import { HOST_PLATFORM } from "../debian/rootfs.js"
import type { Program } from "./programs.js"
import type { Recipe } from "./recipes.js"

const TOFU: Program = {
  module: "tofu",
  package: "github.com/opentofu/opentofu/cmd/tofu",
  flags: ["-trimpath", "-ldflags", "-s -w -X github.com/opentofu/opentofu/version.dev=no"],
}

/** The last version under a free licence; later ones can't be built from their module. */
const TERRAFORM: Program = {
  module: "terraform",
  package: "github.com/hashicorp/terraform",
  flags: ["-trimpath", "-ldflags", "-s -w"],
}

const TIME: Program = {
  module: "providers",
  package: "github.com/hashicorp/terraform-provider-time",
  flags: ["-trimpath", "-ldflags", "-s -w -X main.Version=0.13.1"],
  // The sample's lock file holds the hash of this build.
  toolchain: "go1.26.8",
}

/** The path where both tools look for a provider before they ask the registry of that host. */
const mirrored = (host: string) =>
  `/usr/share/terraform/plugins/${host}/hashicorp/time/0.13.1/linux_${basename(HOST_PLATFORM)}`

const time = mirrored("registry.opentofu.org")

/** Settings that the images share: commands that fetch modules, and the provider. */
const tool = {
  // Takes minutes to compile and hundreds of megabytes.
  platforms: [HOST_PLATFORM],
  packages: ["ca-certificates", "git", "openssh-client"],
  unpackOnly: true,
  // Git needs Perl only for `send-email` and `add --interactive`.
  without: ["/usr/lib/*/libperl.so*", "/usr/lib/*/perl/*", "/usr/share/perl/*"],
  links: { [mirrored("registry.terraform.io")]: time.replace("/usr/share/terraform/plugins", "../../../..") },
  remove: ["/usr/sbin/update-ca-certificates"],
} satisfies Partial<Recipe>

const provider = { [`${time}/terraform-provider-time_v0.13.1`]: TIME }

const opentofu: Recipe = {
  ...tool,
  name: "opentofu/opentofu",
  tags: ["1.12.6"],
  programs: { "/usr/local/bin/tofu": TOFU, ...provider },
  entrypoint: ["/usr/local/bin/tofu"],
}

const terraform: Recipe = {
  ...tool,
  name: "hashicorp/terraform",
  tags: ["1.5.7"],
  programs: { "/bin/terraform": TERRAFORM, ...provider },
  entrypoint: ["/bin/terraform"],
}

/** OpenTofu and Terraform, with a provider that works without a registry. */
export const INFRA: readonly Recipe[] = [opentofu, terraform]
