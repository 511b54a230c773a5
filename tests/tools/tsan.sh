# SPDX-License-Identifier: Apache-2.0
# Shared by the tests under the thread sanitizer: a scratch folder, whether the sanitizer runs
# here, and one program under it as one TAP test.  Sourced.
srcdir=${OTABENCH_SRCDIR:-.}
libs=${OTABENCH_BUILDDIR:-.}
CC=${CC:-gcc}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
echo 'int main(void) { return 0; }' >"$tmp/try.c"
if ! $CC -fsanitize=thread "$tmp/try.c" -o "$tmp/try" 2>/dev/null || ! "$tmp/try" 2>/dev/null; then
	echo "1..0 # SKIP the compiler has no thread sanitizer that runs here"
	exit 0
fi
if ${NM:-nm} "$libs/libbase.a" 2>/dev/null | grep -q '__asan_\|__gcov\|__llvm_prof'; then
	echo "1..0 # SKIP the libraries are built for another sanitizer, or for coverage"
	exit 0
fi

n=0 failed=0
tsan_run() # NAME PROGRAM
{
	n=$((n + 1))
	if TSAN_OPTIONS="ignore_interceptors_accesses=1 halt_on_error=0 exitcode=66 report_signal_unsafe=0" \
		"$2" >"$tmp/log" 2>&1; then
		echo "ok $n - $1"
	else
		grep -A14 'WARNING: ThreadSanitizer\|FATAL' "$tmp/log" | head -40 | sed 's/^/# /'
		grep 'FAILED\|ERROR\|LINE' "$tmp/log" | head | sed 's/^/# /'
		echo "not ok $n - $1"
		failed=1
	fi
}
