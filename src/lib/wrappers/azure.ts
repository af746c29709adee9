import { ENVIRONMENTS } from "../config/deploy.js"
import { ACTIONS, BASES, BRANCHES, type Description, HEADER, LIMIT_MINUTES } from "./description.js"
import { PINNED, QUESTIONS } from "./description.js"
import { command } from "./script.js"

const branches = BRANCHES.map((name) => (name.endsWith("/") ? `${name}*` : name)).join(", ")

/**
 * The pipeline of Azure Pipelines.
 *
 * `lockBehavior` makes runs wait for each other if a resource that they use, such as the service connection, has the
 * check "exclusive lock".
 */
export const azure = ({ secrets, variables, schedule, connection }: Description): string => `# ${HEADER}
trigger:
  batch: false
  branches: { include: [${branches}] }
  tags: { include: ["v*"] }
pr:
  autoCancel: false
  branches: { include: [${BASES.join(", ")}] }
schedules:
  - { cron: "${schedule}", displayName: Drift and scans, branches: { include: [main] }, always: true }
lockBehavior: sequential
parameters:
  - { name: action, displayName: "${QUESTIONS.SLIPWAY_ACTION}", type: string, default: ${ACTIONS[0]}, values: [${ACTIONS.join(", ")}] }
  - { name: environment, displayName: "${QUESTIONS.SLIPWAY_ENVIRONMENT}", type: string, default: ${ENVIRONMENTS[0]}, values: [${ENVIRONMENTS.join(", ")}] }
  - { name: version, displayName: "${QUESTIONS.SLIPWAY_VERSION}", type: string, default: " " }
jobs:
  - job: slipway
    pool: { vmImage: ubuntu-24.04 }
    timeoutInMinutes: "${LIMIT_MINUTES}"
    steps:
      - checkout: self
        fetchDepth: "0"
        persistCredentials: false
      - task: NodeTool@0
        inputs: { versionSpec: "${PINNED.node}" }
${callOf(connection)}
        displayName: Slipway
        env:
          SYSTEM_ACCESSTOKEN: $(System.AccessToken)
          SLIPWAY_ACTION: "\${{ parameters.action }}"
          SLIPWAY_ENVIRONMENT: "\${{ parameters.environment }}"
          SLIPWAY_VERSION: "\${{ parameters.version }}"
${[...variables, ...secrets].map((name) => `          ${name}: $(${name})`).join("\n")}
      - task: PublishTestResults@2
        condition: always()
        inputs: { testResultsFormat: JUnit, testResultsFiles: out/junit/*.xml }
      - task: PublishCodeCoverageResults@2
        condition: always()
        inputs: { summaryFileLocation: out/coverage/coverage.xml }
      - publish: out/sarif
        artifact: CodeAnalysisLogs
        condition: always()
      - publish: out
        artifact: slipway-$(System.JobAttempt)
        condition: always()
`

/** The step; with a service connection its environment has a token for Azure and can request others. */
const callOf = (connection: string | undefined): string =>
  connection === undefined
    ? `      - script: ${command("azure")}`
    : `      - task: AzureCLI@2
        inputs:
          azureSubscription: ${JSON.stringify(connection)}
          addSpnToEnvironment: true
          scriptType: bash
          scriptLocation: inlineScript
          inlineScript: ${command("azure")}`
