import {
  debianPackageRule,
  dnsLabelRule,
  durationRule,
  folderRule,
  httpUrlRule,
  imageReferenceRule,
  namesRegistryRule,
  noCredentialsRule,
  pathRules,
  printableRule,
} from "./rules.js"
import {
  pinnedRule,
  pythonVersionRule,
  registryPrefixRule,
  repositoryRule,
  durationSeconds,
} from "./rules.js"
import { branchesSection } from "./branches.js"
import { dastSection } from "./dast.js"
import { cleanupSection } from "./cleanup.js"
import { deploySection } from "./deploy.js"
import { infraSection } from "./infra.js"
import { loadSection } from "./load.js"
import { monitoringSection } from "./monitoring.js"
import { notifySection } from "./notify.js"
import { imageSection, releaseSection } from "./supplyChain.js"
import { suitesSection } from "./tests.js"
import { wrappersSection } from "./wrappers.js"
import { deepFreeze, defaultOf, type SectionSpec, type Value } from "./spec.js"

/** The tools of the quality stage, in the order of the reports. */
export const CHECKS = ["black", "isort", "flake8", "mypy", "bandit"] as const

/** The checks of the security stage. */
export const SCANS = ["vulnerabilities", "secrets", "misconfiguration", "suppressions"] as const

/** Trivy's severities of a finding, the worst last. */
export const SEVERITIES = ["unknown", "low", "medium", "high", "critical"] as const

/** The roles that the stages need images for. */
export const IMAGE_ROLES = [
  "python",
  "pythonFull",
  "git",
  "postgres",
  "redis",
  "mysql",
  "mariadb",
  "mongodb",
  "rabbitmq",
  "trivy",
  "regctl",
  "cosign",
  "registry",
  "terraform",
  "opentofu",
  "k6",
  "zap",
  "k3s",
  "kubectl",
  "helm",
  "prometheus",
] as const

/** The specification of `slipway.yaml`, from which everything else follows. */
export const spec = {
  kind: "section",
  doc: "Settings of a service. Every key is optional.",
  fields: {
    version: { kind: "choice", doc: "The version of this file's format.", values: [1], default: 1 },
    name: {
      kind: "text",
      doc: "The service's name, a DNS label. Default: the project's name in pyproject.toml.",
      rules: [dnsLabelRule],
    },
    services: {
      kind: "named",
      doc: "The services of a repository, each with its folder. Only in the root's file; [several services](services.md).",
      name: dnsLabelRule,
      item: { kind: "text", rules: [...pathRules, folderRule] },
      default: [],
    },
    shared: {
      kind: "list",
      doc: "Folders and files that the services use beside their own, from the repository's root.",
      item: { kind: "text", rules: [...pathRules, folderRule] },
      default: [],
    },
    python: {
      kind: "section",
      doc: "The version of Python and the sources of packages.",
      fields: {
        version: {
          kind: "text",
          doc: 'The version of Python, in quotes: "3.11". Default: what a file of the service names, else the newest that its packages and pinned tools support.',
          rules: [pythonVersionRule],
          // 3.10 is missing: YAML reads it as the number 3.1.
          numbers: [3.9, 3.11, 3.12, 3.13, 3.14, 3.15, 3.16, 3.17, 3.18, 3.19],
        },
        requirements: {
          kind: "list",
          doc: "The files that list the packages to install. Default: those that are found.",
          item: { kind: "text", rules: pathRules },
        },
        index: {
          kind: "text",
          doc: "The package index to install from. A password belongs in a secret. Default: PyPI.",
          rules: [noCredentialsRule, httpUrlRule],
        },
        packages: {
          kind: "list",
          doc: "Debian packages to install before those of Python are: libpq-dev, for example.",
          item: { kind: "text", rules: [debianPackageRule] },
          default: [],
        },
      },
    },
    quality: {
      kind: "section",
      doc: "The checks of the quality stage and the files they read.",
      fields: {
        checks: {
          kind: "list",
          doc: "The tools that must find nothing.",
          item: { kind: "choice", values: CHECKS },
          nonEmpty: true,
          default: CHECKS,
        },
        paths: {
          kind: "list",
          doc: "The files and folders to check.",
          item: { kind: "text", rules: pathRules },
          nonEmpty: true,
          default: ["."],
        },
      },
    },
    tests: suitesSection,
    security: {
      kind: "section",
      doc: "The checks of the security stage and their gates.",
      fields: {
        checks: {
          kind: "list",
          doc: "The checks that must pass.",
          item: { kind: "choice", values: SCANS },
          nonEmpty: true,
          default: SCANS,
        },
        severity: {
          kind: "choice",
          doc: "The lowest severity at which a vulnerability fails the gate.",
          values: SEVERITIES,
          default: "critical",
        },
        misconfiguration: {
          kind: "choice",
          doc: "The lowest severity at which a misconfiguration fails the gate.",
          values: SEVERITIES,
          default: "critical",
        },
        database: {
          kind: "section",
          doc: "Trivy's database of vulnerabilities.",
          fields: {
            repository: {
              kind: "text",
              doc: 'The repository to download it from, such as "mirror.example.com/aquasecurity/trivy-db:2". Default: Trivy\'s own.',
              rules: [namesRegistryRule, repositoryRule],
            },
            file: {
              kind: "text",
              doc: "A database in the source to use instead: the db.tar.gz of Trivy's artifact.",
              rules: pathRules,
            },
            maximumAge: {
              kind: "text",
              doc: "The maximum age of the database.",
              rules: [durationRule],
              convert: durationSeconds,
              default: "48h",
            },
          },
        },
      },
    },
    image: imageSection,
    release: releaseSection,
    infra: infraSection,
    deploy: deploySection,
    load: loadSection,
    dast: dastSection,
    notify: notifySection,
    monitoring: monitoringSection,
    branches: branchesSection,
    wrappers: wrappersSection,
    cleanup: cleanupSection,
    parallel: {
      kind: "integer",
      doc: "The number of stages that may run at once.",
      minimum: 1,
      maximum: 64,
      default: 2,
    },
    timeout: {
      kind: "text",
      doc: 'The time limit of a stage, for example "30s", "10m" or "1h".',
      rules: [durationRule],
      convert: durationSeconds,
      default: "10m",
    },
    images: {
      kind: "section",
      doc: "The sources of images, for networks without access to the public registries.",
      fields: {
        prefix: {
          kind: "text",
          doc: 'A registry with a path, which prefixes every image: "mirror.example.com/hub".',
          rules: [namesRegistryRule, registryPrefixRule],
        },
        replace: {
          kind: "map",
          doc: "Images to use instead of Slipway's own, each with a tag or digest.",
          keys: IMAGE_ROLES,
          item: { kind: "text", rules: [imageReferenceRule, pinnedRule] },
          default: {},
        },
      },
    },
    $schema: {
      kind: "text",
      doc: "The address or path of this file's JSON schema, for editors; Slipway itself doesn't read it.",
      rules: [printableRule],
    },
  },
} as const satisfies SectionSpec

/** The content of a `slipway.yaml`, with the defaults for what it leaves out. */
export type Config = Value<typeof spec>

/** The configuration of a service without a `slipway.yaml`. */
export const DEFAULTS: Config = deepFreeze(defaultOf(spec) as Config)
