#!/bin/sh
# `mailwalk serve` with TLS: certificates, secrets, captures, the calendar.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/gateway/tls.py
