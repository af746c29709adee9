import { ENVIRONMENTS } from "./deploy.js"
import { age, labelSelector, namePattern, spanOf } from "./rules.js"

const span = (doc: string, value: string) =>
  ({ kind: "text", doc, rules: [age], convert: spanOf, default: value }) as const

const newest = (doc: string, value: number) =>
  ({ kind: "integer", doc, minimum: 1, maximum: 10_000, default: value }) as const

/** What is kept of what earlier runs left, and for how long. */
export const cleanup = {
  kind: "section",
  doc: "What is kept of what earlier runs left, and for how long.",
  fields: {
    apply: {
      kind: "choice",
      doc: "Let `ci` delete what `slipway cleanup` would; otherwise it only lists it.",
      values: [true, false],
      default: false,
    },
    environments: {
      kind: "list",
      doc: "The environments whose clusters are asked what they run, before an image is deleted. Left out, those with a kustomization.",
      item: { kind: "choice", values: ENVIRONMENTS },
    },
    releases: newest(
      "How many releases stay: images with the tag of a version, the newest by their dates.",
      10,
    ),
    builds: newest("How many other builds stay, which have the tag of a commit, in the same way.", 10),
    minimumAge: span("How old an image is at least before it goes.", "7d"),
    protect: {
      kind: "list",
      doc: 'Tags whose images always stay; "*" stands for any characters.',
      item: { kind: "text", rules: [namePattern] },
      default: ["latest", "main", "develop"],
    },
    rollbacks: {
      kind: "integer",
      doc: "To how many earlier versions an environment can go back: their images and ReplicaSets stay.",
      minimum: 1,
      maximum: 100,
      default: 5,
    },
    jobs: span("How long ago Slipway's own Jobs have ended when they go.", "1d"),
    previews: {
      kind: "section",
      doc: "Namespaces that were made for a time. Without a label none is touched.",
      fields: {
        label: {
          kind: "text",
          doc: 'The label that such a namespace has, such as "slipway.dev/preview" or "purpose=preview".',
          rules: [labelSelector],
        },
        pattern: {
          kind: "text",
          doc: "What its name looks like besides.",
          rules: [namePattern],
          default: "*",
        },
        age: span("How long it stays after it was made.", "7d"),
      },
    },
  },
} as const
