#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# otabench profile diff, set and edit, as a user types them: files keep what is
# theirs, and a mistake changes nothing.  TAP on standard output.

program=${OTABENCH_BUILDDIR:?}/otabench
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
XDG_CONFIG_HOME=$folder/config
export XDG_CONFIG_HOME
unset VISUAL
user=$XDG_CONFIG_HOME/otabench/profiles
number=0

# check TITLE CONDITION...: the condition is a command.
check()
{
	title=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $title"
	else
		echo "not ok $number - $title"
	fi
}

# run EXIT ARGUMENTS...: whether the program ends with EXIT.
run()
{
	wanted=$1
	shift
	"$program" "$@" >"$folder/out" 2>"$folder/err"
	[ $? -eq "$wanted" ]
}

says()
{
	grep -qF -e "$1" "$folder/out" "$folder/err"
}

cat >"$folder/p.yaml" <<'END'
# of mine
chunk: 20	# small
retries: 3
END
cp "$folder/p.yaml" "$folder/before.yaml"

check "diff of two" run 0 profile diff default reliable
check "... tells a key" says "window                   auto             16384"
check "diff against the defaults" run 0 profile diff "$folder/p.yaml" --json
check "... tells a key" says '"key":"chunk","a":"auto","b":20'
check "diff of one and the same" run 0 profile diff reliable reliable
check "... tells none" says "no key differs"

check "a trial of set" run 0 profile set "$folder/p.yaml" chunk=244 phy=2M --dry-run
check "... shows the line" says "+chunk: 244	# small"
check "... writes nothing" cmp -s "$folder/p.yaml" "$folder/before.yaml"
check "set" run 0 profile set "$folder/p.yaml" chunk=244 phy=2M
printf '# of mine\nchunk: 244\t# small\nretries: 3\nphy: 2M\n' >"$folder/wanted.yaml"
check "... keeps the rest of the file" cmp -s "$folder/p.yaml" "$folder/wanted.yaml"
check "a value out of range" run 64 profile set "$folder/p.yaml" chunk=9
check "... is told" says "expected auto or a whole number, 20..512 bytes, found 9"
check "... changes nothing" cmp -s "$folder/p.yaml" "$folder/wanted.yaml"
check "set without a value" run 64 profile set "$folder/p.yaml"
check "a file that is not there" run 66 profile set "$folder/none.yaml" chunk=20
check "set of a built-in one" run 0 profile set reliable retries=7
check "... makes a file of the user's" grep -q '^retries: 7$' "$user/reliable.yaml"
check "... with its comments" grep -q '^# 1M reaches farther' "$user/reliable.yaml"
check "... which goes before it" run 0 profile diff reliable "$user/reliable.yaml"
check "set into another" run 0 profile set "$folder/p.yaml" --as=mine chunk=100
check "... writes that one" grep -q '^chunk: 100	# small$' "$user/mine.yaml"
check "... and not this one" cmp -s "$folder/p.yaml" "$folder/wanted.yaml"
check "a name that is none" run 64 profile set reliable --as=.. chunk=100

printf 'window: 4096\nack_interval: 4096\n' >"$folder/w.yaml"
check "a window below the ACK interval" run 0 profile check "$folder/w.yaml"
check "... is warned of" says "window 4096 holds 8 whole values of 495 bytes, ack_interval 4096 takes 9"
check "... and in JSON" run 0 profile check "$folder/w.yaml" --json
check "... too" says '"warning":"window 4096 holds'
printf 'window: 4096\nack_interval: 3944\n' >"$folder/w.yaml"
check "a window of just as many values" run 0 profile check "$folder/w.yaml"
check "... is not" sh -c "! grep -q warning \"$folder/out\" \"$folder/err\""
printf 'window: 4096\nack_interval: 4096\nchunk: 130\n' >"$folder/w.yaml"
check "... nor one that values fill" run 0 profile check "$folder/w.yaml"
check "... to the byte" sh -c "! grep -q warning \"$folder/out\" \"$folder/err\""

EDITOR="sed -i s/244/fast/"
export EDITOR
check "edit into a mistake" run 64 profile edit "$folder/p.yaml"
check "... is told by its place" says "p.yaml:2:8: chunk: expected auto"
EDITOR="sed -i s/fast/64/"
check "edit mends it" run 0 profile edit "$folder/p.yaml"
check "... in the file" grep -q '^chunk: 64	# small$' "$folder/p.yaml"
EDITOR=true
check "edit of a built-in one, unchanged" run 0 profile edit phone-185
check "... leaves no file" test ! -e "$user/phone-185.yaml"
EDITOR=false
check "an editor that fails" run 64 profile edit phone-185
check "... leaves no file" test ! -e "$user/phone-185.yaml"
echo "1..$number"
