#!/bin/sh
# Hostile clients that have logged in, and hostile messages: the next honest one is served at once, memory stays bounded, nothing accepted is lost.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/interop/hardening.py
