#!/bin/sh
# embed.sh OUT FILE... - writes OUT, a C file that holds each FILE as an array: the catalogue.
# Arrays of octets, not strings: C99 promises strings of 4095 octets only. The files are sorted by
# name, so that the same files give the same program whatever the shell's locale.
set -eu
LC_ALL=C
export LC_ALL
out=$1
shift
files=$(printf '%s\n' "$@" | sort)
mkdir -p "$(dirname "$out")"
{
    echo '/* Written by scenarios/load/embed.sh. */'
    echo '#include "scenarios/load/catalogue.h"'
    n=0
    for file in $files; do
        echo "static const unsigned char file_${n}[] = {"
        od -An -v -tx1 "$file" | sed 's/\([0-9a-f][0-9a-f]\)/0x\1,/g'
        # A last octet that is not counted: an empty file is no empty array.
        echo '0x00 };'
        n=$((n + 1))
    done
    echo 'const struct catalogue_file catalogue_files[] = {'
    n=0
    for file in $files; do
        echo "    { \"$(basename "$file")\", file_$n, sizeof file_$n - 1 },"
        n=$((n + 1))
    done
    echo '    { 0, 0, 0 }'
    echo '};'
    echo "const size_t catalogue_nfiles = $n;"
} >"$out.tmp"
mv "$out.tmp" "$out"
