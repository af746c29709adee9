import type { Config } from "../config/config.js"
import { fail } from "../errors/catalogue.js"
import { messageOf } from "../run/execError.js"
import { oneLine } from "../text/words.js"

/**
 * Default versions: what Slipway's tests run, under its own name. Terraform's is the last one under a free licence, so
 * that it can be built where no registry is reached.
 */
export const TOOL_VERSIONS = { terraform: "1.5.7", opentofu: "1.12.6" } as const

/** The tool's version, as its image's tag has it. */
export const toolVersion = ({ infra }: Pick<Config, "infra">): string =>
  infra.version ?? TOOL_VERSIONS[infra.tool]

/** True for a Terraform that only a registry has; an image of the service's own is its own matter. */
export const onlyPulled = ({ infra, images }: Pick<Config, "infra" | "images">): boolean =>
  infra.tool === "terraform" &&
  toolVersion({ infra }) !== TOOL_VERSIONS.terraform &&
  images.replace.terraform === undefined

/** The error for an image of Terraform that could not be pulled, with the last of the causes that the engine names. */
export const notPulled = (image: string, error: unknown): Error =>
  fail("TERRAFORM_NOT_PULLED", [image, oneLine(messageOf(error)).split(": ").at(-1) ?? "", TOOL_VERSIONS])

/** Settings that choose another tool, for a configuration whose `required_version` excludes this one. */
const CHOICE =
  'infra: { version: "…" } in slipway.yaml chooses another Terraform, infra: { tool: opentofu } OpenTofu'

/** Terraform's detail on a `required_version` that excludes it, with Slipway's settings in place of its own advice. */
export const versionAdvice = (summary: string, detail: string): string =>
  /^unsupported terraform core version/i.test(summary)
    ? `${detail.replace(/ To proceed,[^]*$/, "")} ${CHOICE}`
    : detail
