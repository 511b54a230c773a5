#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A device that takes signed images over any link, and demands a passkey for what no signature
# covers: abort, confirm, rollback, reboot, and what makes an update that could be resumed be lost.
# TAP on standard output.

program=${OTABENCH_BUILDDIR:?}/otabench
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
number=0
cd "$folder" || exit 1
export XDG_STATE_HOME="$folder/state" XDG_CONFIG_HOME="$folder/config"
unset OTABENCH_HISTORY

check()
{
	title=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $title"
	else
		sed 's/^/# /' out err
		echo "not ok $number - $title"
	fi
}

# run EXIT KEYS ARGUMENTS...: with more keys of --sim; nobody knows the passkey, unless told.
run()
{
	wanted=$1
	keys=$2
	shift 2
	"$program" "--sim=state=sim,devices=1,public_key=k.pem,security=passkey,passkey=123456,commands_only=yes$keys" \
		"$@" >out 2>err </dev/null
	[ $? -eq "$wanted" ]
}

says()
{
	grep -qF -e "$1" out err
}

lacks()
{
	! says "$1"
}

mkdir sim
"$program" -q key new k.pem --no-passphrase >out 2>err || exit 1
for version in 2.0.0 3.0.0; do
	"$program" -q sample-image --size=300000 --version-text=$version $version.bin || exit 1
	"$program" -q sign --key=k.pem $version.bin >out 2>err || exit 1
done

for command in reboot confirm rollback cancel; do
	check "a stranger may not $command" run 77 "" $command esp-sim-01
done
check "whoever has the passkey may" run 0 "" --passkey=123456 reboot esp-sim-01
check "a look needs nothing" run 0 "" status esp-sim-01
check "a part of a signed image is taken from anybody" \
	run 75 ",fault=disconnect@150000" -s retries=0 flash esp-sim-01 2.0.0.bin
check "... and not dropped for another, although that is signed, too" \
	run 77 "" flash esp-sim-01 3.0.0.bin
check "... nor by a start from the beginning" run 77 "" flash --restart esp-sim-01 2.0.0.bin
check "... nor by a stranger's cancel" run 77 "" cancel esp-sim-01
check "it is still there" run 0 "" --json status esp-sim-01
check "... to be resumed" says '"resumable":true'
check "it is resumed over any link, and confirmed with the passkey" \
	run 0 "" --json --passkey=123456 resume esp-sim-01 2.0.0.bin
check "... over an authenticated link, which is told" says '"authenticated":true'
check "whoever sends an image may cancel it" \
	run 0 "" --json --passkey=123456 flash esp-sim-01 3.0.0.bin
check "... and is not advised to prepare" lacks "prepare erases"
check "preparing is not offered where it would be refused" run 0 "" --json info esp-sim-01
check "... by the features" says '"abilities":8'

echo "1..$number"
