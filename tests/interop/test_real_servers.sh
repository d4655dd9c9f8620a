#!/bin/sh
# Virtual mail servers and mail programs against Debian's Postfix and Dovecot, through exits; the session is replayed.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/interop/real_exits.py
