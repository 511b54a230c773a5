#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# otabench key, sign and verify, with openssl as the other side: each reads what the other
# writes.  TAP on standard output.

program=${OTABENCH_BUILDDIR:?}/otabench
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
number=0
cd "$folder" || exit 1
unset OPENSSL_CONF

# check TITLE CONDITION...: the condition is a command.
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

# run EXIT ARGUMENTS...: whether the program ends with EXIT.
run()
{
	wanted=$1
	shift
	"$program" "$@" >out 2>err </dev/null
	[ $? -eq "$wanted" ]
}

says()
{
	grep -qF -e "$1" out err
}

ssl()
{
	openssl "$@" >out 2>err </dev/null
}

private()
{
	[ "$(stat -c %a "$1")" = 600 ]
}

"$program" -q sample-image --chip=esp32c3 --project=gateway a.bin || exit 1
"$program" -q sample-image --chip=esp32c3 --project=gateway --version-text=2.0.1 b.bin || exit 1
echo 'pass phrase' >words
echo 'another' >other

check "a new key" run 0 key new k.pem --no-passphrase
check "... is for its user alone" private k.pem
check "... is not replaced" run 74 key new k.pem --no-passphrase
check "... is read by openssl" ssl pkey -in k.pem -noout -check
"$program" key show k.pem >k.pub
check "its public half is read by openssl" ssl pkey -pubin -in k.pub -noout
openssl pkey -in k.pem -pubout >k.ssl 2>err
grep -v '^#' k.pub >k.own
check "... is what openssl makes of it" cmp -s k.ssl k.own

check "an encrypted key" run 0 key new e.pem --passphrase-file=words
check "... opens with its passphrase" run 0 key show e.pem --passphrase-file=words
check "... in openssl, too" ssl pkey -in e.pem -passin 'pass:pass phrase' -noout
check "... not with another" run 77 key show e.pem --passphrase-file=other
check "... which is said" says "wrong passphrase"
check "... nor with none" run 77 key show e.pem --passphrase-file=/dev/null

check "sign" run 0 sign --key k.pem a.bin --statement=a.statement
check "... not over an older signature" run 74 sign --key k.pem a.bin
check "... but with --force" run 0 --force sign --key k.pem a.bin
check "verify" run 0 verify --key k.pem a.bin
check "verify by the public key" run 0 verify --key k.pub a.bin
check "openssl verifies it" ssl dgst -sha256 -verify k.pub -signature a.bin.sig a.statement
check "a signature of another image" run 65 verify --key k.pub --signature=a.bin.sig b.bin
check "a signature by another key" run 65 verify --key e.pem --passphrase-file=words a.bin
check "... names the file, the image and the key" says "a.bin.sig: not a signature of a.bin by key"
check "no signature" run 66 verify --key k.pub b.bin
check "an image for a signature" run 65 verify --key k.pub --signature=a.bin b.bin
check "a key that cannot sign" run 65 sign --key k.pub b.bin
check "no key" run 64 sign b.bin
check "... left no file" test ! -e b.bin.sig

# The other way round: keys of openssl in each of its forms, and its signatures, whose numbers
# are now and then a byte shorter.
openssl ecparam -name prime256v1 -genkey -out o.pem 2>err
openssl ec -in o.pem -aes256 -passout 'pass:pass phrase' -out old.pem 2>err
openssl pkcs8 -topk8 -in o.pem -passout 'pass:pass phrase' -out p8.pem 2>err
check "a key of openssl with its parameters" run 0 key show o.pem
cp out o.pub
for key in old p8; do
	check "a key of openssl, $key" run 0 key show $key.pem --passphrase-file=words
	check "... has the same point" says "$(sed -n 's/^# x, y: //p' o.pub)"
done
check "a statement without a key" run 0 sign b.bin --statement=b.statement
all=yes
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	openssl dgst -sha256 -sign o.pem -out b.bin.sig b.statement 2>err &&
		"$program" -q verify --key o.pub b.bin >out 2>err || all=no
done
check "openssl's signatures" test $all = yes

openssl ecparam -name secp384r1 -genkey -noout -out p384.pem 2>err
openssl genrsa -out rsa.pem 2048 2>err
for key in p384 rsa; do
	check "a key of another kind, $key" run 65 key show $key.pem
	check "... is named" says "expected an ECDSA key on P-256"
done
check "no key at all" run 65 key show a.bin
# Secure boot v2: images, keys and digests as espsecure 5 of esptool made them.
boot=${OTABENCH_SRCDIR:?}/tests/unit/secure_boot
for key in rsa ecdsa192 ecdsa256 ecdsa384; do
	check "secure boot, $key" run 0 inspect --secure-boot-key="$boot/$key.pem" "$boot/$key.bin"
	check "... with the eFuse's digest" says "key digest $(cat "$boot/$key.digest")"
	other=rsa
	[ $key != rsa ] || other=ecdsa256
	check "... not by another key" run 65 inspect --secure-boot-key="$boot/$other.pem" "$boot/$key.bin"
	check "... which is said" says "signed by another key"
done
check "two blocks, the first's key" run 0 inspect --secure-boot-key="$boot/rsa.pem" "$boot/two.bin"
check "... the second's" run 0 --json inspect --secure-boot-key="$boot/ecdsa256.pem" "$boot/two.bin"
check "... as JSON" says '"secure_boot_key":{"signed":true,"blocks":[{"verdict":"signed by another key"'
# patch NAME OFFSET: the image with one byte changed.
patch()
{
	cp "$boot/$1.bin" patched.bin
	byte=$(od -An -tu1 -j "$2" -N1 patched.bin)
	# shellcheck disable=SC2059
	printf "$(printf '\\%03o' $((byte ^ 1)))" | dd of=patched.bin bs=1 seek="$2" conv=notrunc 2>err
}
# 4096 is the block: its digest, the signature and the check sum.
for at in 4100 4908 5292; do
	patch rsa $at
	check "a damaged block, byte $at" run 65 inspect --secure-boot-key="$boot/rsa.pem" patched.bin
	check "... which is said" says "damaged, or not of these bytes"
done
check "no signature" run 65 inspect --secure-boot-key="$boot/rsa.pem" a.bin
check "no key" run 65 inspect --secure-boot-key=a.bin "$boot/rsa.bin"
check "no file" run 66 inspect --secure-boot-key=nowhere "$boot/rsa.bin"

# Devices that take signed images only.
XDG_STATE_HOME=$folder/state
export XDG_STATE_HOME
sim="--sim=speed=max,project=gateway,chip=esp32c3,public_key=k.pub"
flash()
{
	wanted=$1
	shift
	run "$wanted" --no-history --json "$@" flash esp-sim-01 a.bin
}
rm -f a.bin.sig
check "an image without signature" flash 65 "$sim"
check "... is not sent" says "signed images only, and there is no signature beside the image"
check "... even with --force" flash 65 "$sim" --force=signed
"$program" -q sign --key k.pem a.bin
check "a signed one" flash 0 "$sim" --trace=t
check "... is confirmed" says '"outcome":"confirmed"'
check "... as signed" says '"signed":true'
check "... and replays" run 0 --json replay t
check "... as signed" says '"signed":true'
check "... not where the profile says so" flash 65 "$sim" -s signature=no
check "on a link with an ATT MTU of 23" flash 0 "$sim,mtu=23"
check "after a lost link" flash 0 "$sim,fault=disconnect@200000"
check "... as signed" says '"retries":1'
"$program" -q --force sign --key o.pem a.bin
check "by another key" flash 76 "$sim"
check "... is refused by the device" says '"error":"bad-signature"'
cp b.bin.sig a.bin.sig
check "the signature of another image" flash 76 "$sim"
echo nothing >a.bin.sig
check "a file that is no signature" flash 65 "$sim"
check "... is named" says "a.bin.sig: expected a signature"
"$program" -q --force sign --key k.pem a.bin
check "a device that checks none" flash 0 "--sim=speed=max,project=gateway,chip=esp32c3"
check "... got none" says '"signed":false'
check "... where one is required" flash 65 "--sim=speed=max,project=gateway,chip=esp32c3" \
	-s signature=required
check "a device keeps its slot" run 76 --no-history "$sim" prepare esp-sim-01
check "a missing key" run 64 "--sim=public_key=nowhere" info esp-sim-01
echo "1..$number"
