#!/bin/sh
# Thunderbird, unmodified and without a screen, uses the virtual servers; the session is replayed.
# It is large and not part of the tests' own set-up: apt-get install --no-install-recommends thunderbird
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
command -v thunderbird >/dev/null || { echo "thunderbird is not installed"; exit 77; }
version=$(thunderbird --version 2>/dev/null | sed -n 's/.*Thunderbird \([0-9]*\)\..*/\1/p')
[ -n "$version" ] || { echo "thunderbird is installed and does not start"; exit 77; }
[ "$version" -ge 140 ] || { echo "thunderbird $version is older than 140"; exit 77; }
exec python3 tests/interop/thunderbird.py
