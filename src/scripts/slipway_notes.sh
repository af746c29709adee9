#!/bin/sh
# Adds an entry of the ledger, a line of JSON, to the note of its commit in refs/notes/slipway of a repository, and
# pushes it. Who comes too late fetches and tries again, so that no other's line is lost. An entry whose hash is in any
# note already isn't added. Prints what came of it; else ends with 1, and the last line of stderr is the reason.
#
# usage: slipway_notes.sh ENTRY REMOTE COMMIT HASH [TOKEN]
# ENTRY, REMOTE and TOKEN are files, as a URL may hold a password.
set -eu

entry=$1
remote=$(cat "$2")
commit=$3
hash=$4
REF=refs/notes/slipway
# How often others may be first, and how often it may fail with nobody else there.
OVERTAKEN=20
FAILURES=3

. "$(dirname "$0")/slipway_git.sh"

# Sets target: the commit, or where the remote doesn't have it the one that it stands at.
find_target() {
  try git ls-remote "$remote" HEAD >"$work/head" || give_up "$(said)"
  head=$(cut -f 1 "$work/head")
  target=$commit
  note=pushed
  if [ "${#commit}" -eq 40 ]; then
    git init -q --bare "$work/commit.git"
    export GIT_DIR="$work/commit.git"
    if try git fetch -q --depth=1 --no-tags --filter=tree:0 "$remote" "$commit"; then
      [ "$(git cat-file -t "$commit")" != commit ] || return 0
    # Else it wasn't the server that said no, and it may have the commit.
    elif ! grep -qE "remote error|not our ref|unadvertised|couldn't find remote ref" "$work/said"; then
      give_up "$(said)"
    fi
  fi
  [ -n "$head" ] || give_up "the remote has no commit that could have a note"
  target=$head
  note="pushed, to its HEAD $(echo "$head" | cut -c 1-12): it doesn't know the commit '$commit'"
}

fetch_notes() {
  try git ls-remote "$remote" "$REF" >"$work/ref" || return 1
  if [ -s "$work/ref" ]; then
    try git fetch -q --depth=1 --no-tags "$remote" "+$REF:$REF"
  else
    git update-ref -d "$REF"
  fi
}

# What is in the note stays as it is, to the letter. Without one, nothing may be replaced.
append() {
  if blob=$(git notes --ref="$REF" list "$target" 2>"$work/said"); then
    git cat-file blob "$blob" >"$work/note"
    [ -z "$(tail -c 1 "$work/note")" ] || echo >>"$work/note"
    force=-f
  else
    : >"$work/note"
    force=
  fi
  cat "$entry" >>"$work/note"
  blob=$(git hash-object -w "$work/note")
  git notes --ref="$REF" add $force -C "$blob" "$target" 2>"$work/said" || give_up "$(said)"
}

# So that two don't meet again and again.
pause() {
  random=$(od -A n -N 1 -t u1 /dev/urandom | tr -d ' ')
  sleep "$((overtaken / 4)).$(printf %03d "$random")"
}

case $remote in "" | -*) give_up "LEDGER_REMOTE is no URL of a repository" ;; esac
work=$(mktemp -d "${TMPDIR:-/tmp}/notes.XXXXXX")
trap 'rm -rf "$work"' EXIT
export GIT_SSH_COMMAND="ssh -oBatchMode=yes"
[ -z "${5:-}" ] || log_in "$5"

find_target
git init -q --bare "$work/notes.git"
export GIT_DIR="$work/notes.git"
overtaken=0
failures=0
before=unknown
while :; do
  if fetch_notes; then
    base=$(git rev-parse -q --verify "$REF" || true)
    if [ -n "$base" ] && git grep -qF -e "\"hash\":\"$hash\"" "$REF"; then
      [ "$before" != unknown ] && echo "$note" || echo "there already"
      exit 0
    fi
    append
    if try git push -q "$remote" "$REF:$REF"; then
      echo "$note"
      exit 0
    fi
  else
    base=$before
  fi
  # Where nobody else has pushed since, or is about to, it wasn't for them that it failed.
  if [ "$base" = "$before" ] && ! grep -qE '\[rejected\]|lock ref|update ref' "$work/said"; then
    failures=$((failures + 1))
  else
    overtaken=$((overtaken + 1))
  fi
  before=$base
  [ "$failures" -lt "$FAILURES" ] || give_up "$(said)"
  [ "$overtaken" -lt "$OVERTAKEN" ] || give_up "others pushed first $overtaken times: $(said)"
  pause
done
