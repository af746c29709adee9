#!/bin/sh
# Reads what metrics need of a git repository: its commits, where branches and tags stand, whether it is shallow, what
# commits say of their signatures, and the ledger's notes. Its own settings aren't read: they can name programs.
#
# usage: slipway_history.sh REPOSITORY OUT WANTED MOST LOG_FORMAT SIGNED_FORMAT [SIGNERS]
# REPOSITORY is a .git folder, a bare repository, or a folder with a .git folder in it. WANTED is a file with a commit a
# line; SIGNERS one of those who may sign, as ssh-keygen takes it. Ends with 1, and the reason on stderr.
set -eu

repository=$1
out=$2
wanted=$3
most=$4
export LC_ALL=C TZ=UTC GIT_CONFIG_NOSYSTEM=1 HOME=/nonexistent GIT_NO_LAZY_FETCH=1

[ ! -d "$repository/.git" ] || repository=$repository/.git
if [ ! -d "$repository/objects" ] || [ ! -f "$repository/HEAD" ]; then
  echo "it holds no .git folder, and is none" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
kind=$(git config -f "$repository/config" --get extensions.objectformat 2>/dev/null || echo sha1)
git init -q --bare --object-format="$kind" "$work/fresh.git"
for part in HEAD packed-refs refs shallow; do
  [ ! -e "$repository/$part" ] || cp -R "$repository/$part" "$work/fresh.git/"
done
echo "$repository/objects" >"$work/fresh.git/objects/info/alternates"
export GIT_DIR="$work/fresh.git"

git rev-parse --is-shallow-repository >"$out/shallow"
git for-each-ref --format='%(refname) %(objectname) %(*objectname)' refs/heads refs/remotes refs/tags >"$out/refs"
# Those that are there, and commits.
while read -r commit; do
  git rev-parse -q --verify --end-of-options "$commit^{commit}" || true
done <"$wanted" >"$work/known"
head=$(git rev-parse -q --verify HEAD || true)
{
  [ -z "$head" ] || echo "$head"
  cat "$work/known"
} >"$work/heads"
: >"$out/log"
if [ -s "$out/refs" ] || [ -s "$work/heads" ]; then
  git log --branches --tags --remotes --stdin -n "$most" --format="$5" <"$work/heads" >"$out/log"
fi
: >"$out/signed"
if [ -s "$work/known" ]; then
  git -c gpg.ssh.allowedSignersFile="${7:-/dev/null}" -c log.showSignature=false \
    log --no-walk=unsorted --stdin --format="$6" <"$work/known" >"$out/signed" 2>/dev/null
fi
git grep -h -F '"hash"' refs/notes/slipway >"$out/notes" 2>/dev/null || : >>"$out/notes"
