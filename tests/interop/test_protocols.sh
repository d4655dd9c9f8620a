#!/bin/sh
# SMTP, POP3 and SASL by hand over doors: what the extensions on offer ask of a server, and proofs tied to TLS.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/interop/protocols.py
