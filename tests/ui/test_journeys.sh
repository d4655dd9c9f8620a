#!/bin/sh
# Journeys through the screen in a real terminal.
command -v tmux >/dev/null || { echo "tmux is not installed"; exit 77; }
command -v pgrep >/dev/null || { echo "pgrep is not installed"; exit 77; }
exec python3 tests/ui/journeys.py "${MAILWALK:-build/mailwalk}"
