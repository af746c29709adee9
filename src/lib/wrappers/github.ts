import {
  ACTIONS,
  basesOf,
  branchesOf,
  checkSecretsIn,
  deliverySecretsIn,
  type Description,
  HEADER,
} from "./description.js"
import { LIMIT_MINUTES, PINNED, notAskedIn, ofServices, QUESTIONS, secretsIn } from "./description.js"
import { checksCommand, deliveryCommand, deliveryScript, indented } from "./script.js"

/** GitHub's own actions, pinned by commit since a tag can be moved. */
const USES = {
  checkout: "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
  node: "actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0",
  artifact: "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1",
}

/** What an organisation or an environment may set for releases: their floor, and what it allows in place of Slipway's own. */
const RULES = ["SLIPWAY_POLICY", "SLIPWAY_ALLOW"]

const pushed = (description: Description): string =>
  branchesOf(description)
    .map((name) => (name.endsWith("/") ? `"${name}**"` : JSON.stringify(name)))
    .join(", ")

/** The environment of a delivery, which gives the job its secrets. */
const environmentOf = ({ entries: { develop, prerelease, version } }: Description): string =>
  `\${{ (github.event_name == 'schedule' || inputs.action == 'drift') && 'maintenance' || inputs.environment || ${[
    `github.ref_type == 'tag' && !contains(github.ref_name, '-') && '${version}'`,
    ...(prerelease === develop ? [] : [`github.ref_type == 'tag' && '${prerelease}'`]),
    `'${develop}'`,
  ].join(" || ")} }}`

/**
 * The workflow of GitHub Actions.
 *
 * It has no concurrency group: those cancel older waiting runs, and a deployment must not be cancelled; the lock in the
 * cluster serializes them.
 */
export const github = (description: Description): string => `# ${HEADER}
name: Slipway
on:
  push: { branches: [${pushed(description)}], tags: ["v*"] }
  pull_request: { branches: [${basesOf(description).join(", ")}]${description.previews ? ", types: [opened, synchronize, reopened, closed]" : ""} }
  merge_group: { types: [checks_requested] }
  schedule: [{ cron: "${description.schedule}" }]
  workflow_dispatch:
    inputs:
      action: { description: "${QUESTIONS.SLIPWAY_ACTION}", type: choice, options: [${ACTIONS.join(", ")}] }
      environment: { description: "${QUESTIONS.SLIPWAY_ENVIRONMENT}", type: choice, options: [${description.environments.join(", ")}] }
${ofServices(description, (names) => `      service: { description: "${QUESTIONS.SLIPWAY_SERVICE}", type: choice, options: [${names}] }\n`)}      version: { description: "${QUESTIONS.SLIPWAY_VERSION}", type: string }
permissions: {}
jobs:
  checks:
    if: ${open(description, "github.event_name != 'workflow_dispatch' || inputs.action == 'checks'")}
    permissions: { contents: read, security-events: write }
${steps("checks", `run: ${checksCommand("github")}`, {
  GITHUB_TOKEN: "${{ github.token }}",
  SLIPWAY_ACTION: "${{ inputs.action }}",
  ...held(checkSecretsIn(description.secrets), description),
})}
${description.plans ? plan(description) : ""}${description.previews ? preview(description) : ""}${delivery(description)}`

/** A condition that no pull request meets once it is closed, an event that only previews need. */
const open = ({ previews }: Description, condition: string): string =>
  previews ? `github.event.action != 'closed' && (${condition})` : condition

/** A pull request that doesn't come from a fork. */
const OF_MEMBER =
  "github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository"

/** The job that deploys pull requests to previews of their own, with the secrets of these alone. */
const preview = (description: Description): string => `  preview:
    needs: checks
    if: ${open(description, OF_MEMBER)}
${previewJob(description, "preview", deliveryCommand("github", "preview"), rules())}
${description.services.length > 0 ? "" : previewDown(description)}`

/** The job that deletes the preview of a pull request that is closed. */
const previewDown = (description: Description): string => `  preview-down:
    if: ${OF_MEMBER} && github.event.action == 'closed'
${previewJob(description, "preview-down", 'preview down "$NUMBER"', { NUMBER: "${{ github.event.number }}" })}
`

/** The one waits for the other, so that nothing is deployed after the end. */
const previewJob = (
  description: Description,
  name: string,
  command: string,
  env: Readonly<Record<string, string>>,
): string => `    environment: preview
    concurrency: { group: "preview-\${{ github.event.number }}" }
    permissions: { contents: read, id-token: write }
${steps(name, `run: |\n${indented(deliveryScript("github", description, command), 10)}`, {
  ...env,
  ...held(secretsIn("preview", description), description),
  ...variables(description),
})}`

/** The job that plans pull requests, with the secrets of Terraform alone. */
const plan = (description: Description): string => `  plan:
    if: ${open(description, OF_MEMBER)}
    environment: plan
    permissions: { contents: read, id-token: write, pull-requests: write }
${steps("plan", delivered(description), {
  GITHUB_TOKEN: "${{ github.token }}",
  ...held(secretsIn("plan", description), description),
  ...variables(description),
})}
`

const delivery = (description: Description): string => `  delivery:
    needs: checks
    if: >-
      !cancelled() && (contains('success skipped', needs.checks.result) || github.event_name == 'schedule') && (
      github.event_name == 'schedule' || (github.event_name == 'workflow_dispatch' && inputs.action != 'checks') ||
      (github.event_name == 'push' && (github.ref == 'refs/heads/${description.develop}' || github.ref_type == 'tag'${
        description.hotfixes
          ? " ||\n      (startsWith(github.ref, 'refs/heads/hotfix/') && github.ref_protected)"
          : ""
      })))
    environment: ${environmentOf(description)}
    permissions: { contents: read, id-token: write, pull-requests: read }
    env: { ENVIRONMENT: "${environmentOf(description)}" }
${steps("delivery", delivered(description), {
  SLIPWAY_ACTION: "${{ inputs.action }}",
  SLIPWAY_ENVIRONMENT: "${{ inputs.environment }}",
  ...(description.services.length > 0 && { SLIPWAY_SERVICE: "${{ inputs.service }}" }),
  SLIPWAY_VERSION: "${{ inputs.version }}",
  REVIEW_TOKEN: "${{ github.token }}",
  ...rules(),
  ...held(deliverySecretsIn(description), description),
  ...variables(description),
})}
`

const rules = (): Record<string, string> =>
  Object.fromEntries(RULES.map((name) => [name, `\${{ vars.${name} }}`]))

const delivered = (description: Description): string =>
  `run: |\n${indented(deliveryScript("github", description), 10)}`

const variables = (description: Description): Record<string, string> =>
  Object.fromEntries(description.variables.map((name) => [name, `\${{ vars.${name} || secrets.${name} }}`]))

/** Production's secrets aren't asked for in staging, even if they are the whole repository's by mistake. */
const held = (secrets: readonly string[], description: Description): Record<string, string> =>
  Object.fromEntries(
    secrets
      .filter((name) => name !== "GITHUB_TOKEN")
      .map((name) => {
        const others = notAskedIn(name, description).map((scope) => `env.ENVIRONMENT != '${scope}' && `)
        const value = `secrets.${name}`
        return [name, others.length === 0 ? `\${{ ${value} }}` : `\${{ ${others.join("")}${value} || '' }}`]
      }),
  )

const steps = (
  job: string,
  run: string,
  env: Readonly<Record<string, string>>,
): string => `    runs-on: ubuntu-24.04
    timeout-minutes: ${LIMIT_MINUTES}
    steps:
      - uses: ${USES.checkout}
        with: { fetch-depth: 0, persist-credentials: false }
      - uses: ${USES.node}
        with: { node-version: "${PINNED.node}" }
      - name: Slipway
        ${run}
        env:
${indented(
  Object.entries(env).map(([name, value]) => `${name}: ${value}`),
  10,
)}
      - uses: ${USES.artifact}
        if: always()
        with: { name: "slipway-${job}-\${{ github.run_attempt }}", path: out, if-no-files-found: ignore }`
