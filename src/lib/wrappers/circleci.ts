import { ENVIRONMENTS } from "../config/deploy.js"
import { ACTIONS, HEADER, LIMIT_MINUTES, PINNED, QUESTIONS } from "./description.js"
import { command } from "./script.js"

/**
 * The configuration of CircleCI.
 *
 * Secrets are in the context `slipway`, which also gives the job an OIDC token; schedules are set up in the project.
 * Artifacts are stored after a failure too.
 */
export const circleci = (): string => `# ${HEADER}
version: 2.1
orbs:
  node: circleci/node@7.1.0
parameters:
  action: { description: "${QUESTIONS.SLIPWAY_ACTION}", type: enum, enum: [${ACTIONS.join(", ")}], default: ${ACTIONS[0]} }
  environment: { description: "${QUESTIONS.SLIPWAY_ENVIRONMENT}", type: enum, enum: [${ENVIRONMENTS.join(", ")}], default: ${ENVIRONMENTS[0]} }
  version: { description: "${QUESTIONS.SLIPWAY_VERSION}", type: string, default: "" }
jobs:
  slipway:
    machine: { image: "ubuntu-2404:current" }
    resource_class: large
    environment:
      SLIPWAY_ACTION: << pipeline.parameters.action >>
      SLIPWAY_ENVIRONMENT: << pipeline.parameters.environment >>
      SLIPWAY_VERSION: << pipeline.parameters.version >>
      SLIPWAY_TRIGGER: << pipeline.trigger_source >>
    steps:
      - checkout: { method: full }
      - node/install: { node-version: "${PINNED.node}" }
      - run: { name: Slipway, command: ${command("circleci")}, no_output_timeout: ${LIMIT_MINUTES}m }
      - store_test_results: { path: out/junit }
      - store_artifacts: { path: out }
workflows:
  slipway:
    jobs:
      - slipway:
          context: [slipway]
          filters: { tags: { only: /.*/ } }
          serial-group: << pipeline.project.slug >>/slipway/<< pipeline.git.branch >><< pipeline.git.tag >>
`
