import { ENVIRONMENTS } from "../config/deploy.js"
import { ACTIONS, HEADER, LIMIT_MINUTES, PINNED, QUESTIONS } from "./description.js"
import { command } from "./script.js"

const IMAGES = { node: `node:${PINNED.node}-alpine`, docker: "docker:29.0.4-dind" }

/**
 * The pipeline of GitLab CI.
 *
 * GitLab puts its variables, including secrets, into the job's environment; schedules are set up in the project.
 */
export const gitlab = (): string => `# ${HEADER}
workflow:
  auto_cancel: { on_new_commit: none }
variables:
  GIT_DEPTH: "0"
  SLIPWAY_ACTION:
    description: "${QUESTIONS.SLIPWAY_ACTION}"
    value: ${ACTIONS[0]}
    options: [${ACTIONS.join(", ")}]
  SLIPWAY_ENVIRONMENT:
    description: "${QUESTIONS.SLIPWAY_ENVIRONMENT}"
    value: ${ENVIRONMENTS[0]}
    options: [${ENVIRONMENTS.join(", ")}]
  SLIPWAY_VERSION:
    description: "${QUESTIONS.SLIPWAY_VERSION}"
    value: ""
slipway:
  image: ${IMAGES.node}
  services: [{ name: "${IMAGES.docker}", alias: docker }]
  variables:
    DOCKER_HOST: tcp://docker:2376
    DOCKER_TLS_CERTDIR: /certs
    DOCKER_TLS_VERIFY: "1"
    DOCKER_CERT_PATH: /certs/client
  id_tokens:
    AZURE_OIDC_TOKEN: { aud: "api://AzureADTokenExchange" }
    SIGSTORE_ID_TOKEN: { aud: sigstore }
  rules: [{ when: always }]
  interruptible: false
  resource_group: $CI_COMMIT_REF_SLUG
  timeout: ${LIMIT_MINUTES} minutes
  script:
    - ${command("gitlab")}
  coverage: '/^✓ coverage +(\\d+(?:\\.\\d+)?) %/'
  artifacts:
    when: always
    expose_as: Slipway
    paths: [out/]
    reports:
      junit: out/junit/*.xml
      coverage_report: { coverage_format: cobertura, path: out/coverage/coverage.xml }
      codequality: out/gitlab/code-quality.json
      annotations: out/gitlab/annotations.json
`
