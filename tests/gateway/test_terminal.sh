#!/bin/sh
# What strangers write never reaches the terminal as more than text: names, commands, messages, replies, files.
set -u
export PYTHONDONTWRITEBYTECODE=1
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/gateway/terminal.py
