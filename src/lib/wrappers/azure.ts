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
import { checksCommand, deliveryScript, indented } from "./script.js"

const pushed = (description: Description): string =>
  branchesOf(description)
    .map((name) => (name.endsWith("/") ? `${name}*` : name))
    .join(", ")

const REASON = "variables['Build.Reason']"
const REF = "variables['Build.SourceBranch']"
const is = (reason: string): string => `eq(${REASON}, '${reason}')`
const either = (first: string, ...others: string[]): string =>
  others.length === 0 ? first : `or(${[first, ...others].join(", ")})`

/** The name of the variable group, and so of the secrets, known before the run starts. */
const environmentOf = (description: Description): string =>
  `iif(${is("PullRequest")}, 'plan', iif(or(${is("Schedule")}, eq(parameters.action, 'drift')), 'maintenance', iif(ne(parameters.action, 'checks'), parameters.environment, ${entered(description)})))`

/** The environment that a push or a tag enters. */
function entered({ entries: { develop, prerelease, version } }: Description): string {
  const tag = `startsWith(${REF}, 'refs/tags/')`
  const other = prerelease === develop ? `'${develop}'` : `iif(${tag}, '${prerelease}', '${develop}')`
  return `iif(and(${tag}, not(contains(${REF}, '-'))), '${version}', ${other})`
}

/**
 * The pipeline of Azure Pipelines.
 *
 * `lockBehavior` makes runs wait for each other if a resource that they use, such as the service connection, has the
 * check "exclusive lock".
 */
export const azure = (description: Description): string => `# ${HEADER}
trigger:
  batch: false
  branches: { include: [${pushed(description)}] }
  tags: { include: ["v*"] }
pr:
  autoCancel: false
  branches: { include: [${basesOf(description).join(", ")}] }
schedules:
  - { cron: "${description.schedule}", displayName: Drift and scans, branches: { include: [${description.main}] }, always: true }
lockBehavior: sequential
parameters:
  - { name: action, displayName: "${QUESTIONS.SLIPWAY_ACTION}", type: string, default: ${ACTIONS[0]}, values: [${ACTIONS.join(", ")}] }
  - { name: environment, displayName: "${QUESTIONS.SLIPWAY_ENVIRONMENT}", type: string, default: ${description.environments[0] ?? ""}, values: [${description.environments.join(", ")}] }
${ofServices(
  description,
  (names, first) =>
    `  - { name: service, displayName: "${QUESTIONS.SLIPWAY_SERVICE}", type: string, default: ${first}, values: [${names}] }\n`,
)}  - { name: version, displayName: "${QUESTIONS.SLIPWAY_VERSION}", type: string, default: " " }
variables:
  environment: \${{ ${environmentOf(description)} }}
stages:
  - stage: checks
    condition: or(ne(${REASON}, 'Manual'), eq('\${{ parameters.action }}', 'checks'))
    jobs:
      - job: checks
${checkGroup(description)}${head()}
          - script: ${checksCommand("azure")}
            displayName: Slipway
            env:
              SLIPWAY_ACTION: "\${{ parameters.action }}"
${checkSecretsIn(description.secrets)
  .map((name) => `              ${name}: $(${name})\n`)
  .join("")}          - task: PublishTestResults@2
            condition: always()
            inputs: { testResultsFormat: JUnit, testResultsFiles: out/**/junit/*.xml }
          - task: PublishCodeCoverageResults@2
            condition: always()
            inputs: { summaryFileLocation: out/**/coverage/coverage.xml }
${ofServices(description, () => TOGETHER)}          - publish: out/sarif
            artifact: CodeAnalysisLogs
            condition: always()
${kept("checks")}
  - stage: delivery
    dependsOn: checks
    condition: and(not(canceled()), or(in(dependencies.checks.result, 'Succeeded', 'SucceededWithIssues', 'Skipped'), ${is("Schedule")}), ${delivered(description)})
    jobs:
      - job: delivery
        variables: [{ group: "slipway-\${{ variables.environment }}" }]
${head()}
${call(description)}
            displayName: Slipway
            env:
              SYSTEM_ACCESSTOKEN: $(System.AccessToken)
              SLIPWAY_ACTION: "\${{ parameters.action }}"
              SLIPWAY_ENVIRONMENT: "\${{ parameters.environment }}"
${ofServices(description, () => '              SLIPWAY_SERVICE: "${{ parameters.service }}"\n')}              SLIPWAY_VERSION: "\${{ parameters.version }}"
${indented(variables(description), 14)}
${kept("delivery")}
`

/** Lays the logs of all services into one folder: Azure shows those of one artifact, and wants it to exist. */
const TOGETHER = `          - script: |
              mkdir -p out/sarif
              for log in out/*/sarif/*.sarif; do
                [ ! -f "$log" ] || cp "$log" "out/sarif/$(echo "$log" | cut -d/ -f2)-$(basename "$log")"
              done
            displayName: Logs of all services
            condition: always()
`

/** The variable group of the checks' job; none without secrets. */
const checkGroup = ({ secrets }: Description): string =>
  checkSecretsIn(secrets).length === 0 ? "" : "        variables: [{ group: slipway-checks }]\n"

const head = (): string => `        pool: { vmImage: ubuntu-24.04 }
        timeoutInMinutes: "${LIMIT_MINUTES}"
        steps:
          - checkout: self
            fetchDepth: "0"
            persistCredentials: false
          - task: NodeTool@0
            inputs: { versionSpec: "${PINNED.node}" }`

const kept = (stage: string): string => `          - publish: out
            artifact: slipway-${stage}-$(System.JobAttempt)
            condition: always()`

/** The condition for a delivery; a form's runs are limited by the checks of its variable group. */
const delivered = ({ hotfixes, plans, develop }: Description): string => {
  const refs = [
    `eq(${REF}, 'refs/heads/${develop}')`,
    `startsWith(${REF}, 'refs/tags/')`,
    ...(hotfixes ? [`startsWith(${REF}, 'refs/heads/hotfix/')`] : []),
  ]
  return either(
    is("Schedule"),
    `and(${is("Manual")}, ne('\${{ parameters.action }}', 'checks'))`,
    `and(in(${REASON}, 'IndividualCI', 'BatchedCI'), ${either(refs[0] ?? "", ...refs.slice(1))})`,
    ...(plans ? [`and(${is("PullRequest")}, ne(variables['System.PullRequest.IsFork'], 'True'))`] : []),
  )
}

/** The variables of the job; production's aren't asked for in staging, even if they are the pipeline's by mistake. */
const variables = (description: Description): string[] => {
  const { variables, plans } = description
  const all = new Set([...deliverySecretsIn(description), ...(plans ? secretsIn("plan", description) : [])])
  return [...new Set([...variables, ...[...all].sort()])].map((name) => {
    const others = notAskedIn(name, description).map((scope) => `eq(variables.environment, '${scope}')`)
    const [first] = others
    return first === undefined
      ? `${name}: $(${name})`
      : `${name}: \${{ iif(${either(first, ...others.slice(1))}, '', '$(${name})') }}`
  })
}

/** The step; with a service connection its environment has a token for Azure and can request others. */
const call = (description: Description): string => {
  const { connection } = description
  const script = (spaces: number) => indented(deliveryScript("azure", description), spaces)
  if (connection === undefined) return `          - script: |\n${script(14)}`
  const named = connection.replaceAll("{environment}", "${{ variables.environment }}")
  return `          - task: AzureCLI@2
            inputs:
              azureSubscription: ${JSON.stringify(named)}
              addSpnToEnvironment: true
              scriptType: bash
              scriptLocation: inlineScript
              inlineScript: |
${script(16)}`
}
