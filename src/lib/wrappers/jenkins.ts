import { ACTIONS, type Description, HEADER, LIMIT_MINUTES, QUESTIONS } from "./description.js"
import { checkSecretsIn, scopesOf, secretsIn } from "./description.js"
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
 * The pipeline of checks in Jenkins, for a multibranch project whose branches don't wait for each other. It has no
 * credentials but those of package indexes.
 *
 * Its clones have the whole history unless a shallow one is configured.
 */
export const jenkins = ({ schedule, secrets, main }: Description): string => `// ${HEADER}
${checkSecretsIn(secrets).length === 0 ? "" : `${HELD}\n`}${head("slipway")}
  triggers { cron(env.BRANCH_NAME == '${main}' ? 'TZ=UTC\\n${schedule}' : '') }
  stages {
${checks(checkSecretsIn(secrets))}
  }
  post {
    always {
      junit testResults: 'out/**/junit/*.xml', allowEmptyResults: true
      recordIssues tools: [sarif(pattern: 'out/**/sarif/*.sarif')], enabledForFailure: true
      recordCoverage tools: [[parser: 'COBERTURA', pattern: 'out/**/coverage/coverage.xml']]
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
// For multibranch projects named ${scopesOf(description).join(", ")}: each has its own branches and credentials, see docs/ci-hosts.md.
def slipway = '''
${deliveryScript("jenkins", description).join("\n")}
'''
${HELD}
def project = env.JOB_NAME.tokenize('/')[-2]
${head("slipway-delivery")}
  triggers { cron(project == 'maintenance' && env.BRANCH_NAME == '${description.main}' ? 'TZ=UTC\\n${description.schedule}' : '') }
  parameters {
    ${choice("SLIPWAY_ACTION", ACTIONS)}
${description.services.length > 0 ? `    ${choice("SLIPWAY_SERVICE", description.services)}\n` : ""}    string(name: 'SLIPWAY_VERSION', defaultValue: '', description: '${QUESTIONS.SLIPWAY_VERSION}')
  }
  stages {
${scopesOf(description)
  .filter((scope) => scope !== "plan" || description.plans)
  .map((scope) => stage(scope, description))
  .join("\n")}
  }
  post {
    always { archiveArtifacts artifacts: 'out/**', allowEmptyArchive: true }
  }
}
`

/** The stages of the checks; a fork's pull request has one of its own, without credentials. */
const checks = (secrets: readonly string[]): string => {
  const command = `sh '${checksCommand("jenkins")}'`
  const of = (name: string, when: string, steps: string) => `    stage('${name}') {${when}
      environment { SLIPWAY_CAUSE = "\${currentBuild.getBuildCauses()}" }
      steps { ${steps} }
    }`
  if (secrets.length === 0) return of("Slipway", "", command)
  const when = (condition: string) => `\n      when { expression { ${condition} } }`
  return [
    of("Slipway", when("!env.CHANGE_FORK"), held(secrets, command)),
    of("Slipway, for a fork", when("env.CHANGE_FORK"), command),
  ].join("\n")
}

/** Groovy code that runs another with those of these credentials that exist. */
const held = (names: readonly string[], code: string): string =>
  `held([${names.map((name) => `'${name}'`).join(", ")}]) { ${code} }`

/** The function of `held`: Jenkins itself fails all of a block for one missing credential. */
const HELD = `// A credential that is missing is left out: what needs it fails, and says so.
def held(List names, Closure body) {
  def there = []
  for (name in names) {
    try {
      withCredentials([string(credentialsId: name, variable: name)]) { there << name }
    } catch (Exception missing) {
      echo "slipway: no credential \${name}: \${missing.message}"
    }
  }
  withCredentials(there.collect { string(credentialsId: it, variable: it) }) { body() }
}`

const stage = (scope: string, description: Description): string => `    stage('${scope}') {
      when { expression { project == '${scope}' && !env.CHANGE_FORK } }
      environment {
        SLIPWAY_CAUSE = "\${currentBuild.getBuildCauses()}"
        SLIPWAY_ENVIRONMENT = '${description.environments.includes(scope) ? scope : ""}'
      }
      steps {
        held([
${indented(
  [...new Set([...secretsIn(scope, description), ...description.variables])]
    .sort()
    .map((name) => `'${name}',`),
  10,
)}
        ]) { sh slipway }
      }
    }`
