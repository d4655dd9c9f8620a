#!/bin/sh
# Faults on demand: every command of the control socket, by what a real client sees of it; replays; hostile clients.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/gateway/control.py
