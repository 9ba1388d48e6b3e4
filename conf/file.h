/* SPDX-License-Identifier: BSD-3-Clause */
/* The files that settings name. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

/* 0 if the file can be read, or -ERR_SYSTEM with errno. */
int file_check(const char *path);

/* The first line of the file without its end, to be freed; NULL if there is none to be read. */
char *file_first_line(const char *path);

#endif
