#!/bin/sh
# The rules of the house (design, section 1): who may include whom, where the one user of a library lives, how
# long a file may be, and that the protocols link without the simulator.
set -u
BUILD=${BUILD:-build}
failures=0 claims=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# allow ROOM PATTERN: each include of each file in ROOM matches the extended regular expression PATTERN. <libc.h>
# is always allowed: LIBC names the headers of C11 and those of POSIX that do no input or output by themselves.
LIBC='assert|ctype|errno|float|inttypes|limits|locale|malloc|math|signal|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|strings|time|unistd|sys/stat|sys/resource|sys/types'
allow() {
    room=$1 pattern=$2
    set -- "$room"/*.[ch]
    [ -e "$1" ] || return 0
    claims=$((claims + $#))
    wrong=$(awk -v ok="^(<($LIBC)\\.h>|\"$room/[^\"]*\"${pattern:+|$pattern})\$" '
        /^[ \t]*#[ \t]*include/ { sub(/^[ \t]*#[ \t]*include[ \t]*/, ""); sub(/[ \t]*(\/[\/*].*)?$/, "")
            if ($0 !~ ok) print FILENAME ":" FNR ": " $0 }' "$@")
    [ -z "$wrong" ] || fail "$room may not include
$wrong"
}

# only PATTERN WHAT FILES...: nothing else of the program matches the pattern outside of comments.
program() {
    find main.c protocols sim scenarios ui -name '*.[ch]' | sort
}
only() {
    pattern=$1 what=$2 where=$3
    claims=$((claims + 1))
    wrong=$(program | xargs awk -v pattern="$pattern" -v where="^($where)" '
        FNR == 1 { comment = 0 }
        { line = $0
          gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
          if ($0 ~ /^[ \t]*#[ \t]*include/) line = $0
          while (1) {
              if (comment) { at = index(line, "*/"); if (!at) { line = ""; break } line = substr(line, at + 2); comment = 0 }
              at = index(line, "/*")
              if (!at) break
              rest = substr(line, at + 2); line = substr(line, 1, at - 1)
              end = index(rest, "*/")
              if (end) line = line " " substr(rest, end + 2); else { comment = 1; break }
          }
          sub(/\/\/.*/, "", line)
          if (line ~ pattern && FILENAME !~ where) print FILENAME ":" FNR ": " $0 }')
    [ -z "$wrong" ] || fail "$what belongs to $where, but is in
$wrong"
}

PROTO='"protocols/[^"]*"' SIM_CORE='"sim/core/[^"]*"' SIM='"sim/[^"]*"'
WIRE='"protocols/wire/[^"]*"' TLS='<openssl/[^>]*>'

for room in protocols/*/; do
    room=${room%/}
    case $room in
    protocols/wire) allow "$room" '' ;;
    protocols/tls | protocols/auth) allow "$room" "$WIRE|$TLS" ;;
    *) allow "$room" "$WIRE" ;;
    esac
done
allow sim/core '<sys/mman\.h>'
allow sim/net "$SIM_CORE"
allow sim/hosts "$SIM|$PROTO"
allow sim/export '"sim/core/trace\.h"|<pcap/pcap\.h>|<pcap\.h>'
allow sim/gateway "$SIM|\"protocols/wire/utf8\\.h\"|<(arpa/inet|fcntl|net/if|net/route|linux/if_tun|linux/if|netinet/in|netinet/tcp|poll|sys/ioctl|sys/socket|sys/time|sys/un)\\.h>"
allow sim/bench "$SIM"
allow scenarios/load "$SIM|$WIRE|<cjson/cJSON\\.h>"
# What is shown comes from the trace; explain reads the engines' tables, exercises read scenarios.
allow ui/tape '"sim/core/trace\.h"|"protocols/wire/[^"]*"'
allow ui/screen "\"sim/core/trace\\.h\"|$WIRE|\"ui/tape/[^\"]*\"|<(curses|ncurses|term|langinfo|wchar|termios|sys/ioctl|poll)\\.h>"
allow ui "\"ui/(tape|screen)/[^\"]*\"|\"sim/core/trace\\.h\"|$WIRE|$PROTO|\"scenarios/load/[^\"]*\"|<(curses|ncurses|term|langinfo|wchar|termios|sys/ioctl|poll)\\.h>"

only '#[ \t]*include[ \t]*"protocols/(smtp|pop3|imap|dns|sasl|tls|auth)/' 'an engine' 'protocols/|sim/|ui/explain_engines\.c|ui/alternatives\.c|main\.c'
only '#[ \t]*include[ \t]*<openssl/' 'OpenSSL' 'protocols/tls/|protocols/auth/'
only '#[ \t]*include[ \t]*<cjson/' 'cJSON' 'scenarios/load/'
only '#[ \t]*include[ \t]*<pcap' 'libpcap' 'sim/export/'
only '#[ \t]*include[ \t]*"scenarios/load/' 'a scenario' 'scenarios/load/|ui/practice|ui/exercise|ui/play|ui/lesson|main\.c'
claims=$((claims + 1))
curses=$(program | xargs grep -lE '#[[:space:]]*include[[:space:]]*<n?curses' | wc -l)
[ "$curses" -le 1 ] || fail "curses is included by $curses files; one is the rule"

# ---- how long a file is --------------------------------------------------------------------------------

# A suite of tests is a list of claims that do not depend on each other: it may be longer.
for file in $(program) $(find tests -name '*.[ch]' | sort); do
    [ -f "$file" ] || continue
    claims=$((claims + 1))
    lines=$(wc -l <"$file")
    case $file in
    tests/*) most=800 ;;
    *) most=600 ;;
    esac
    [ "$lines" -le $most ] || fail "$file has $lines lines; $most is the most: split it by verb or direction"
done

# ---- the linker's opinion ---------------------------------------------------------------------------------

archives="$BUILD/libprotocols.a $BUILD/libsim.a $BUILD/libtop.a"
for archive in $archives; do
    [ -f "$archive" ] || { fail "$archive is not there: make first"; echo "$claims claims, $failures failed"; exit 1; }
done

# calls WHAT PATTERN WHERE: no object but those in WHERE needs a symbol that matches PATTERN.
symbols=$BUILD/symbols.txt
find "$BUILD/protocols" "$BUILD/sim" "$BUILD/scenarios" "$BUILD/ui" "$BUILD/main.o" -name '*.o' | sort |
    xargs nm -A -u 2>/dev/null | sed "s,^$BUILD/,," >"$symbols"
[ -s "$symbols" ] || fail "nm says nothing"
calls() {
    claims=$((claims + 1))
    wrong=$(awk -v pattern="^($2)(@.*)?\$" -v where="^($3)" '
        { object = $1; sub(/:$/, "", object) } $NF ~ pattern && object !~ where { print object ": " $NF }' "$symbols")
    [ -z "$wrong" ] || fail "$1 belongs to $3, but is in
$wrong"
}
# The world has its own time and its own chance: nothing of the machine may reach a trace.
calls 'a real socket' 'socket|socketpair|bind|listen|accept4?|connect|recv(from|msg)?|send(to|msg)?|getaddrinfo|gethostby.*' 'sim/gateway/'
calls 'a real clock' 'clock_gettime|gettimeofday|time|clock|nanosleep|usleep|sleep|times|getrusage' 'sim/gateway/|sim/bench/|ui/terminal|ui/screen|ui/curses'
calls 'chance of the machine' 'rand|rand_r|srand|random|srandom|.rand48|getpid|getrandom|getentropy|arc4random.*' 'sim/gateway/'
calls 'the locale or time zone' 'localtime(_r)?|mktime|strftime|setlocale|nl_langinfo|strcoll|qsort_r|isalpha|toupper|tolower|strcasecmp|strncasecmp' \
    'sim/gateway/|ui/'
calls 'allocation' 'malloc|calloc|realloc|strdup|strndup|free' 'protocols/tls/|protocols/auth/|sim/|scenarios/|ui/|main\.o'
calls 'a file or a process' 'fopen|open|openat|popen|system|fork|exec.*|unlink|rename|mkdir' \
    'sim/gateway/|sim/export/|sim/bench/|scenarios/load/|ui/|main\.o'

claims=$((claims + 1))
archive=$BUILD/libprotocols.a
defined=$(nm "$archive" 2>/dev/null | awk '$2 ~ /^[TDBRVWdbrt]$/ { print $3 }' | sort -u)
foreign=$(nm -u "$archive" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u |
    grep -E '^(core|net|tcp|udp|icmp|fault|firewall|trace|world|host|mta|mua|pump|store|scenario|export|ui|gateway|bench)_' |
    while read -r symbol; do echo "$defined" | grep -qx "$symbol" || echo "$symbol"; done)
[ -z "$foreign" ] || fail "$archive needs symbols of the simulator: $foreign"

# A program with nothing in it links with all of the archive.
claims=$((claims + 1))
echo 'int main(void) { return 0; }' >"$BUILD/nothing.c"
flags=
grep -q __asan_ "$symbols" && flags=-fsanitize=address,undefined
# shellcheck disable=SC2086
out=$(cc $flags -o "$BUILD/nothing" "$BUILD/nothing.c" -Wl,--whole-archive "$archive" -Wl,--no-whole-archive -lssl -lcrypto -lm 2>&1) ||
    fail "$archive does not link without the simulator: $out"
rm -f "$BUILD/nothing" "$BUILD/nothing.c"

# Engines keep nothing between two calls that is not in the caller's object.
claims=$((claims + 1))
state=$(find "$BUILD/protocols" -name '*.o' | sort | while read -r object; do
    objdump -t "$object" | awk -v object="${object#"$BUILD"/}" '$3 == "O" && $4 ~ /^\.(data|bss)$/ { print object ": " $NF }
        $2 == "O" && $3 ~ /^\.(data|bss)$/ { print object ": " $NF }'
done | grep -vE 'asan|ubsan|san_|: \.L')
[ -z "$state" ] || [ -n "$flags" ] || fail "an engine has static state that can change:
$state"
rm -f "$symbols"

echo "$claims claims, $failures failed"
[ "$failures" = 0 ]
