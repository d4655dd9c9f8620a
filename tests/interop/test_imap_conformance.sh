#!/bin/sh
# What IMAP4rev1 and IMAP4rev2 and their extensions ask of a server, one claim after the other, by hand over a door.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/interop/imap_conformance.py
