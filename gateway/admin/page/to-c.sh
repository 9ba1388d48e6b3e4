#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# to-c.sh NAME FILE: the file as a C array, on standard output.
set -eu

printf '/* Made from %s; do not edit. */\n#include "gateway/admin/page.h"\n\nconst unsigned char %s[] = {\n' "${2##*/}" "$1"
od -An -v -t u1 "$2" | sed 's/[0-9][0-9]*/&,/g'
printf '};\n\nconst size_t %s_len = sizeof %s;\n' "$1" "$1"
