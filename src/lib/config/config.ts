import { dnsLabel, duration, httpUrl, imageReference, namesRegistry, noCredentials, path } from "./rules.js"
import { pinned, pythonVersion, registryPrefix, seconds } from "./rules.js"
import { deepFreeze, defaultOf, type SectionSpec, type Value } from "./spec.js"

/** The tools of the quality stage, in the order in which reports list them. */
export const CHECKS = ["black", "isort", "flake8", "mypy", "bandit"] as const

/** What the stages need images for. */
export const IMAGE_ROLES = ["python", "git"] as const

/** All that is known of `slipway.yaml`. A new key is added here, and nowhere else. */
export const spec = {
  kind: "section",
  doc: "What Slipway should do differently for this service. Every key may be left out.",
  fields: {
    version: {
      kind: "choice",
      doc: "The version of this file's format.",
      values: [1],
      default: 1,
    },
    name: {
      kind: "text",
      doc: "The service's name, a DNS label. Left out, it is the project's name in pyproject.toml.",
      rules: [dnsLabel],
    },
    python: {
      kind: "section",
      doc: "The Python that the service runs on, and where its packages come from.",
      fields: {
        version: {
          kind: "text",
          doc: 'The version of Python, in quotes: "3.11". Left out, it follows from pyproject.toml.',
          rules: [pythonVersion],
          // 3.10 is missing: YAML reads it as the number 3.1.
          numbers: [3.9, 3.11, 3.12, 3.13, 3.14, 3.15, 3.16, 3.17, 3.18, 3.19],
        },
        requirements: {
          kind: "list",
          doc: "The files that list the packages to install. Left out, they are searched for.",
          item: { kind: "text", rules: path },
        },
        index: {
          kind: "text",
          doc: "The package index to install from, instead of PyPI. A password belongs in a secret.",
          rules: [noCredentials, httpUrl],
        },
      },
    },
    quality: {
      kind: "section",
      doc: "What the quality stage runs, and on which files.",
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
          doc: "The files and folders that they look at.",
          item: { kind: "text", rules: path },
          nonEmpty: true,
          default: ["."],
        },
      },
    },
    parallel: {
      kind: "integer",
      doc: "How many stages may run at once.",
      minimum: 1,
      maximum: 64,
      default: 2,
    },
    timeout: {
      kind: "text",
      doc: 'How long a stage may take, for example "30s", "10m" or "1h".',
      rules: [duration],
      convert: seconds,
      default: "10m",
    },
    images: {
      kind: "section",
      doc: "Where images come from, for networks that can't reach the public registries.",
      fields: {
        prefix: {
          kind: "text",
          doc: 'A registry, and a path in it, put in front of every image: "mirror.example.com/hub".',
          rules: [namesRegistry, registryPrefix],
        },
        replace: {
          kind: "map",
          doc: "Images to use instead of Slipway's own, each with a tag or digest.",
          keys: IMAGE_ROLES,
          item: { kind: "text", rules: [imageReference, pinned] },
          default: {},
        },
      },
    },
  },
} as const satisfies SectionSpec

/** What `slipway.yaml` says, with the defaults where it says nothing. */
export type Config = Value<typeof spec>

export const DEFAULTS: Config = deepFreeze(defaultOf(spec) as Config)
