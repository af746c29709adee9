import {
  ACTIONS,
  basesOf,
  checkSecretsIn,
  type Description,
  HEADER,
  LIMIT_MINUTES,
  PINNED,
  ofServices,
  QUESTIONS,
} from "./description.js"
import { checksCommand, deliveryScript, indented } from "./script.js"

const NO_BRANCH = "branches: { ignore: /.*/ }"

const SCHEDULED = "{ equal: [schedule, << pipeline.trigger.type >>] }"
const action = (name: (typeof ACTIONS)[number]): string =>
  `{ equal: [${name}, << pipeline.parameters.action >>] }`

/** The filters of what enters an environment: branches and tags; empty for nothing. */
function filtersOf(environment: string, { entries, hotfixes, develop }: Description): string {
  const tags = [
    ...(entries.prerelease === environment ? ['"/v[^-]*-.*/"'] : []),
    ...(entries.version === environment ? ['"/v[^-]*/"'] : []),
  ]
  const tagged =
    tags.length === 0 ? [] : [`tags: { only: ${tags.length === 1 ? tags[0] : `[${tags.join(", ")}]`} }`]
  if (entries.develop !== environment)
    return [...tagged, ...(tagged.length > 0 ? [NO_BRANCH] : [])].join(", ")
  return [`branches: { only: [${develop}${hotfixes ? ", /hotfix\\/.*/" : ""}] }`, ...tagged].join(", ")
}

/** A job of a workflow, with the context that gives it its secrets. */
const delivery = (scope: string, ...more: string[]): string =>
  `      - delivery: { ${[
    `name: ${scope}`,
    `context: [slipway-${scope}]`,
    `serial-group: << pipeline.project.slug >>/slipway/${scope}`,
    ...more,
  ].join(", ")} }`

/** The context of the checks' job; none without secrets. */
const checksContext = ({ secrets }: Description): string[] =>
  checkSecretsIn(secrets).length === 0 ? [] : ["context: [slipway-checks]"]

/** A workflow that a form starts. */
const asked = (scope: string, when: string): string => `  asked-${scope}:
    when: ${when}
    jobs:
${delivery(scope)}`

const job = (description: Description, name: string, command: string, more: string): string => `  ${name}:
    machine: { image: "ubuntu-2404:current" }
    resource_class: large
    environment:
      SLIPWAY_ACTION: << pipeline.parameters.action >>
      SLIPWAY_ENVIRONMENT: << pipeline.parameters.environment >>
${ofServices(description, () => "      SLIPWAY_SERVICE: << pipeline.parameters.service >>\n")}      SLIPWAY_VERSION: << pipeline.parameters.version >>
      SLIPWAY_TRIGGER: << pipeline.trigger.type >>
    steps:
      - checkout: { method: full }
      - node/install: { node-version: "${PINNED.node}" }
      - run:
          name: Slipway
          no_output_timeout: ${LIMIT_MINUTES}m
          command: ${command}
${more}      - store_artifacts: { path: out }`

/**
 * The configuration of CircleCI.
 *
 * Secrets are in a context for each environment, which also gives the job an OIDC token; schedules are set up in the
 * project. Artifacts are stored after a failure too.
 */
export const circleci = (description: Description): string => `# ${HEADER}
version: 2.1
orbs:
  node: circleci/node@7.1.0
parameters:
  action: { description: "${QUESTIONS.SLIPWAY_ACTION}", type: enum, enum: [${ACTIONS.join(", ")}], default: ${ACTIONS[0]} }
  environment: { description: "${QUESTIONS.SLIPWAY_ENVIRONMENT}", type: enum, enum: [${description.environments.join(", ")}], default: ${description.environments[0] ?? ""} }
${ofServices(
  description,
  (names, first) =>
    `  service: { description: "${QUESTIONS.SLIPWAY_SERVICE}", type: enum, enum: [${names}], default: ${first} }\n`,
)}  version: { description: "${QUESTIONS.SLIPWAY_VERSION}", type: string, default: "" }
jobs:
${job(description, "checks", checksCommand("circleci"), `      - store_test_results: { path: ${ofServices(description, () => "out") || "out/junit"} }\n`)}
${job(description, "delivery", `|\n${indented(deliveryScript("circleci", description), 12)}`, "")}
workflows:
  pushed:
    when: { and: [${action("checks")}, { not: ${SCHEDULED} }] }
    jobs:
      - checks: { ${[...checksContext(description), "filters: { tags: { only: /.*/ } }"].join(", ")} }
${[
  ...(description.plans
    ? [delivery("plan", `filters: { branches: { ignore: [${basesOf(description).join(", ")}] } }`)]
    : []),
  ...description.environments.flatMap((environment) => {
    const filters = filtersOf(environment, description)
    return filters === "" ? [] : [delivery(environment, `requires: [checks], filters: { ${filters} }`)]
  }),
].join("\n")}
  scheduled:
    when: ${SCHEDULED}
    jobs:
      - checks${checksContext(description)
        .map((context) => `: { ${context} }`)
        .join("")}
${delivery("maintenance")}
${asked("maintenance", action("drift"))}
${description.environments
  .map((environment) =>
    asked(
      environment,
      `{ and: [{ or: [${action("deploy")}, ${action("rollback")}] }, { equal: [${environment}, << pipeline.parameters.environment >>] }] }`,
    ),
  )
  .join("\n")}
`
