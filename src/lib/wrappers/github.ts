import { ACTIONS, BASES, BRANCHES, type Description, HEADER, LIMIT_MINUTES, PINNED } from "./description.js"
import { QUESTIONS } from "./description.js"
import { ENVIRONMENTS } from "../config/deploy.js"
import { command } from "./script.js"

/** GitHub's own actions, pinned by commit since a tag can be moved. */
const USES = {
  checkout: "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
  node: "actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0",
  artifact: "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1",
}

const branches = BRANCHES.map((name) => (name.endsWith("/") ? `"${name}**"` : name)).join(", ")

/**
 * The workflow of GitHub Actions.
 *
 * It has no concurrency group: those cancel older waiting runs, and a deployment must not be cancelled; the lock in the
 * cluster serializes them.
 */
export const github = ({ secrets, variables, schedule }: Description): string => `# ${HEADER}
name: Slipway
on:
  push: { branches: [${branches}], tags: ["v*"] }
  pull_request: { branches: [${BASES.join(", ")}] }
  schedule: [{ cron: "${schedule}" }]
  workflow_dispatch:
    inputs:
      action: { description: "${QUESTIONS.SLIPWAY_ACTION}", type: choice, options: [${ACTIONS.join(", ")}] }
      environment: { description: "${QUESTIONS.SLIPWAY_ENVIRONMENT}", type: choice, options: [${ENVIRONMENTS.join(", ")}] }
      version: { description: "${QUESTIONS.SLIPWAY_VERSION}", type: string }
permissions: { contents: read, id-token: write, pull-requests: write, security-events: write }
jobs:
  slipway:
    runs-on: ubuntu-24.04
    timeout-minutes: ${LIMIT_MINUTES}
    steps:
      - uses: ${USES.checkout}
        with: { fetch-depth: 0, persist-credentials: false }
      - uses: ${USES.node}
        with: { node-version: "${PINNED.node}" }
      - name: Slipway
        run: ${command("github")}
        env:
          GITHUB_TOKEN: \${{ github.token }}
          SLIPWAY_ACTION: \${{ inputs.action }}
          SLIPWAY_ENVIRONMENT: \${{ inputs.environment }}
          SLIPWAY_VERSION: \${{ inputs.version }}
${[...variables.map((name) => entry(name, "vars")), ...secrets.map((name) => entry(name, "secrets"))].join("\n")}
      - uses: ${USES.artifact}
        if: always()
        with: { name: "slipway-\${{ github.run_attempt }}", path: out, if-no-files-found: ignore }
`

const entry = (name: string, context: string): string => `          ${name}: \${{ ${context}.${name} }}`
