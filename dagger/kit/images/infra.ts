import { basename } from "node:path"
import { HOST } from "../debian/rootfs.js"
import type { Program } from "./programs.js"
import type { Recipe } from "./recipes.js"

const TOFU: Program = {
  module: "tofu",
  package: "github.com/opentofu/opentofu/cmd/tofu",
  flags: ["-trimpath", "-ldflags", "-s -w -X github.com/opentofu/opentofu/version.dev=no"],
}

/** The last one under a free licence; what came after it can't be built from its module. */
const TERRAFORM: Program = {
  module: "terraform",
  package: "github.com/hashicorp/terraform",
  flags: ["-trimpath", "-ldflags", "-s -w"],
}

const TIME: Program = {
  module: "providers",
  package: "github.com/hashicorp/terraform-provider-time",
  flags: ["-trimpath", "-ldflags", "-s -w -X main.Version=0.13.1"],
  // The sample's lock file names the hash of what is built.
  toolchain: "go1.26.8",
}

/** Where both tools look for a provider before they ask the registry of that host. */
const mirrored = (host: string) =>
  `/usr/share/terraform/plugins/${host}/hashicorp/time/0.13.1/linux_${basename(HOST)}`

const time = mirrored("registry.opentofu.org")

/** What the images have in common: what modules are fetched with, and the provider. */
const tool = {
  // Minutes to compile, and hundreds of megabytes.
  platforms: [HOST],
  packages: ["ca-certificates", "git", "openssh-client"],
  unpackOnly: true,
  // Git does without, unless it is to send mail or ask which lines to add.
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

/** OpenTofu in Terraform's place, as which it says so itself: `terraform version` names it. */
const newTerraform: Recipe = {
  ...terraform,
  tags: ["1.13.3"],
  programs: { "/bin/terraform": TOFU, ...provider },
}

/** OpenTofu and Terraform, with a provider at hand for where no registry is. */
export const INFRA: readonly Recipe[] = [opentofu, terraform, newTerraform]
