#!/bin/sh
# Runs every fuzz target for so many seconds, one after the other, and says how many inputs each has had.
# usage: run.sh BUILD SECONDS [TARGET...]
# What is found by the way is kept in BUILD/corpus and used again; an input that breaks a claim stays in BUILD/found.
set -u
build=$1 seconds=$2
shift 2
[ $# -gt 0 ] || set -- $(ls tests/fuzz/fuzz_*.c | sed 's,.*/fuzz_\(.*\)\.c,\1,')
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}" LC_ALL=C
failed=0
mkdir -p "$build/found"
for name in "$@"; do
    log=$build/fuzz_$name.log seeds=tests/fuzz/seeds/$name dictionary=tests/fuzz/$name.dict length=2048
    grep -q '^#define FUZZ_LENGTH' "tests/fuzz/fuzz_$name.c" &&
        length=$(sed -n 's/^#define FUZZ_LENGTH  *\([0-9]*\).*/\1/p' "tests/fuzz/fuzz_$name.c")
    mkdir -p "$build/corpus/$name"
    set -- -max_total_time="$seconds" -max_len="$length" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/found/$name-"
    [ -f "$dictionary" ] && set -- "$@" -dict="$dictionary"
    set -- "$@" "$build/corpus/$name"
    [ -d "$seeds" ] && set -- "$@" "$seeds"
    "$build/tests/fuzz/fuzz_$name" "$@" >"$log" 2>&1
    status=$?
    units=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ $status = 0 ]; then
        printf 'fuzz ok      %-16s %9s inputs in %s s\n' "$name" "${units:-?}" "$seconds"
    else
        failed=$((failed + 1))
        printf 'fuzz FAILED  %-16s exit %s, see %s\n' "$name" "$status" "$log"
        grep -v '^#[0-9]\|NEW\|REDUCE' "$log" | tail -n 60
    fi
done
[ $failed = 0 ]
