#!/bin/sh
# Runs k6 and keeps of its output what a verdict needs, in the folder $OUT:
#   series     its samples, gathered by the second (slipway_load.awk)
#   said       what it complained of, the first lines of it
#   counts     how many lines that were, and how many of an exception in the script
#   generator  how busy this machine was, each second
#   exit       its exit code
# With $STOP it ends k6 once the service breaks: slipway_load.awk says when.
# Usage: slipway_load.sh SCRIPTS k6 run …
set -u
scripts=$1; shift
mkdir -p "$OUT"
cd "$OUT" || exit 1
: > series; : > said; : > generator
mkfifo points complaints

awk -v SERIES=series -v STOP="${STOP:-}" -v STOP_FILE=broken -f "$scripts/slipway_load.awk" < points &
gathering=$!
awk '
  /"source":"stacktrace"/ { thrown++ }
  { lines++; if (lines <= 300) print substr($0, 1, 4000) > "said" }
  END { print lines + 0, thrown + 0 > "counts" }' < complaints &
listening=$!
# Kept open, so that both come to their end also where k6 never opened its output.
exec 3> points 4> complaints

"$@" --out=json="$OUT/points" 2>&4 3>&- 4>&- &
runner=$!
trap 'kill -TERM $runner 2> /dev/null' TERM INT
(
  exec 3>&- 4>&-
  grep -c ^processor /proc/cpuinfo
  while kill -0 $runner 2> /dev/null; do
    # Once: by a second signal k6 ends without its summary.
    [ -e broken ] && mv broken stopped && kill -TERM $runner
    echo "$(head -n 1 /proc/stat) $(sed 's/.*) //' /proc/$runner/stat 2> /dev/null)"
    sleep 1
  done
) > generator &
watching=$!
wait $runner
code=$?
exec 3>&- 4>&-
wait $gathering $listening
kill $watching 2> /dev/null
echo $code > exit
