/* SPDX-License-Identifier: BSD-3-Clause */
/* What is the same in the main() of each tool. */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include "tools/options.h"
#include "tools/session.h"

typedef enum status tool_run(const struct options *options);

/* Reads the command line and calls @run, or says what is wrong with it.  Returns the exit status.
 */
int tool_main(enum tool tool, int argc, char **argv, tool_run *run);

#endif
