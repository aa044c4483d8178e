#!/bin/sh
# Runs plans one after the other, as a nightly does, and keeps what a history needs.
#
#   nightly.sh RESULTS PLAN...
#
# RESULTS is a folder that stays from night to night: the archive is in it. Each plan gets RESULTS/PLAN.junit.xml.
# Ends with the worst code of all: 1 a demand is violated or a cell is worse than before, 2 undecided (as in the first
# night, which has nothing to be held against), 3 and above trouble of the harness or the host.
#
# For cron:  0 2 * * *  /path/to/nightly.sh /var/lib/bindstorm vllm-40443 strategies
set -u

if [ $# -lt 2 ]; then
  echo "usage: nightly.sh RESULTS PLAN..." >&2
  exit 64
fi
results=$1
shift
mkdir -p "$results" || exit 73

# A violation counts more than what is undecided, and trouble more than both.
worse() {
  case "$1,$2" in
  *,0 | 1,2) echo "$1" ;;
  0,* | 2,1) echo "$2" ;;
  *) if [ "$1" -ge "$2" ]; then echo "$1"; else echo "$2"; fi ;;
  esac
}

worst=0
for plan; do
  name=$(basename "$plan" .json)
  code=0
  bindstorm run "$plan" --results "$results" --seed random --quiet --require-isolation \
    --events lost --gate pooled:30 --junit-file "$results/$name.junit.xml" || code=$?
  worst=$(worse "$worst" "$code")
done
bindstorm prune --results "$results" --keep 60d
exit "$worst"
