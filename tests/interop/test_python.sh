#!/bin/sh
# Python's smtplib, imaplib and poplib use the virtual servers; the session is replayed.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/interop/python_clients.py
