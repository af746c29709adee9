import type { Platform } from "./debian.js"

/** A stand-in: an image of the same name and commands, made from packages where the real one can't be pulled. */
export interface Recipe {
  /** As its registry calls it, for example `library/python`. */
  name: string
  tags: string[]
  platforms: Platform[]
  /** Debian packages, with what they need. */
  packages: string[]
  /** PyPI packages for Debian's Python, unpacked without running anything. */
  pypi?: string[]
  /** Symbolic links: from the path to the target. */
  links?: Record<string, string>
  /** Files that the real image hasn't, or that stand-ins are better off without. */
  remove?: string[]
  env?: Record<string, string>
  entrypoint?: string[]
  cmd?: string[]
  workdir?: string
}

const both: Platform[] = ["linux/amd64", "linux/arm64"]

// With this command in an image the engine runs it before and after every process, half a second each time.
const slow = "/usr/sbin/update-ca-certificates"

const debian: Recipe = {
  name: "library/debian",
  tags: ["bookworm-slim", "12-slim"],
  platforms: both,
  packages: ["base-files"],
  cmd: ["bash"],
}

const python: Recipe = {
  name: "library/python",
  tags: ["3.11-slim", "3.11-slim-bookworm"],
  platforms: both,
  packages: ["ca-certificates", "netbase", "python3", "python3-pip", "python3-venv", "tzdata"],
  pypi: ["uv==0.9.30"],
  links: {
    "/usr/local/bin/python": "/usr/bin/python3",
    "/usr/local/bin/python3": "/usr/bin/python3",
    "/usr/local/bin/pip": "/usr/bin/pip3",
    "/usr/local/bin/uv": "../lib/python3.11/dist-packages/bin/uv",
  },
  // Debian keeps pip from its own Python; the official image's Python is there for pip.
  remove: [slow, "/usr/lib/python3.11/EXTERNALLY-MANAGED"],
  env: { LANG: "C.UTF-8" },
  cmd: ["python3"],
}

const git: Recipe = {
  name: "alpine/git",
  tags: ["v2.49.1"],
  platforms: both,
  packages: ["ca-certificates", "git", "openssh-client"],
  remove: [slow],
  entrypoint: ["git"],
  workdir: "/git",
}

/** Every stand-in there is. Adding one here is all it takes. */
export const RECIPES: readonly Recipe[] = [debian, python, git]

/** The registries in whose place the mirror is asked first. */
export const MIRRORED_REGISTRIES = ["docker.io"]

/** Where the mirror listens, within the engine's network. */
export const MIRROR_ADDRESS = "127.0.0.1:5000"

/** Where the registry behind it listens. */
export const REGISTRY_ADDRESS = "127.0.0.1:5001"
