import { inside } from "./complaints.js"

/** Samples of `infra`: valid documents, and documents with one problem each, with its place. */

export const good: Record<string, string> = {
  "infra with nothing": "infra: {}\n",
  "no files of variables": "infra: {variables: [], backend: []}\n",
  "the service's folder as root": "infra: {roots: [.]}\n",
  "an environment's name alone as a file": "infra: {variables: ['{environment}']}\n",
  "the longest workspace": `infra: {workspace: ${"w".repeat(90)}}\n`,
  "a workspace of the environment alone": "infra: {workspace: '{environment}'}\n",
  "the longest wait for a lock": "infra: {lockTimeout: 99h}\n",
  "the tag of an image as version": "infra: {version: 1.13.3-rc1_x}\n",
}

const pattern = 'expected a path with "{environment}" in it, and no other braces'
const workspace = 'expected the name of a workspace, such as "{environment}" or "upscaler-{environment}"'

/** Invalid documents by their problem: the text, and each problem as `line:column: path: message`. */
export const bad: Record<string, [text: string, ...problems: string[]]> = {
  "another tool": [
    "infra: {tool: pulumi}\n",
    '1:15: infra.tool: expected one of terraform, opentofu, received "pulumi"',
  ],
  "the tool's command for its name": [
    "infra: {tool: tofu}\n",
    '1:15: infra.tool: expected one of terraform, opentofu, received "tofu"',
  ],
  "a number as the tool's version": [
    "infra: {version: 1.10}\n",
    "1:18: infra.version: expected a text, received the number 1.10; YAML reads it as 1.1, so put it in quotes",
  ],
  "no checks of infrastructure": [
    "infra: {checks: []}\n",
    "1:17: infra.checks: expected at least one entry, received an empty list",
  ],
  "a check of infrastructure twice": [
    "infra: {checks: [format, format]}\n",
    '1:26: infra.checks[1]: "format" is in the list twice, first on line 1',
  ],
  "no roots": [
    "infra: {roots: []}\n",
    "1:16: infra.roots: expected at least one entry, received an empty list",
  ],
  "a root outside": ["infra: {roots: [../terraform]}\n", inside("1:17: infra.roots[0]", "../terraform")],
  "a root like an option": [
    "infra: {roots: [-chdir=x]}\n",
    '1:17: infra.roots[0]: expected a path that doesn\'t begin with "-" (write "./-name"), received "-chdir=x"',
  ],
  "no environments": [
    "infra: {environments: []}\n",
    "1:23: infra.environments: expected at least one entry, received an empty list",
  ],
  "an environment in capitals": [
    "infra: {environments: [Staging]}\n",
    '1:24: infra.environments[0]: expected a DNS label: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends, received "Staging"',
  ],
  "an environment with an underscore": [
    "infra: {environments: [pre_prod]}\n",
    '1:24: infra.environments[0]: expected a DNS label: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends, received "pre_prod"',
  ],
  "variables of no environment": [
    "infra: {variables: [terraform.tfvars]}\n",
    `1:21: infra.variables[0]: ${pattern}, received "terraform.tfvars"`,
  ],
  "variables of an environment twice": [
    "infra: {variables: ['{environment}/{environment}.tfvars']}\n",
    `1:21: infra.variables[0]: ${pattern}, received "{environment}/{environment}.tfvars"`,
  ],
  "another brace": [
    "infra: {backend: ['{env}-{environment}.tfbackend']}\n",
    `1:19: infra.backend[0]: ${pattern}, received "{env}-{environment}.tfbackend"`,
  ],
  "a backend's file outside": [
    "infra: {backend: ['../{environment}.tfbackend']}\n",
    inside("1:19: infra.backend[0]", "../{environment}.tfbackend"),
  ],
  "a workspace with a space": [
    "infra: {workspace: a b}\n",
    `1:20: infra.workspace: ${workspace}, received "a b"`,
  ],
  "a workspace like an option": [
    "infra: {workspace: -or-create}\n",
    `1:20: infra.workspace: ${workspace}, received "-or-create"`,
  ],
  "a workspace with another brace": [
    "infra: {workspace: '{env}'}\n",
    `1:20: infra.workspace: ${workspace}, received "{env}"`,
  ],
  "no wait for a lock": [
    "infra: {lockTimeout: 0s}\n",
    '1:22: infra.lockTimeout: expected a duration: 1 to 9999 seconds or minutes, or 1 to 99 hours, such as "30s", "10m" or "1h", received "0s"',
  ],
  "Terraform's image as a check": [
    "infra: {terraform: 'a:1'}\n",
    "1:9: infra.terraform: unknown key; expected one of tool, version, checks, roots, environments, variables, backend, workspace, lockTimeout",
  ],
}
