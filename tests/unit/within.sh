#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/tools/within ends what hangs, and nothing that only waits for its turn.

set -u
within=${OTABENCH_SRCDIR:?}/tests/tools/within
count=0
background=()
trap 'kill "${background[@]}" 2>/dev/null' EXIT

verdict() { # expected-status status name
	count=$((count + 1))
	if [ "$1" -eq "$2" ]; then
		echo "ok $count - $3"
	else
		echo "# status $2, not $1"
		echo "not ok $count - $3"
	fi
}

"$within" 600 sh -c 'exit 3'
verdict 3 $? "the status is the command's"

[ "$(echo text | "$within" 600 cat)" = text ]
verdict 0 $? "standard input and output are the command's"

"$within" 600 sh -c 'kill -INT $$; exit 1'
verdict 130 $? "a signal that ends a program ends the command"

"$within" 1 sleep infinity
verdict 124 $? "what waits for nothing is ended"

# Seven that spin on one processor leave an eighth of it: a fifth of a second takes more
# than the second that is allowed.
first=$(taskset -cp $$ 2>/dev/null | sed 's/.*: *//; s/[-,].*//')
if [ -n "$first" ] && taskset -cp "$first" $$ >/dev/null 2>&1; then
	for _ in 1 2 3 4 5 6 7; do
		sh -c 'while :; do :; done' &
		background+=($!)
	done
	"$within" 1 sh -c '
		while read -r had _ <"/proc/$$/schedstat" && [ "$had" -lt 200000000 ]; do
			:
		done
		exit 5'
	verdict 5 $? "what waits for a processor goes on"
else
	count=$((count + 1))
	echo "ok $count # SKIP no processor can be chosen (taskset)"
fi
echo "1..$count"
