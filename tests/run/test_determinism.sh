#!/bin/sh
# Every output of every scenario is the same in two runs, in another folder, time zone and language, and from the
# other compiler.
set -u
BUILD=${BUILD:-build}
MAILWALK=${MAILWALK:-$BUILD/mailwalk}
export BUILD MAILWALK PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }

# The other compiler: its objects stay in $BUILD/other, so that only what changed is compiled again.
other=clang
if readelf -p .comment "$MAILWALK" 2>/dev/null | grep -q clang; then other=gcc; fi
second=
case ${BUILD##*/} in
*san*) echo "with the sanitizers one compiler is enough" ;;
*)
    if command -v "$other" >/dev/null; then
        unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CFLAGS LDFLAGS SAN
        make --no-print-directory -j"$(nproc)" CC="$other" OPT=-O2 B="$BUILD/other" "$BUILD/other/mailwalk" >"$BUILD/other.log" 2>&1 ||
            { tail -n 30 "$BUILD/other.log"; echo "FAILED: $other does not build it"; exit 1; }
        second=$BUILD/other/mailwalk
        cmp -s "$second" "$MAILWALK" && { echo "FAILED: $second is the program itself"; exit 1; }
        echo "built with $other too"
    else
        echo "$other is not installed: one compiler only"
    fi
    ;;
esac
# shellcheck disable=SC2086
exec python3 tests/run/determinism.py $second
