#!/bin/sh
# Runs test programs and test scripts, one line each with the seconds it took; the end of the output of those that fail.
# usage: run_all.sh BUILD PROGRAM... -- SCRIPT...
# A script exits 0 for passed, 77 for skipped (its last line says why), else failed.
# Programs need nothing but themselves and run side by side, as many as there are cores; scripts open ports and
# measure time, and run one after the other.
set -u

# One test: its line, and how it ended into BUILD/test-results.
one() {
    kind=$1 t=$2
    name=${t#"$BUILD"/}
    log=$BUILD/test-logs/$(echo "$name" | tr / _).log
    began=$(date +%s)
    if [ "$kind" = program ]; then "$t" >"$log" 2>&1; else sh "$t" >"$log" 2>&1; fi
    status=$? took="$(($(date +%s) - began)) s"
    case $status in
    0) echo passed >>"$BUILD/test-results"; echo "ok      $name  $took  $(grep -E '^[0-9]+%: Checks' "$log" | tail -1)" ;;
    77) echo skipped >>"$BUILD/test-results"; echo "skipped $name: $(tail -1 "$log")" ;;
    *) echo failed >>"$BUILD/test-results"; printf '%s\n' "FAILED  $name (exit $status)  $took" "$(tail -n 60 "$log")" ;;
    esac
}

if [ "$1" = --one ]; then # called below, with the environment set
    one program "$2"
    exit 0
fi

build=$1
shift
export BUILD="$build" MAILWALK="$build/mailwalk" LC_ALL=C.UTF-8 CK_DEFAULT_TIMEOUT=120
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}"
mkdir -p "$build/test-logs"
: >"$build/test-results"
for t in "$@"; do
    [ "$t" != -- ] || break
    echo "$t"
done | xargs -P "$(nproc)" -n 1 sh "$0" --one
scripts=
for t in "$@"; do
    if [ "$t" = -- ]; then
        scripts=yes
    elif [ -n "$scripts" ]; then
        one script "$t"
    fi
done
count() { grep -c "^$1\$" "$build/test-results"; }
wanted=$(($# - 1))
echo "$(count passed) passed, $(count failed) failed, $(count skipped) skipped"
[ "$(count failed)" = 0 ] && [ "$(count passed)" -gt 0 ] && [ "$(wc -l <"$build/test-results")" -eq "$wanted" ]
