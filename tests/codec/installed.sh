#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The library as others use it: installed below a folder, found by pkg-config, used from C and C++.  It exports what its
# headers declare, and nothing else.

dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT

value() {
	sed -n "s/^$1 = //p" "$top_builddir/Makefile"
}

fail() {
	echo "$1" >&2
	exit 1
}

cd "$top_builddir" || exit 99
unset MAKEFLAGS MFLAGS MAKELEVEL
"${MAKE-make}" -s DESTDIR="$dir" install-libLTLIBRARIES install-sn_codecincludeHEADERS install-pkgconfigDATA \
	>"$dir/install.log" 2>&1 || { cat "$dir/install.log"; fail "make install"; }

PKG_CONFIG_SYSROOT_DIR=$dir
PKG_CONFIG_LIBDIR=$(dirname "$(find "$dir" -name sn_codec.pc)")
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR
libdir=$(dirname "$(find "$dir" -name libsn_codec.so)")

cat >"$dir/user.c" <<'END'
#include <sn_codec/sn_text.h>
int main(void)
{
	const uint8_t pingreq[] = { 2, 22 };
	struct sn_packet packet;
	char line[32];
	return !(sn_decode(pingreq, sizeof(pingreq), &packet) == SN_OK &&
	    sn_text_print(line, sizeof(line), &packet, 0) == 7);
}
END
cp "$dir/user.c" "$dir/user.cc"
# Without the include path of this tree; sanitizers come with CFLAGS.
# shellcheck disable=SC2046
$(value CC) $(value CFLAGS) -o "$dir/user" "$dir/user.c" $(pkg-config --cflags --libs sn_codec) || fail "use from C"
LD_LIBRARY_PATH=$libdir "$dir/user" || fail "the program in C"
if command -v c++ >/dev/null; then
	# shellcheck disable=SC2046
	c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only "$dir/user.cc" $(pkg-config --cflags sn_codec) ||
		fail "use from C++"
fi

nm -D --defined-only "$libdir/libsn_codec.so" | awk '$2 ~ /[TDBRVW]/ && $3 !~ /^__/ { print $3 }' | sort >"$dir/exported"
cat "$top_srcdir"/sn_codec/sn_codec.h "$top_srcdir"/sn_codec/sn_text.h |
	sed -n '/inline/!s/^[^ *\t#}].*[ *]\(sn_[a-z_]*\)(.*/\1/p' | sort -u >"$dir/declared"
diff "$dir/declared" "$dir/exported" || fail "exported symbols are not the declared functions (<)"
