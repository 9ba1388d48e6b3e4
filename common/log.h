/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log of a program: one line per event on standard error, written at once:
 *	2026-11-22T21:50:03.123Z info: text
 * or, when the journal reads it, "<6>text" with the syslog priority.  Not for sn_codec and
 * gateway/core: those return.
 *
 * The one state of this file (levels and form) is set by main() at start.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* What a line is about.  A file that is about one of these says so before it includes this one:
 *	#define LOG_MODULE LOG_MODULE_STORE
 */
enum log_module {
	LOG_MODULE_PROGRAM, /* all the rest */
	LOG_MODULE_CLIENTS,
	LOG_MODULE_BROKER,
	LOG_MODULE_TRACE,
	LOG_MODULE_STORE,
	LOG_MODULE_ADMIN,
	LOG_MODULES
};
#ifndef LOG_MODULE
#define LOG_MODULE LOG_MODULE_PROGRAM
#endif

/* @name: "error", "warning", "notice", "info", "debug".  False if it is none of them. */
bool log_level_parse(const char *name, enum log_level *out);
const char *log_level_name(enum log_level level);

/* Chooses the form: for the journal if $JOURNAL_STREAM names the device and inode of standard
 * error.  Without this call lines carry a time. */
void log_init(void);

/* True if it is that for the journal. */
bool log_is_for_journal(void);

/* Of all modules; and of one.  At the start it is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);
void log_set_module_level(enum log_module module, enum log_level level);
/* True if a line of this level would be written: ask before costly formatting. */
bool log_enabled(enum log_module module, enum log_level level);

/* Control characters come out as "\xNN", so that nobody's text can pass for a line of ours; what is
 * too long ends in "...".  Keeps errno. */
void log_line(enum log_module module, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(...)   log_line(LOG_MODULE, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_MODULE, LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_MODULE, LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_MODULE, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_MODULE, LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
