import {
  bytes,
  buildArgument,
  command,
  dockerStage,
  exactIdentity,
  httpUrl,
  namesRegistry,
  noCredentials,
  path,
  registryHost,
  repositoryPath,
  size,
  urlPath,
} from "./rules.js"

/** The platforms that images can be built for. */
export const PLATFORMS = ["linux/amd64", "linux/arm64"] as const

/** What a published image may be tagged with. */
export const TAG_KINDS = ["version", "minor", "major", "branch", "commit", "latest"] as const

/** The groups of stages that a release may have to pass. */
export const GATE_GROUPS = ["quality", "security", "tests", "image"] as const

/** How the service's image is built, and what it may hold. */
export const image = {
  kind: "section",
  doc: "How the service's image is built, and what it may hold.",
  fields: {
    platforms: {
      kind: "list",
      doc: "What it is built for.",
      item: { kind: "choice", values: PLATFORMS },
      nonEmpty: true,
      default: PLATFORMS,
    },
    dockerfile: {
      kind: "text",
      doc: "The Dockerfile. Left out, `Dockerfile`; where there is none, Slipway makes an image for Python by itself.",
      rules: path,
    },
    target: {
      kind: "text",
      doc: "The stage of the Dockerfile to build. Left out, the last.",
      rules: [dockerStage],
    },
    args: {
      kind: "list",
      doc: 'Build arguments, such as "EXTRAS=gpu".',
      item: { kind: "text", rules: [buildArgument] },
      default: [],
    },
    command: {
      kind: "list",
      doc: "What Slipway's own image runs. Left out, the `web` line of a Procfile, else the project's only script.",
      item: { kind: "text", rules: [command] },
      mayRepeat: true,
      nonEmpty: true,
    },
    port: {
      kind: "integer",
      doc: "Where the service listens, in Slipway's own image.",
      minimum: 1,
      maximum: 65_535,
      default: 8000,
    },
    health: {
      kind: "text",
      doc: "What answers while the service is well.",
      rules: [urlPath],
      default: "/health",
    },
    unfixed: {
      kind: "choice",
      doc: "Report a vulnerability without a fix, or fail the gate for it.",
      values: ["report", "fail"],
      default: "report",
    },
    budget: {
      kind: "text",
      doc: 'The most that one platform\'s image may take, compressed, such as "200MB". Left out, there is no limit.',
      rules: [size],
      convert: bytes,
    },
    context: {
      kind: "text",
      doc: "From which size on the files that are sent to the build are warned of.",
      rules: [size],
      convert: bytes,
      default: "100MB",
    },
  },
} as const

/** Where images are published, and how they are signed. */
export const release = {
  kind: "section",
  doc: "Where images are published, and how they are signed.",
  fields: {
    registry: {
      kind: "text",
      doc: 'The registry, such as "team.azurecr.io". Left out, `ci` publishes nothing.',
      rules: [registryHost, namesRegistry],
    },
    repository: {
      kind: "text",
      doc: 'The repository in it, such as "audio/upscaler". Left out, the service\'s name.',
      rules: [repositoryPath],
    },
    source: {
      kind: "text",
      doc: "The web address of the service's sources, for labels and provenance. Left out, that of git's `origin`.",
      rules: [noCredentials, httpUrl],
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
      doc: "The groups of stages that a release must have passed, all stages of them that the settings name.",
      item: { kind: "choice", values: GATE_GROUPS },
      nonEmpty: true,
      default: GATE_GROUPS,
    },
    key: {
      kind: "text",
      doc: "The file in the source with cosign's public key, by which releases are verified.",
      rules: path,
    },
    identity: {
      kind: "text",
      doc: "Who signs without a key: the exact identity in the certificate.",
      rules: [exactIdentity],
    },
    issuer: {
      kind: "text",
      doc: "Who vouches for that identity, such as https://token.actions.githubusercontent.com.",
      rules: [noCredentials, httpUrl],
    },
    log: {
      kind: "choice",
      doc: "Record signatures in a transparency log, which keyless ones need.",
      values: [true, false],
      default: true,
    },
    signingConfig: {
      kind: "text",
      doc: "The file in the source that names a private Sigstore's services. Left out, the public ones.",
      rules: path,
    },
    trustedRoot: {
      kind: "text",
      doc: "The file in the source with that Sigstore's keys and certificates.",
      rules: path,
    },
  },
} as const
