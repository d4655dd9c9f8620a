#!/bin/sh
# A real kernel, in a network namespace of its own, talks to the virtual servers through a TUN device: ping, dig, curl, Python's
# mail clients, 100 MB both ways over a link that loses and reorders; and a recorded session is replayed.
set -u
BUILD=${BUILD:-build}
export BUILD PYTHONDONTWRITEBYTECODE=1
for program in python3 ip unshare; do
    command -v $program >/dev/null || { echo "$program is not installed"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "only root may make a TUN device and a network namespace"; exit 77; }
[ -c /dev/net/tun ] || { echo "this machine has no /dev/net/tun"; exit 77; }
unshare -n true 2>/dev/null || { echo "no network namespace can be made here"; exit 77; }
unshare -n ip tuntap add dev mwtest mode tun 2>/dev/null || { echo "no TUN device can be made here"; exit 77; }
# Much data waits most of the time, for what was lost; so the rest runs meanwhile, in another namespace.
unshare -n python3 tests/gateway/tun.py much >"$BUILD/tun-much.log" 2>&1 &
much=$!
unshare -n python3 tests/gateway/tun.py most
most=$?
wait $much
status=$?
cat "$BUILD/tun-much.log"
[ $most = 0 ] && [ $status = 0 ]
