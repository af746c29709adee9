import { ENVIRONMENTS } from "./environments.js"
import { ageRule, labelSelectorRule, namePatternRule, ageSeconds } from "./rules.js"

const span = (doc: string, value: string) =>
  ({ kind: "text", doc, rules: [ageRule], convert: ageSeconds, default: value }) as const

const newest = (doc: string, value: number) =>
  ({ kind: "integer", doc, minimum: 1, maximum: 10_000, default: value }) as const

/** The section `cleanup`. */
export const cleanupSection = {
  kind: "section",
  doc: "What earlier runs left: which of it is kept, and for how long.",
  fields: {
    apply: {
      kind: "choice",
      doc: "Let `ci` delete what `slipway cleanup` would; otherwise it only lists it.",
      values: [true, false],
      default: false,
    },
    environments: {
      kind: "list",
      doc: "The environments in use, which are asked for their images before any is deleted. Default: all.",
      item: { kind: "choice", values: ENVIRONMENTS },
    },
    releases: newest("The number of releases to keep: images tagged with a version, the newest by date.", 10),
    builds: newest(
      "The number of other builds to keep: images tagged with a commit, the newest by date.",
      10,
    ),
    minimumAge: span("The minimum age of an image to delete.", "7d"),
    protect: {
      kind: "list",
      doc: 'Tags whose images are always kept; "*" stands for any characters.',
      item: { kind: "text", rules: [namePatternRule] },
      default: ["latest", "main", "develop"],
    },
    rollbacks: {
      kind: "integer",
      doc: "The number of earlier versions that an environment can roll back to: their images and ReplicaSets are kept.",
      minimum: 1,
      maximum: 100,
      default: 5,
    },
    jobs: span("The age at which Slipway's own completed Jobs are deleted.", "1d"),
    previews: {
      kind: "section",
      doc: "Temporary namespaces: previews of pull requests, and others with a label.",
      fields: {
        label: {
          kind: "text",
          doc: 'The label of other temporary namespaces, such as "purpose=preview". Without it, only previews that Slipway made are deleted.',
          rules: [labelSelectorRule],
        },
        pattern: {
          kind: "text",
          doc: "The pattern that its name must match as well.",
          rules: [namePatternRule],
          default: "*",
        },
        age: span("The age at which it is deleted, since the last deployment of a preview.", "7d"),
      },
    },
  },
} as const
