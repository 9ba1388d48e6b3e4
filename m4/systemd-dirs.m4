# SPDX-License-Identifier: BSD-3-Clause
# SYSTEMD_DIR(NAME, VARIABLE, FOLDER)
# Where files for systemd are installed: as --with-NAME says; for a program of the system (prefix /usr) where pkg-config
# says systemd looks (VARIABLE of systemd.pc); else FOLDER below the prefix, where systemd looks as well if that is
# /usr/local.
AC_DEFUN([SYSTEMD_DIR], [
	AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=DIR], [install files for systemd there @<:@by systemd.pc@:>@])],
		[], [with_$1=])
	AS_IF([test "x$with_$1" = x && test "x$prefix" = x/usr && test "x$PKG_CONFIG" != x],
		[with_$1=$($PKG_CONFIG --variable=$2 systemd 2>/dev/null)])
	AS_IF([test "x$with_$1" = x], [with_$1='${prefix}/lib/$3'])
	AC_SUBST([$1], [$with_$1])
])
