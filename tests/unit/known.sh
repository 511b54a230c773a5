#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A device that was met before and is another one now: refused, told, trusted when asked for.
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

# run EXIT KEYS ARGUMENTS...: on the devices in folder "sim", with more keys of --sim.
run()
{
	wanted=$1
	keys=$2
	shift 2
	"$program" "--sim=state=sim,devices=1$keys" "$@" >out 2>err </dev/null
	[ $? -eq "$wanted" ]
}

says()
{
	grep -qF -e "$1" out err
}

# The device's flash is made anew: another board in its place, at the same address.
another()
{
	rm -f sim/*
}

remembered()
{
	[ "$(ls state/otabench/known | wc -l)" -eq "$1" ]
}

mkdir sim
for version in 2.0.0 3.0.0; do
	"$program" -q sample-image --size=100000 --version-text=$version $version.bin || exit 1
done

check "nobody is known at first" run 0 "" known list
check "... which is said" says "no device was met yet"
check "a first meeting is no change" run 0 "" info esp-sim-01
check "... and is remembered" remembered 1
check "an update of it" run 0 "" flash esp-sim-01 2.0.0.bin
check "... says that the link proves nothing" says "whoever answers may claim the hash"
check "it is known by what it runs now" run 0 "" known list
check "... with its chip" says "esp32 "
check "it is updated again" run 0 "" flash esp-sim-01 3.0.0.bin
check "rolled back" run 0 "" rollback esp-sim-01
check "... which is no change" run 0 "" flash esp-sim-01 3.0.0.bin

another
check "another board is refused, with a status of its own" run 78 "" flash esp-sim-01 2.0.0.bin
check "... and what has changed is named" says "it runs image"
check "... with the way to go on" says "--trust-change"
check "in JSON" run 78 "" --json flash esp-sim-01 2.0.0.bin
check "... as an outcome" says '"outcome":"device-changed"'
check "... with what it is" says '"changed":["image"]'
check "commands are refused, too" run 78 "" reboot esp-sim-01
check "a look is not" run 0 "" info esp-sim-01
check "... and tells" says "not the device that was met on"
check "nothing of that is remembered" run 78 "" flash esp-sim-01 2.0.0.bin
check "with trust it is updated" run 0 "" --trust-change flash esp-sim-01 2.0.0.bin
check "... and is the known one from then on" run 0 "" flash esp-sim-01 3.0.0.bin

another
check "what it was is forgotten" run 0 "" known forget esp-sim-01
check "... so that it is met for the first time" run 0 "" flash esp-sim-01 2.0.0.bin
check "nothing else is forgotten" run 68 "" known forget esp-sim-02

another
check "another chip" run 78 ,chip=esp32s3 --json reboot esp-sim-01
check "... is named beside its image" says '"changed":["chip","image"]'

another
check "a twin at another address that has its name" run 78 ,addresses=random \
	--json flash esp-sim-01 2.0.0.bin
check "... is named" says '"changed":["address"]'
check "... and gets nothing" says '"outcome":"device-changed"'
check "a recording of it" run 78 ,addresses=random --trace=twin.jsonl flash esp-sim-01 2.0.0.bin
"$program" replay twin.jsonl >out 2>err </dev/null
check "... ends as it did" test $? -eq 78
twin=$("$program" --sim=state=sim,devices=1,addresses=random scan --time=1 2>/dev/null |
	awk '/esp-sim-01/ { print $2 }')
check "by its own address it is a new one" run 0 ,addresses=random flash "$twin" 2.0.0.bin

another
cat >script <<'END'
wait 2
keys Enter
until answered:
type :flash 2.0.0.bin
keys Enter y
until trust it? y/n
screen asked
keys y
until confirmed:
screen done
END
check "the workbench asks" run 0 ",version=0.7" --script=script
check "... and says what has changed" says "it runs image"
check "... and does what was asked for after a yes" says "confirmed: It runs the image"
sed -i 's/^keys y/keys n/; /^until confirmed/,$d' script
another
"$program" -q sample-image --size=100000 --version-text=4.0.0 2.0.0.bin --force >out 2>err || exit 1
check "after a no" run 0 ",version=0.8" --script=script
check "... nothing is remembered" run 78 ",version=0.8" flash esp-sim-01 2.0.0.bin

another
key=$folder/k.pem
"$program" -q key new "$key" --no-passphrase >out 2>err </dev/null || exit 1
"$program" -q sign --key="$key" 2.0.0.bin >out 2>err || exit 1
rm -r state/otabench/known
check "a device that takes signed images only" run 0 ",public_key=$key" flash esp-sim-01 2.0.0.bin
check "... and now takes any" run 78 "" --json flash esp-sim-01 3.0.0.bin
check "... is another one" says '"changed":["signed-only"]'

echo "1..$number"
