import { CONTAINERS_MIRROR, MIRRORED_REGISTRIES } from "../../lib/addresses.js"
import { clusterRecipes } from "./cluster.js"
import { HOST_PLATFORM, type Platform } from "../debian/rootfs.js"
import { INFRA } from "./infra.js"
import { MONITORING } from "./monitoring.js"
import { K6 } from "./k6.js"
import type { Program } from "./programs.js"
import { SIGSTORE } from "./sigstore.js"
import { zap } from "./zap.js"

/** The name and tags that the registry serves an image under. */
export interface ImageName {
  /** The repository, for example `library/python`. */
  name: string
  tags: string[]
}

/** How an offline image is built: same name and commands as the real image, built from packages where that can't be pulled. */
export interface Recipe extends ImageName {
  platforms: Platform[]
  /** Debian packages, installed with their dependencies. */
  packages: string[]
  /** Run none of the packages' set-up scripts on any platform: users and alternatives are up to the recipe. */
  unpackOnly?: boolean
  /** dpkg patterns of packaged files to leave out. */
  without?: string[]
  /** Requirements with hashes, from PyPI, for Debian's Python; unpacked without running anything. */
  pypi?: string[]
  /** Commands built from Go modules, by their path, which is the one in the real image. */
  programs?: Record<string, Program>
  /** Folders built from Maven packages: target folder → source folder in `dagger/kit/images/java`. */
  java?: Record<string, string>
  /** A locale in addition to C; requires the package `locales`. */
  locale?: string
  users?: User[]
  /** Symbolic links: path → target. */
  links?: Record<string, string>
  /** Scripts and settings: path → file in this folder. */
  files?: Record<string, string>
  /** Files to remove: absent in the real image, or unwanted in an offline one. */
  remove?: string[]
  env?: Record<string, string>
  entrypoint?: string[]
  cmd?: string[]
  ports?: string[]
  workdir?: string
  /** The user that commands run as; root by default. */
  user?: string
}

/** A user that the recipe creates in place of a set-up script. */
export interface User {
  name: string
  /** The user's id and that of the group of the same name. */
  id: number
  home: string
  folders: string[]
}

export const BOTH_PLATFORMS: Platform[] = ["linux/amd64", "linux/arm64"]

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// If an image has this command, the engine runs it before and after every process, half a second each time.
const slow = "/usr/sbin/update-ca-certificates"

/** Installed along with apt, which is missing on a foreign platform; Dockerfiles add users, and wheels link to these. */
export const APT = ["adduser", "passwd", "libgcc-s1", "libstdc++6"]

const debian: Recipe = {
  name: "library/debian",
  tags: ["bookworm-slim", "12-slim"],
  platforms: BOTH_PLATFORMS,
  packages: [...APT, "base-files"],
  cmd: ["bash"],
}

/** The wheels of uv for x86_64 and aarch64. */
const UV_HASHES = [
  "4366dd740ac9ad3ec50a58868a955b032493bb7d7e6ed368289e6ced8bbc70f3",
  "93049ba3c41fa2cc38b467cb78ef61b2ddedca34b6be924a5481d7750c8111c6",
]

/** The requirement of uv, with its hashes. */
export const UV = `uv==0.9.30 ${UV_HASHES.map((hash) => `--hash=sha256:${hash}`).join(" ")}`

const python: Recipe = {
  name: "library/python",
  tags: ["3.11-slim", "3.11-slim-bookworm"],
  platforms: BOTH_PLATFORMS,
  packages: [...APT, "ca-certificates", "netbase", "python3", "python3-pip", "python3-venv", "tzdata"],
  pypi: [UV],
  links: {
    "/usr/local/bin/python": "/usr/bin/python3",
    "/usr/local/bin/python3": "/usr/bin/python3",
    "/usr/local/bin/pip": "/usr/bin/pip3",
    "/usr/local/bin/uv": "../lib/python3.11/dist-packages/bin/uv",
  },
  // Debian forbids pip in its own Python (PEP 668); the official image's Python allows it.
  remove: [slow, "/usr/lib/python3.11/EXTERNALLY-MANAGED"],
  env: { LANG: "C.UTF-8" },
  cmd: ["python3"],
}

const git: Recipe = {
  name: "alpine/git",
  tags: ["v2.49.1"],
  platforms: BOTH_PLATFORMS,
  packages: ["ca-certificates", "git", "openssh-client"],
  remove: [slow],
  entrypoint: ["git"],
  workdir: "/git",
}

const postgres: Recipe = {
  name: "library/postgres",
  tags: ["15", "15-bookworm"],
  platforms: BOTH_PLATFORMS,
  packages: ["dumb-init", "postgresql-15"],
  unpackOnly: true,
  // Perl and the JIT compiler for queries, which PostgreSQL works without: 200 of 357 MB.
  without: [
    "/usr/lib/*/libLLVM-*",
    "/usr/lib/*/libz3.so*",
    "/usr/lib/postgresql/15/lib/llvmjit*",
    "/usr/lib/postgresql/15/lib/bitcode/*",
    "/usr/lib/*/libperl.so*",
    "/usr/lib/*/perl/*",
    "/usr/share/perl/*",
  ],
  locale: "en_US",
  users: [
    {
      name: "postgres",
      id: 999,
      home: "/var/lib/postgresql",
      folders: ["/var/lib/postgresql/data", "/var/run/postgresql", "/docker-entrypoint-initdb.d"],
    },
  ],
  files: { "/usr/local/bin/docker-entrypoint.sh": "postgres/docker-entrypoint.sh" },
  env: {
    // Precedes Debian's own commands, which choose among several versions by a Perl script.
    PATH: `/usr/lib/postgresql/15/bin:${PATH}`,
    LANG: "en_US.utf8",
    PG_MAJOR: "15",
    PGDATA: "/var/lib/postgresql/data",
  },
  entrypoint: ["docker-entrypoint.sh"],
  cmd: ["postgres"],
  ports: ["5432/tcp"],
}

const redis: Recipe = {
  name: "library/redis",
  tags: ["7", "7-bookworm"],
  platforms: BOTH_PLATFORMS,
  packages: ["redis-server"],
  unpackOnly: true,
  users: [{ name: "redis", id: 999, home: "/data", folders: [] }],
  files: { "/usr/local/bin/docker-entrypoint.sh": "redis/docker-entrypoint.sh" },
  entrypoint: ["docker-entrypoint.sh"],
  cmd: ["redis-server"],
  ports: ["6379/tcp"],
  workdir: "/data",
}

const trivy: Recipe = {
  name: "aquasec/trivy",
  tags: ["0.70.0"],
  // Takes minutes to compile, and a scanner under emulation is of no use.
  platforms: [HOST_PLATFORM],
  packages: ["ca-certificates"],
  unpackOnly: true,
  programs: {
    "/usr/local/bin/trivy": {
      module: "trivy",
      package: "github.com/aquasecurity/trivy/cmd/trivy",
      flags: ["-ldflags", "-s -w -X github.com/aquasecurity/trivy/pkg/version/app.ver=0.70.0"],
      experiment: "jsonv2",
    },
  },
  remove: [slow],
  env: { TRIVY_DB_REPOSITORY: `${CONTAINERS_MIRROR}/aquasecurity/trivy-db:2` },
  entrypoint: ["trivy"],
}

const regctl: Recipe = {
  name: "regclient/regctl",
  tags: ["v0.11.7-alpine"],
  platforms: [HOST_PLATFORM],
  packages: ["ca-certificates"],
  unpackOnly: true,
  programs: {
    "/usr/local/bin/regctl": {
      module: "regctl",
      package: "github.com/regclient/regclient/cmd/regctl",
      flags: ["-ldflags", "-s -w -X github.com/regclient/regclient/internal/version.vcsTag=v0.11.7"],
    },
  },
  users: [
    {
      name: "appuser",
      id: 1000,
      home: "/home/appuser",
      folders: ["/home/appuser/.docker", "/home/appuser/.regctl"],
    },
  ],
  remove: [slow],
  user: "appuser",
  cmd: ["regctl", "--help"],
}

const helm: Recipe = {
  name: "alpine/helm",
  tags: ["4.3.2"],
  platforms: [HOST_PLATFORM],
  packages: ["ca-certificates"],
  unpackOnly: true,
  programs: {
    "/usr/bin/helm": {
      module: "helm",
      package: "helm.sh/helm/v4/cmd/helm",
      flags: ["-ldflags", "-s -w -X helm.sh/helm/v4/internal/version.version=v4.3.2"],
    },
  },
  remove: [slow],
  entrypoint: ["helm"],
  cmd: ["--help"],
  workdir: "/apps",
}

const cosign: Recipe = {
  name: "sigstore/cosign/cosign",
  tags: ["v3.0.6"],
  platforms: [HOST_PLATFORM],
  packages: ["ca-certificates"],
  unpackOnly: true,
  programs: {
    // The path that ko installs its builds in.
    "/ko-app/cosign": {
      module: "cosign",
      package: "github.com/sigstore/cosign/v3/cmd/cosign",
      flags: ["-ldflags", "-s -w -X sigs.k8s.io/release-utils/version.gitVersion=v3.0.6"],
    },
  },
  users: [{ name: "nonroot", id: 65532, home: "/home/nonroot", folders: [] }],
  // The real image is distroless: stages must not rely on a shell.
  remove: [slow, "/bin/sh", "/bin/dash", "/bin/bash", "/bin/rbash"],
  env: { PATH: `${PATH}:/ko-app`, SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt" },
  entrypoint: ["/ko-app/cosign"],
  workdir: "/home/nonroot",
  user: "65532",
}

const registry: Recipe = {
  name: "library/registry",
  tags: ["3", "3.0.0"],
  platforms: [HOST_PLATFORM],
  packages: ["ca-certificates"],
  unpackOnly: true,
  programs: {
    "/bin/registry": {
      module: "registry",
      package: "./registry",
      flags: ["-ldflags", "-s -w -X github.com/distribution/distribution/v3/version.version=3.0.0"],
    },
  },
  files: {
    "/entrypoint.sh": "registry/entrypoint.sh",
    "/etc/distribution/config.yml": "registry/config.yml",
  },
  remove: [slow],
  // Dagger sets it to `otlp` unless the image sets it, and the traces would mix with those of the pipeline.
  env: { OTEL_TRACES_EXPORTER: "none" },
  entrypoint: ["/entrypoint.sh"],
  cmd: ["/etc/distribution/config.yml"],
  ports: ["5000/tcp"],
}

/** The recipe of every offline image. To add an image, add its recipe here. */
export const RECIPES: readonly Recipe[] = [
  debian,
  python,
  git,
  postgres,
  redis,
  trivy,
  regctl,
  helm,
  cosign,
  registry,
  zap,
  ...SIGSTORE,
  ...INFRA,
  ...MONITORING,
  K6,
  ...clusterRecipes(CONTAINERS_MIRROR, MIRRORED_REGISTRIES),
]
