#!/bin/sh
# What Slipway's scripts for git have in common; they read it in, and set work, a folder, and remote, a URL.

export LC_ALL=C GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=true
export GIT_ALLOW_PROTOCOL=https:http:ssh:git:file
export GIT_AUTHOR_NAME=Slipway GIT_AUTHOR_EMAIL=slipway@localhost
export GIT_COMMITTER_NAME=Slipway GIT_COMMITTER_EMAIL=slipway@localhost

give_up() {
  echo "$1" >&2
  exit 1
}

# What git said that tells people something, on one line.
said() {
  grep -E '^ ! |^fatal:|^error: RPC|^remote: .' "$work/said" | head -n 4 | tr -s '\n\t ' ' ' || true
}

try() {
  "$@" 2>"$work/said"
}

# The token goes to the remote's own host alone, also where that sends on to another.
log_in() {
  case $remote in http://* | https://*) ;; *) return 0 ;; esac
  rest=${remote#*://}
  authority=${rest%%/*}
  export SLIPWAY_TOKEN="$1" GIT_CONFIG_COUNT=1
  export GIT_CONFIG_KEY_0="credential.${remote%%://*}://${authority##*@}.helper"
  # shellcheck disable=SC2016 # a shell of git's own reads it
  export GIT_CONFIG_VALUE_0='!f() {
    [ "$1" = get ] || return 0
    name=x-access-token
    while read -r line; do case $line in username=?*) name=${line#username=} ;; esac; done
    echo "username=$name"
    echo "password=$(cat "$SLIPWAY_TOKEN")"
  }; f'
}
