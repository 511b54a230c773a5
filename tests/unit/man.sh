#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual page names every command, option, --sim key, fault and exit code
# that the program's own help names, and that of recordings each name that may
# stand in one.  TAP on standard output.

program=${OTABENCH_BUILDDIR:?}/otabench
page=${OTABENCH_SRCDIR:?}/docs/otabench.1
text=$(sed 's/\\-/-/g; s/\\e/\\/g' "$page")
number=0

# Every first word of the help's entries, without values.
words()
{
	"$program" "$@" --help | sed -n 's/^  *\(-[a-zA-Z], \)*\(-*[a-z0-9][a-z0-9_-]*\).*/\2/p' |
		grep -E "$pattern" | sort -u
}

check() # title command...
{
	title=$1
	shift
	missing=
	for word in $(words "$@"); do
		printf '%s\n' "$text" | grep -qw -e "$word" || missing="$missing $word"
	done
	number=$((number + 1))
	if [ -z "$missing" ]; then
		echo "ok $number - $title"
	else
		echo "# not in the page:$missing"
		echo "not ok $number - $title"
	fi
}

pattern='^[-a-z0-9_]{2,}$'
check "the program's help"
for command in $("$program" --help | sed -n '/^Commands:/,/^Options/s/^  \([a-z-]*\) .*/\1/p'); do
	check "help of $command" "$command"
done

# The rows of the reader's table: {'>', "scan-start", ""}.
trace=$(sed 's/\\-/-/g' "${OTABENCH_SRCDIR:?}/docs/otabench-trace.5")
missing=
for word in $(sed -n "s/^.{'[<>=]', \"\([a-z-]*\)\".*/\1/p" \
	"$OTABENCH_SRCDIR/src/transport/trace_file.c"); do
	printf '%s\n' "$trace" | grep -qw -e "$word" || missing="$missing $word"
done
number=$((number + 1))
[ -z "$missing" ] || echo "# not in the page:$missing"
[ -z "$missing" ] && echo "ok $number - names in a recording" || echo "not ok $number - names in a recording"
echo "1..$number"
