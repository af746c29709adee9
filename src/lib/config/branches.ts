import type { TextRule } from "./spec.js"

/** A name that means the same to git, to YAML and to every CI host. */
const branchNameRule: TextRule = {
  expected: 'the name of a branch, such as "master", not below feature/ or hotfix/',
  pattern: /^(?!feature\/|hotfix\/)[A-Za-z0-9][A-Za-z0-9_-]*([./][A-Za-z0-9_-]+)*$/,
}

/** The section `branches`. */
export const branchesSection = {
  kind: "section",
  doc: "The names of the repository's branches, for policy, gates and wrappers.",
  fields: {
    main: {
      kind: "text",
      doc: "The branch that versions are tagged on.",
      rules: [branchNameRule],
      default: "main",
    },
    develop: {
      kind: "text",
      doc: "The branch that is deployed by each push: to staging, or as deploy.entry says.",
      rules: [branchNameRule],
      default: "develop",
    },
  },
} as const
