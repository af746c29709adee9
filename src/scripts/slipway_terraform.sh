#!/bin/sh
# Runs Terraform or OpenTofu in the root that is the working directory, step by step. Of what is secret nothing is
# printed: states and plans go to files, and so does the output of all commands that reach them. Which step it came to
# is left in $OUT/step.
#
# usage: slipway_terraform.sh check|plan|refresh|show|connect|apply TOOL [ARGUMENT...]
set -eu

OUT=/slipway/out
work=$1
tool=$2
shift 2
mkdir -p "$OUT"
[ "$work" = check ] || [ -t 1 ] || exec >"$OUT/stdout" 2>"$OUT/stderr"

step() {
  echo "$1" >"$OUT/step"
}

# Installs what the lock file names, and nothing else. Links into the cache become files: only this step has the cache.
install() {
  step init
  "$tool" init -backend=false -input=false -no-color -lockfile=readonly || return 1
  if [ -d .terraform/providers ]; then
    cp -RL .terraform/providers .terraform/copied
    rm -rf .terraform/providers
    mv .terraform/copied .terraform/providers
  fi
}

# Connects to where the state is. The settings for that are among the arguments that begin with -backend-config.
connect() {
  step init
  for argument in "$@"; do
    case $argument in -backend-config=*) set -- "$@" "$argument" ;; esac
    shift
  done
  "$tool" init -input=false -no-color -lockfile=readonly "$@"
}

select_workspace() {
  [ -n "${SLIPWAY_WORKSPACE:-}" ] || return 0
  step workspace
  "$tool" workspace select -no-color "$@" "$SLIPWAY_WORKSPACE"
}

pull() {
  step state
  "$tool" state pull >"$OUT/state.json"
}

# Plans with all arguments that aren't the backend's.
plan() {
  step plan
  for argument in "$@"; do
    case $argument in -backend-config=*) ;; *) set -- "$@" "$argument" ;; esac
    shift
  done
  "$tool" plan -json -input=false "-out=$OUT/plan" "$@"
}

case $work in
check)
  code=0
  install || code=125 # not kept: the network may be back next time
  step validate
  "$tool" validate -json >"$OUT/validate.json" || true
  exit "$code"
  ;;
plan)
  connect "$@"
  select_workspace -or-create
  pull
  plan "$@"
  ;;
refresh)
  connect "$@"
  select_workspace
  pull
  plan -refresh-only -lock=false "$@"
  ;;
connect)
  connect "$@"
  select_workspace
  pull
  ;;
show)
  step show
  "$tool" show -json "$OUT/plan" >"$OUT/plan.json"
  "$tool" show -no-color "$OUT/plan" >"$OUT/plan.txt"
  ;;
apply)
  step apply
  cat /slipway/plan/* | base64 -d >"$OUT/plan"
  code=0
  "$tool" apply -json -input=false "$@" "$OUT/plan" || code=$?
  "$tool" state pull >"$OUT/state.json" || true
  exit "$code"
  ;;
esac
