#!/bin/sh
# Reads the files of a repository of manifests, and commits other contents of some of them.
#
# usage: slipway_manifests.sh read WORK REMOTE BRANCH FOLDER WORD
#        slipway_manifests.sh write WORK BRANCH CHANGED MESSAGE
#
# `read` clones the branch into WORK, and leaves there `head`, the commit; `names`, the YAML files below FOLDER (empty
# for all); and `files`, of those that have WORD in them, a line each: path and content in base64. Links aren't followed.
# `write` commits what is in the folder CHANGED with the file MESSAGE, pushes, and prints the commit.
#
# TOKEN_FILE logs in over HTTPS; KEY_FILE and HOSTS_FILE, the hosts' keys, over SSH. Ends with 10 if somebody else has
# pushed since, else with 1, and the last line of stderr is the reason.
set -eu

. "$(dirname "$0")/slipway_git.sh"

OVERTAKEN=10
MOST_FILES=2000

connect() {
  [ -z "${TOKEN_FILE:-}" ] || log_in "$TOKEN_FILE"
  export GIT_SSH_COMMAND="ssh -oBatchMode=yes -oStrictHostKeyChecking=yes${HOSTS_FILE:+ -oUserKnownHostsFile=$HOSTS_FILE}${KEY_FILE:+ -oIdentitiesOnly=yes -i $KEY_FILE}"
}

read_files() {
  branch=$1 folder=$2 word=$3
  rm -rf "$work/repository"
  try git clone -q --depth=1 --single-branch --no-tags --branch "$branch" "$remote" "$work/repository" ||
    give_up "$(said)"
  cd "$work/repository"
  git rev-parse HEAD >"$work/head"
  git -c core.quotePath=off ls-tree -r --format='%(objectmode) %(path)' HEAD ${folder:+"$folder/"} |
    { grep -E '^100(644|755) .*\.ya?ml$' || true; } | cut -d ' ' -f 2- >"$work/names"
  [ "$(wc -l <"$work/names")" -le "$MOST_FILES" ] || give_up "there are more than $MOST_FILES YAML files in the folder"
  : >"$work/files"
  while read -r name; do
    grep -qF -e "$word" "./$name" || continue
    { printf %s "$name" | base64 | tr -d '\n' && printf ' ' && base64 <"./$name" | tr -d '\n' && echo; } >>"$work/files"
  done <"$work/names"
}

write_files() {
  branch=$1 changed=$2 message=$3
  cd "$work/repository"
  cp -R "$changed/." .
  git add --update
  try git commit -q --file "$message" || give_up "$(said)"
  if ! try git push -q "$remote" "HEAD:refs/heads/$branch"; then
    ! grep -qE '\[rejected\]|lock ref|update ref' "$work/said" || exit "$OVERTAKEN"
    give_up "$(said)"
  fi
  git rev-parse HEAD
}

what=$1 work=$2
shift 2
mkdir -p "$work"
case $what in
  read)
    remote=$1
    shift
    connect
    read_files "$@"
    ;;
  write)
    remote=$(git -C "$work/repository" remote get-url origin)
    connect
    write_files "$@"
    ;;
esac
