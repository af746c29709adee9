import {
  sizeBytes,
  buildArgumentRule,
  builderRule,
  commandRule,
  dockerStageRule,
  httpUrlRule,
  identityRule,
  namesRegistryRule,
  noCredentialsRule,
  pathRules,
  registryHostRule,
  repositoryPathRule,
  sizeRule,
  sourceOrUnknownRule,
  urlPathRule,
} from "./rules.js"

/** The platforms that images can be built for. */
export const PLATFORMS = ["linux/amd64", "linux/arm64"] as const

/** The kinds of tags of a published image. */
export const TAG_KINDS = ["version", "minor", "major", "branch", "commit", "latest"] as const

/** The groups of stages that a release may have to pass. */
export const GATE_GROUPS = ["quality", "security", "tests", "image"] as const

/** What passes of the vulnerabilities without a fix: all, those that the distribution won't fix, or none. */
export const UNFIXED_POLICIES = ["report", "triaged", "fail"] as const

/** The section `image`. */
export const imageSection = {
  kind: "section",
  doc: "The build of the service's image and its gates.",
  fields: {
    platforms: {
      kind: "list",
      doc: "The platforms to build for.",
      item: { kind: "choice", values: PLATFORMS },
      nonEmpty: true,
      default: PLATFORMS,
    },
    dockerfile: {
      kind: "text",
      doc: "The Dockerfile. Default: `Dockerfile`, else the only one elsewhere; without one, Slipway builds an image for Python itself.",
      rules: pathRules,
    },
    target: {
      kind: "text",
      doc: "The stage of the Dockerfile to build. Default: the last.",
      rules: [dockerStageRule],
    },
    args: {
      kind: "list",
      doc: 'Build arguments, such as "EXTRAS=gpu".',
      item: { kind: "text", rules: [buildArgumentRule] },
      default: [],
    },
    command: {
      kind: "list",
      doc: "The command of Slipway's own image. Default: the `web` line of a Procfile, or the project's only script.",
      item: { kind: "text", rules: [commandRule] },
      mayRepeat: true,
      nonEmpty: true,
    },
    port: {
      kind: "integer",
      doc: "The port of the service in Slipway's own image.",
      minimum: 1,
      maximum: 65_535,
      default: 8000,
    },
    health: { kind: "text", doc: "The path of the health check.", rules: [urlPathRule], default: "/health" },
    unfixed: {
      kind: "choice",
      doc: "Fail the gate for a vulnerability without a fix (fail), but not where the distribution has declared that it won't fix it (triaged), or never (report). Report and attested gates name what passes.",
      values: UNFIXED_POLICIES,
      default: "triaged",
    },
    budget: {
      kind: "text",
      doc: 'The maximum compressed size of one platform\'s image, such as "200MB". Default: no limit.',
      rules: [sizeRule],
      convert: sizeBytes,
    },
    context: {
      kind: "text",
      doc: "The size of the build context above which a warning is reported.",
      rules: [sizeRule],
      convert: sizeBytes,
      default: "100MB",
    },
  },
} as const

/** The section `release`. */
export const releaseSection = {
  kind: "section",
  doc: "The publication and signing of images.",
  fields: {
    registry: {
      kind: "text",
      doc: 'The registry, such as "team.azurecr.io". Without it, `ci` publishes nothing.',
      rules: [registryHostRule, namesRegistryRule],
    },
    repository: {
      kind: "text",
      doc: 'The repository in it, such as "audio/upscaler". Default: the service\'s name.',
      rules: [repositoryPathRule],
    },
    source: {
      kind: "text",
      doc: "The URL of the service's sources, for labels and provenance. Default: that of git's `origin`.",
      rules: [noCredentialsRule, httpUrlRule],
    },
    sources: {
      kind: "list",
      doc: "Further repositories whose releases are accepted, such as its URL before a move; unknown accepts those that name none.",
      item: { kind: "text", rules: [noCredentialsRule, sourceOrUnknownRule] },
      default: [],
    },
    builders: {
      kind: "list",
      doc: "Further builders whose releases are accepted beside Slipway's, by their id; unknown accepts those that name none.",
      item: { kind: "text", rules: [builderRule] },
      default: [],
    },
    tags: {
      kind: "list",
      doc: "The tags to set. A version gives 1.2.3, 1.2 and 1; `latest` follows versions too.",
      item: { kind: "choice", values: TAG_KINDS },
      nonEmpty: true,
      default: ["version", "minor", "major", "branch", "commit"],
    },
    gates: {
      kind: "list",
      doc: "The groups of stages that a release must have passed, with every stage that is configured.",
      item: { kind: "choice", values: GATE_GROUPS },
      nonEmpty: true,
      default: GATE_GROUPS,
    },
    key: {
      kind: "text",
      doc: "The file in the source with cosign's public key, which verifies releases.",
      rules: pathRules,
    },
    identity: {
      kind: "text",
      doc: "The signer without a key: the identity in the certificate. In a URL, * stands for any text without a slash.",
      rules: [identityRule],
    },
    issuer: {
      kind: "text",
      doc: "The issuer of that identity, such as https://token.actions.githubusercontent.com.",
      rules: [noCredentialsRule, httpUrlRule],
    },
    log: {
      kind: "choice",
      doc: "Record signatures in a transparency log, which keyless ones need.",
      values: [true, false],
      default: true,
    },
    signingConfig: {
      kind: "text",
      doc: "The file in the source with the services of a private Sigstore. Default: the public ones.",
      rules: pathRules,
    },
    trustedRoot: {
      kind: "text",
      doc: "The file in the source with that Sigstore's keys and certificates.",
      rules: pathRules,
    },
  },
} as const
