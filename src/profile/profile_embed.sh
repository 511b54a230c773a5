#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: profile_embed.sh DIRECTORY FILE...
# Writes C source with the directory that profiles are installed to, and with
# the files themselves, so that a program that is not installed has them too.  Bytes rather than a string literal: C11 only
# promises 4095 characters of those.
set -eu

names=
cat <<EOF
/* Made by profile_embed.sh from profiles/; do not edit. */
#include "profile/profile_priv.h"

const char profile_data_directory[] = "$1";
EOF
shift
i=0
for file; do
	printf '\nstatic const unsigned char text_%d[] = {\n' "$i"
	od -An -v -tu1 <"$file" | sed 's/[0-9][0-9]*/&,/g'
	printf '};\n'
	name=$(basename "$file" .yaml)
	names="$names	{\"$name\", text_$i, sizeof(text_$i)},
"
	i=$((i + 1))
done
printf '\nconst struct profile_builtin profile_builtins[] = {\n%s	{0, 0, 0},\n};\n' "$names"
