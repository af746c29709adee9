import {
  ACTIONS,
  type Description,
  HEADER,
  LIMIT_MINUTES,
  PINNED,
  ofServices,
  QUESTIONS,
} from "./description.js"
import { checksCommand, deliveryCommand, deliveryScript, indented } from "./script.js"

const IMAGES = { node: `node:${PINNED.node}-alpine`, docker: "docker:29.0.4-dind" }

/**
 * The pipeline of GitLab CI.
 *
 * GitLab puts the variables of a job's environment into its shell, those that are protected for protected branches and
 * tags alone; schedules are set up in the project.
 */
export const gitlab = (description: Description): string => `# ${HEADER}
workflow:
  auto_cancel: { on_new_commit: none }
  # A push to a branch with an open merge request has the pipeline of that alone.
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS && ${own(description)}
      when: never
    - when: always
variables:
  GIT_DEPTH: "0"
  SLIPWAY_ACTION:
    description: "${QUESTIONS.SLIPWAY_ACTION}"
    value: ${ACTIONS[0]}
    options: [${ACTIONS.join(", ")}]
  SLIPWAY_ENVIRONMENT:
    description: "${QUESTIONS.SLIPWAY_ENVIRONMENT}"
    value: ${description.environments[0] ?? ""}
    options: [${description.environments.join(", ")}]
${ofServices(
  description,
  (names, first) => `  SLIPWAY_SERVICE:
    description: "${QUESTIONS.SLIPWAY_SERVICE}"
    value: ${first}
    options: [${names}]
`,
)}  SLIPWAY_VERSION:
    description: "${QUESTIONS.SLIPWAY_VERSION}"
    value: ""
.slipway:
  image: ${IMAGES.node}
  services: [{ name: "${IMAGES.docker}", alias: docker }]
  variables:
    DOCKER_HOST: tcp://docker:2376
    DOCKER_TLS_CERTDIR: /certs
    DOCKER_TLS_VERIFY: "1"
    DOCKER_CERT_PATH: /certs/client
  interruptible: false
  timeout: ${LIMIT_MINUTES} minutes
  artifacts:
    when: always
    paths: [out/]
checks:
  extends: .slipway
  stage: test
  rules: [{ if: $SLIPWAY_ACTION == "${ACTIONS[0]}" }]
  script:
    - ${checksCommand("gitlab")}
  coverage: '/^✓ coverage +(\\d+(?:\\.\\d+)?) %/'
  artifacts:
    when: always
    expose_as: Slipway
    paths: [out/]
    reports:
      junit: [out/junit/*.xml, out/*/junit/*.xml]
      coverage_report: { coverage_format: cobertura, path: out/**/coverage/coverage.xml }
      codequality: out/gitlab/code-quality.json
      annotations: out/gitlab/annotations.json
.delivery:
  extends: .slipway
  stage: deploy
  id_tokens:
    AZURE_OIDC_TOKEN: { aud: "api://AzureADTokenExchange" }
    SIGSTORE_ID_TOKEN: { aud: sigstore }
  script:
    - |
${indented(deliveryScript("gitlab", description), 6)}
${jobs(description)}`

/** A branch that pushes deploy, or that others are merged into: its own pipelines never give way to a merge request's. */
const own = ({ main, develop, hotfixes }: Description): string =>
  [
    `$CI_COMMIT_BRANCH != "${main}"`,
    `$CI_COMMIT_BRANCH != "${develop}"`,
    ...(hotfixes ? ["$CI_COMMIT_BRANCH !~ /^hotfix\\//"] : []),
  ].join(" && ")

const PROTECTED = '$CI_COMMIT_REF_PROTECTED == "true"'
const pushed = (ref: string): string => `${PROTECTED} && $CI_PIPELINE_SOURCE == "push" && ${ref}`
const asked = (environment: string): string =>
  `${PROTECTED} && $SLIPWAY_ACTION =~ /^(deploy|rollback)$/ && $SLIPWAY_ENVIRONMENT == "${environment}"`

const jobs = (description: Description): string =>
  [
    ...(description.plans ? [job("plan", [OF_MEMBER], "needs: []")] : []),
    ...(description.previews ? [job("preview", [OF_MEMBER], ...previewScript(description))] : []),
    ...description.environments.map((name) => job(name, [...entered(name, description), asked(name)])),
    job(
      "maintenance",
      [`${PROTECTED} && $CI_PIPELINE_SOURCE == "schedule"`, `${PROTECTED} && $SLIPWAY_ACTION == "drift"`],
      "needs: []",
    ),
  ].join("")

const previewScript = (description: Description): string[] => [
  "script:",
  "  - |",
  ...deliveryScript("gitlab", description, deliveryCommand("gitlab", "preview")).map((line) => `    ${line}`),
]

/** The pushes that enter an environment. */
const entered = (environment: string, { entries, hotfixes, develop }: Description): string[] => [
  ...(entries.develop === environment ? [pushed(`$CI_COMMIT_BRANCH == "${develop}"`)] : []),
  ...(entries.develop === environment && hotfixes ? [pushed("$CI_COMMIT_BRANCH =~ /^hotfix\\//")] : []),
  ...(entries.prerelease === environment ? [pushed("$CI_COMMIT_TAG =~ /^v[^-]*-/")] : []),
  ...(entries.version === environment ? [pushed("$CI_COMMIT_TAG =~ /^v[^-]*$/")] : []),
]

/** A merge request that doesn't come from a fork. */
const OF_MEMBER =
  '$CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID'

/** A job of the environment that gives it its secrets. */
const job = (environment: string, rules: readonly string[], ...more: string[]): string => `${environment}:
  extends: .delivery
${indented([...more, `environment: ${environment}`, `resource_group: ${environment}`, "rules:"], 2)}
${indented(
  rules.map((rule) => `- if: ${rule}`),
  4,
)}
`
