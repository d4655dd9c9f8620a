#!/bin/sh
# Runs test programs and test scripts, one line each with the seconds it took; the end of the output of those that fail.
# usage: run_all.sh BUILD PROGRAM... -- SCRIPT...
# A script exits 0 for passed, 77 for skipped (its last line says why), else failed.
set -u
build=$1
shift
passed=0 failed=0 skipped=0
log=$build/test.log
export BUILD="$build" MAILWALK="$build/mailwalk" LC_ALL=C.UTF-8 CK_DEFAULT_TIMEOUT=120
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}"
kind=program
for t in "$@"; do
    if [ "$t" = -- ]; then
        kind=script
        continue
    fi
    name=${t#"$build"/}
    began=$(date +%s)
    if [ $kind = program ]; then "$t" >"$log" 2>&1; else sh "$t" >"$log" 2>&1; fi
    status=$? took="$(($(date +%s) - began)) s"
    case $status in
    0) passed=$((passed + 1)); echo "ok      $name  $took  $(grep -E '^[0-9]+%: Checks' "$log" | tail -1)" ;;
    77) skipped=$((skipped + 1)); echo "skipped $name: $(tail -1 "$log")" ;;
    *) failed=$((failed + 1)); echo "FAILED  $name (exit $status)  $took"; tail -n 60 "$log" ;;
    esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
