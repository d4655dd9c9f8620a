#!/bin/sh
# docs/TESTING-WITH-MAILWALK.md cannot rot: its examples are taken out of the page and run.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/gateway/examples.py
