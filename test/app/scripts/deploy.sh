#!/bin/sh
# Manual deployments, by Slipway:
#   scripts/deploy.sh deploy --environment staging --tag v1.2.3
#   scripts/deploy.sh rollback --version v1.2.2
#   scripts/deploy.sh status | logs | events
# SLIPWAY is the command, if it isn't on the path.
set -eu
case ${1-} in
deploy | rollback | status | logs | events | finish | ledger) ;;
*)
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 4
  ;;
esac
command=$1
shift
exec ${SLIPWAY:-slipway} "$command" --source "$(dirname "$0")/.." "$@"
