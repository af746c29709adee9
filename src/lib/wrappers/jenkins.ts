import { ENVIRONMENTS } from "../config/deploy.js"
import { ACTIONS, type Description, HEADER, LIMIT_MINUTES, QUESTIONS } from "./description.js"
import { type Scope, SCOPES, secretsIn } from "./description.js"
import { checksCommand, deliveryScript, indented } from "./script.js"

const choice = (name: keyof typeof QUESTIONS, choices: readonly string[]): string =>
  `choice(name: '${name}', choices: [${choices.map((value) => `'${value}'`).join(", ")}], description: '${QUESTIONS[name]}')`

const head = (label: string): string => `pipeline {
  agent { label '${label}' }
  options {
    disableConcurrentBuilds()
    timeout(time: ${LIMIT_MINUTES}, unit: 'MINUTES')
  }`

/**
 * The pipeline of checks in Jenkins, for a multibranch project without credentials, whose branches don't wait for each
 * other.
 *
 * Its clones have the whole history unless a shallow one is configured.
 */
export const jenkins = ({ schedule }: Description): string => `// ${HEADER}
${head("slipway")}
  triggers { cron(env.BRANCH_NAME == 'main' ? 'TZ=UTC\\n${schedule}' : '') }
  stages {
    stage('Slipway') {
      environment { SLIPWAY_CAUSE = "\${currentBuild.getBuildCauses()}" }
      steps { sh '${checksCommand("jenkins")}' }
    }
  }
  post {
    always {
      junit testResults: 'out/junit/*.xml', allowEmptyResults: true
      recordIssues tools: [sarif(pattern: 'out/sarif/*.sarif')], enabledForFailure: true
      recordCoverage tools: [[parser: 'COBERTURA', pattern: 'out/coverage/coverage.xml']]
      archiveArtifacts artifacts: 'out/**', allowEmptyArchive: true
    }
  }
}
`

/**
 * The pipeline of deliveries in Jenkins, for a multibranch project of each environment, which is named after it and has
 * its credentials alone.
 */
export const jenkinsDelivery = (description: Description): string => `// ${HEADER}
// For multibranch projects named ${SCOPES.join(", ")}: each has its own branches and credentials, see docs/ci-hosts.md.
def slipway = '''
${deliveryScript("jenkins", description).join("\n")}
'''
def project = env.JOB_NAME.tokenize('/')[-2]
${head("slipway-delivery")}
  triggers { cron(project == 'maintenance' && env.BRANCH_NAME == 'main' ? 'TZ=UTC\\n${description.schedule}' : '') }
  parameters {
    ${choice("SLIPWAY_ACTION", ACTIONS)}
    string(name: 'SLIPWAY_VERSION', defaultValue: '', description: '${QUESTIONS.SLIPWAY_VERSION}')
  }
  stages {
${SCOPES.filter((scope) => scope !== "plan" || description.plans)
  .map((scope) => stage(scope, secretsIn(scope, description.secrets)))
  .join("\n")}
  }
  post {
    always { archiveArtifacts artifacts: 'out/**', allowEmptyArchive: true }
  }
}
`

const stage = (scope: Scope, secrets: readonly string[]): string => `    stage('${scope}') {
      when { expression { project == '${scope}' } }
      environment {
        SLIPWAY_CAUSE = "\${currentBuild.getBuildCauses()}"
        SLIPWAY_ENVIRONMENT = '${ENVIRONMENTS.find((environment) => environment === scope) ?? ""}'
      }
      steps {
        withCredentials([
${indented(
  secrets.map((name) => `string(credentialsId: '${name}', variable: '${name}'),`),
  10,
)}
        ]) { sh slipway }
      }
    }`
