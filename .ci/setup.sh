#!/bin/sh
# Installs the Debian packages that are missing, and says so. Arguments: build, test.
# Works as root or with sudo; does nothing, quickly, where all is there.
set -eu
build="gcc libc6-dev make libpcap-dev libcjson-dev libncurses-dev libssl-dev"
test="check libsubunit-dev clang libclang-rt-14-dev tshark python3 git tmux procps"
# real mail programs, for tests/interop
interop="curl openssl swaks libnet-ssleay-perl msmtp fetchmail isync libsasl2-modules mutt bind9-dnsutils iproute2 iputils-ping nodejs"
# real mail servers: tests start their own, so the machine's need no configuration and need not run
servers="postfix dovecot-imapd dovecot-pop3d"
want=""
for group in "$@"; do
    case $group in
    build) want="$want $build" ;;
    test) want="$want $test $interop $servers" ;;
    *) echo "setup: unknown group '$group': build and test are known" >&2; exit 2 ;;
    esac
done
missing=""
for package in $want; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "setup: installing$missing"
as_root=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "setup: need root or sudo to install$missing" >&2; exit 3; }
    as_root="sudo"
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
case "$missing" in
*postfix*) echo "postfix postfix/main_mailer_type select No configuration" | $as_root debconf-set-selections ;;
esac
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
echo "setup: done"
