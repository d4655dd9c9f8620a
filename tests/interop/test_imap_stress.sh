#!/bin/sh
# Several IMAP sessions on one mailbox, changing it at random: what each was told must be the truth, in the order the RFC allows.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/interop/imap_stress.py
