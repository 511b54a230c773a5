#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A scan with one virtual device of each dialect names all of them whose advertisement tells,
# as tests/unit/dialects.txt has it; `info` names each, and `flash` writes to none that is left
# alone.  TAP on standard output; UPDATE_PICTURES=1 writes the text anew.

program=${OTABENCH_BUILDDIR:?}/otabench
golden=${OTABENCH_SRCDIR:?}/tests/unit/dialects.txt
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME="$work" XDG_CONFIG_HOME="$work" OTABENCH_HISTORY="$work/history.db"
number=0

tell() # title, with the status of the command before
{
	status=$?
	number=$((number + 1))
	[ $status -eq 0 ] && echo "ok $number - $1" || echo "not ok $number - $1"
}

field() # file key
{
	sed -n "s/.*\"$2\":\"*\([^\",]*\).*/\1/p" "$1" | tail -n 1
}

sim=--sim=devices=18,dialect=each,seed=4,speed=max
"$program" $sim scan --time=3 >"$work/scan"
[ -n "$UPDATE_PICTURES" ] && cp "$work/scan" "$golden"
diff -u "$golden" "$work/scan" | sed 's/^/# /'
cmp -s "$golden" "$work/scan"
tell "a scan of one device of each"

"$program" sample-image --quiet --size=20000 "$work/image.bin" >/dev/null
"$program" sample-image --quiet --kind=mcuboot --size=20000 "$work/mcuboot.bin" >/dev/null
i=0
for name in full basic foreign fbiego fbiego-compact ble-ota ble-ota-raw bleota nimbleota angerer \
	arduino-ble-ota smp nordic-dfu nordic-legacy-dfu meshtastic matter silabs ti-oad; do
	i=$((i + 1))
	device=$(printf 'esp-sim-%02d' $i)
	"$program" --json $sim info "$device" >"$work/info" 2>&1
	exit=$?
	case $name in
	full | basic | ble-ota | ble-ota-raw | bleota | nimbleota | fbiego* | smp | angerer | arduino-ble-ota) expected=0 ;;
	*) expected=76 ;;
	esac
	[ $exit -eq $expected ] && [ "$(field "$work/info" dialect)" = "$name" ]
	tell "info names $name"
	image=$work/image.bin
	[ $name = smp ] && image=$work/mcuboot.bin
	"$program" --json --sim=devices=1,dialect=$name,speed=max flash esp-sim-01 \
		"$image" >"$work/flash" 2>"$work/errors"
	exit=$?
	case $name in
	full | basic | ble-ota | ble-ota-raw | bleota | nimbleota | fbiego* | smp | angerer | arduino-ble-ota)
		[ $exit -eq 0 ] && ! grep -q '"tool":' "$work/info"
		;;
	*)
		[ $exit -eq 76 ] && [ "$(field "$work/flash" outcome)" = other-dialect ] &&
			[ -n "$(field "$work/flash" tool)" ] && [ -n "$(field "$work/info" tool)" ]
		;;
	esac
	tell "flash of $name ends as it should"
done
echo "1..$number"
