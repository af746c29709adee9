import { type Description, HEADER, PINNED } from "./description.js"

/** The script's path from the root of the service's repository. */
export const SCRIPT = ".slipway/slipway"

/** The command of every wrapper, without the host's name. */
export const command = (host: string): string => `sh ${SCRIPT} ci --host ${host}`

/**
 * The script that fetches Slipway and the Dagger CLI in the pinned versions, and runs them.
 *
 * It contains everything that the hosts' files have in common.
 */
export const script = ({ repository, commit }: Description): string => `#!/bin/sh
# ${HEADER}
# Runs Slipway in the version that this repository is pinned to. Where SLIPWAY is set, it is the command to run instead.
set -eu
repository='${repository}'
commit='${commit}'
dagger='${PINNED.dagger}'

if [ -n "\${SLIPWAY-}" ]; then exec $SLIPWAY "$@"; fi
if command -v apk >/dev/null; then apk add --quiet --no-cache bash curl docker-cli git; fi
cache="\${XDG_CACHE_HOME:-$HOME/.cache}/slipway/pinned"
home="$cache/$commit"
bin="$cache/dagger-$dagger"
mkdir -p "$bin"
if [ ! -d "$home" ]; then
  new=$(mktemp -d "$cache/.new-XXXXXX")
  git init --quiet "$new"
  git -C "$new" fetch --quiet --depth=1 "$repository" "$commit"
  git -C "$new" -c advice.detachedHead=false checkout --quiet FETCH_HEAD
  [ -d "$home" ] || mv "$new" "$home"
fi
if [ ! -x "$bin/dagger" ]; then
  curl --fail --silent --show-error --location --output "$bin/install.sh" https://dl.dagger.io/dagger/install.sh
  DAGGER_VERSION="$dagger" BIN_DIR="$bin" sh "$bin/install.sh"
fi
PATH="$bin:$PATH" exec node "$home/dagger/slipway.js" "$@"
`
