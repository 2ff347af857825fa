#!/usr/bin/env bash
# The replay of a recording, with table and all detectors, against tools that only
# print or iterate it: whole commands, one after the other in turn, all on one core.
#
#   benches/compare.sh [RUNS] [CPU]        (9 runs, CPU 1)
#
# Needs bash, taskset, gzip and cargo; compares with what is there of bgpdump, bgpgrep
# and bgpkit-parser (a dependency). Prints user + system seconds, the medians of all
# runs, and the median of the ratios pair by pair with its spread. Installs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-9} cpu=${2:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --release --quiet
yardstick=$(cargo bench --no-run --bench yardstick 2>&1 | sed -n 's/.*(\(.*yardstick-[0-9a-f]*\)).*/\1/p')

# Synthetic: every IPv4 prefix of one peer, as the UPDATEs of its first transfer.
"$yardstick" transfer "$work/transfer" >/dev/null
# Real: a quarter of an hour of a collector's peers, sixteen times over.
for _ in {1..16}; do gzip -dc tests/data/mrt/ripe-bgpdump_updates.20160811.1600.gz; done >"$work/updates"

leakwatch() { taskset -c "$cpu" target/release/leakwatch replay --format json "$1" >/dev/null 2>&1; }
bgpdump() { taskset -c "$cpu" bgpdump -m "$1" >/dev/null 2>&1; }
bgpgrep() { taskset -c "$cpu" bgpgrep "$1" >/dev/null 2>&1; }
bgpkit_iterate() { taskset -c "$cpu" "$yardstick" iterate "$1" >/dev/null 2>&1; }
bgpkit_print() { taskset -c "$cpu" "$yardstick" print "$1" >/dev/null 2>&1; }

# User and system seconds of "$@".
seconds() {
    local TIMEFORMAT='%U %S' used
    used=$({ time "$@"; } 2>&1) || { echo "failed: $*" >&2; exit 1; }
    awk '{ print $1 + $2 }' <<<"$used"
}
# Median, least and greatest of the numbers on standard input.
spread() { sort -n | awk '{ x[NR] = $1 } END { printf "%.2f (%.2f to %.2f)", x[int((NR + 1) / 2)], x[1], x[NR] }'; }

for input in transfer updates; do
    echo "== $input: $(target/release/leakwatch replay --format json "$work/$input" | tail -n 1 |
        grep -oE '"(announced|withdrawn|peers)":[0-9]+' | tr '\n' ' ')"
    for other in bgpdump bgpgrep bgpkit_iterate bgpkit_print; do
        if [[ $other == bgp[dg]* ]] && ! type -P "$other" >/dev/null; then
            echo "$other: not installed, left out"
            continue
        fi
        seconds leakwatch "$work/$input" >/dev/null
        : >"$work/ours" && : >"$work/theirs" && : >"$work/ratio"
        for ((run = 0; run < runs; run++)); do
            ours=$(seconds leakwatch "$work/$input")
            theirs=$(seconds "$other" "$work/$input")
            echo "$ours" >>"$work/ours"
            echo "$theirs" >>"$work/theirs"
            awk -v a="$theirs" -v b="$ours" 'BEGIN { print a / b }' >>"$work/ratio"
        done
        echo "$other: $(spread <"$work/theirs") s, leakwatch: $(spread <"$work/ours") s, ratio $(spread <"$work/ratio")"
    done
done
