import { ENVIRONMENTS } from "../config/deploy.js"
import { ACTIONS, type Description, HEADER, LIMIT_MINUTES, QUESTIONS } from "./description.js"
import { command } from "./script.js"

const choice = (name: keyof typeof QUESTIONS, choices: readonly string[]): string =>
  `choice(name: '${name}', choices: [${choices.map((value) => `'${value}'`).join(", ")}], description: '${QUESTIONS[name]}')`

/**
 * The pipeline of Jenkins, for a multibranch project, whose branches don't wait for each other.
 *
 * Its clones have the whole history unless a shallow one is configured.
 */
export const jenkins = ({ secrets, schedule }: Description): string => `// ${HEADER}
pipeline {
  agent { label 'slipway' }
  options {
    disableConcurrentBuilds()
    timeout(time: ${LIMIT_MINUTES}, unit: 'MINUTES')
  }
  triggers { cron(env.BRANCH_NAME == 'main' ? 'TZ=UTC\\n${schedule}' : '') }
  parameters {
    ${choice("SLIPWAY_ACTION", ACTIONS)}
    ${choice("SLIPWAY_ENVIRONMENT", ENVIRONMENTS)}
    string(name: 'SLIPWAY_VERSION', defaultValue: '', description: '${QUESTIONS.SLIPWAY_VERSION}')
  }
  stages {
    stage('Slipway') {
      environment { SLIPWAY_CAUSE = "\${currentBuild.getBuildCauses()}" }
      steps {
        withCredentials([${secrets.map((name) => `\n          string(credentialsId: '${name}', variable: '${name}'),`).join("")}
        ]) {
          sh '${command("jenkins")}'
        }
      }
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
