import type { CiHost } from "../config/wrappers.js"
import type { CiJob } from "../pipeline/policy.js"
import { type Description, HEADER, PINNED } from "./description.js"

/** The script's path from the root of the service's repository. */
export const SCRIPT = ".slipway/slipway"

/** The command of the job without secrets, which runs the branch's own script. */
export const checksCommand = (host: CiHost): string => `sh ${SCRIPT} ci --host ${host} --job checks`

/** What runs in the jobs with secrets. */
export const deliveryCommand = (host: CiHost, job: CiJob): string => `ci --host ${host} --job ${job}`

/** Packages that the image of GitLab's jobs lacks. */
const PACKAGES = "if command -v apk >/dev/null; then apk add --quiet --no-cache bash curl docker-cli git; fi"

/** Commands that fetch a commit of Slipway into an existing folder: git checks what it receives by its digests. */
const fetched = (folder: string, repository: string, commit: string): string[] => [
  `git init --quiet "${folder}"`,
  `git -C "${folder}" fetch --quiet --depth=1 ${repository} ${commit}`,
  `git -C "${folder}" -c advice.detachedHead=false checkout --quiet ${commit}`,
]

/** Commands that download Dagger's command into an existing folder, and check it. */
const downloaded = (folder: string): string[] => [
  "case $(uname -m) in",
  ...Object.entries(PINNED.digests).map(
    ([architecture, digest]) =>
      `  ${MACHINES[architecture]}) architecture=${architecture} digest=${digest} ;;`,
  ),
  '  *) echo "slipway: no dagger command for $(uname -m)" >&2; exit 3 ;;',
  "esac",
  `archive=dagger_v${PINNED.dagger}_linux_$architecture.tar.gz`,
  `curl --fail --silent --show-error --location --output "${folder}/$archive" "https://dl.dagger.io/dagger/releases/${PINNED.dagger}/$archive"`,
  `echo "$digest  ${folder}/$archive" | sha256sum -c - >/dev/null`,
  `tar -xzf "${folder}/$archive" -C "${folder}"`,
]

/** Patterns of `uname -m` for Go's architectures. */
const MACHINES: Readonly<Record<string, string>> = { amd64: "x86_64", arm64: "aarch64 | arm64" }

/**
 * The commands of the jobs with secrets, for the host's own file.
 *
 * They run no file of the checkout, nor one that an earlier job has left: Slipway is fetched each time, by its commit.
 */
export const deliveryScript = (
  host: CiHost,
  { repository, commit }: Description,
  command = deliveryCommand(host, "delivery"),
): string[] => [
  "set -eu",
  `if [ -n "\${SLIPWAY-}" ]; then exec $SLIPWAY ${command}; fi`,
  ...(host === "gitlab" ? [PACKAGES] : []),
  'new="$PWD@slipway"',
  'rm -rf "$new"',
  'mkdir -p "$new/bin"',
  ...fetched("$new/slipway", `'${repository}'`, commit),
  ...downloaded("$new/bin"),
  `PATH="$new/bin:$PATH" exec node "$new/slipway/dagger/slipway.js" ${command}`,
]

/** Lines of a block, each indented. */
export const indented = (lines: readonly string[], spaces: number): string =>
  lines.map((line) => `${" ".repeat(spaces)}${line}`).join("\n")

/**
 * The script that fetches Slipway and the Dagger CLI in the pinned versions, and runs them.
 *
 * For checks and for developers. Anybody with a branch can change it, so no job with secrets runs it.
 */
export const script = ({ repository, commit }: Description): string => `#!/bin/sh
# ${HEADER}
# Runs Slipway in the version that this repository is pinned to. Where SLIPWAY is set, it is the command to run instead.
set -eu
repository='${repository}'
commit='${commit}'

if [ -n "\${SLIPWAY-}" ]; then exec $SLIPWAY "$@"; fi
${PACKAGES}
cache="\${XDG_CACHE_HOME:-$HOME/.cache}/slipway/pinned"
home="$cache/$commit"
bin="$cache/dagger-${PINNED.dagger}"
mkdir -p "$cache"
if [ ! -d "$home" ]; then
  new=$(mktemp -d "$cache/.new-XXXXXX")
${indented(fetched("$new", '"$repository"', '"$commit"'), 2)}
  [ -d "$home" ] || mv "$new" "$home"
fi
if [ ! -x "$bin/dagger" ]; then
  new=$(mktemp -d "$cache/.new-XXXXXX")
${indented(downloaded("$new"), 2)}
  mkdir -p "$bin"
  mv "$new/dagger" "$bin/dagger"
fi
PATH="$bin:$PATH" exec node "$home/dagger/slipway.js" "$@"
`
