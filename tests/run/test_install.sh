#!/bin/sh
# make install puts the program, its man page and its documents where a package expects them, and nothing else.
set -u
BUILD=${BUILD:-build}
MAILWALK=${MAILWALK:-$BUILD/mailwalk}
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
failures=0
fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
for paper in docs/mailwalk.1 README.md; do
    [ -f "$paper" ] || { echo "$paper is not written yet"; exit 77; }
done
case ${BUILD##*/} in
*san*) san=SAN=1 ;;
*) san= ;;
esac
# shellcheck disable=SC2086
make --no-print-directory $san B="$BUILD" DESTDIR="$root" PREFIX=/usr install >"$root/log" 2>&1 || {
    cat "$root/log"
    echo "FAILED: make install"
    exit 1
}
rm -f "$root/log"

program=$root/usr/bin/mailwalk
[ -x "$program" ] && cmp -s "$program" "$MAILWALK" || fail "usr/bin/mailwalk is not the program that was built"
page=$root/usr/share/man/man1/mailwalk.1
[ -s "$page" ] || fail "no man page"
for paper in README.md GUIDE.md TRACE.md SCENARIOS.md scenario.schema.json; do
    [ -s "$root/usr/share/doc/mailwalk/$paper" ] || fail "usr/share/doc/mailwalk/$paper is missing"
done
stray=$(cd "$root" && find . -type f ! -path './usr/bin/mailwalk' ! -path './usr/share/man/man1/mailwalk.1' ! -path './usr/share/doc/mailwalk/*')
[ -z "$stray" ] || fail "installed besides: $stray"
open=$(find "$root" -type f -perm /022)
[ -z "$open" ] || fail "others may write $open"

# It needs nothing of the source tree.
cd "$root" || exit 1
"$program" run first-message >out 2>err || fail "the installed program does not run elsewhere: $(cat err)"
[ -s out ] || fail "the installed program says nothing"
cd - >/dev/null || exit 1

# The man page names every command and option that the program's own help names.
for word in $("$MAILWALK" --help | grep -oE '(^|[ |])--[a-z-]+|^  [a-z]+' | tr -d ' |' | sort -u); do
    sed 's/\\//g' "$page" | grep -q -e "$word" || fail "the man page does not know $word"
done
if command -v man >/dev/null && man --version >/dev/null 2>&1; then
    complaints=$(man --warnings -l "$page" 2>&1 >/dev/null)
    [ -z "$complaints" ] || fail "the man page: $complaints"
fi

# What was installed can be replaced: a second install is no error.
# shellcheck disable=SC2086
make --no-print-directory $san B="$BUILD" DESTDIR="$root" PREFIX=/usr install >/dev/null 2>&1 || fail "a second install fails"
echo "$failures failed"
[ "$failures" = 0 ]
