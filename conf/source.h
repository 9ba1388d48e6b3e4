/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text of a configuration file, with the files that it includes ("@include "PATH"", relative to
 * the including file) put in their place, made safe for libconfig 1.5, which
 *  - reads integers of more than 32 bits modulo 2^32: here they get the suffix L,
 *  - takes a comment that is not closed for one that ends with the file,
 *  - ends the process when it is told to include a directory.
 */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include "conf/errors.h"

struct source;

/* Reads @path.  Every mistake is added to @errors; NULL if after it nothing more can be made of the
 * text. */
struct source *source_read(const char *path, struct conf_errors *errors);

/* NULL is fine; returns NULL. */
struct source *source_free(struct source *source);

/* All of it; lives as long as @source. */
const char *source_text(const struct source *source);

/* Writes "FILE:LINE" for line @line of the text (from 1) and returns @buf, of SOURCE_PLACE_MAX
 * octets. */
#define SOURCE_PLACE_MAX 4352
const char *source_place(const struct source *source, unsigned line, char *buf);

#endif
