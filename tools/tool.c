/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/tool.h"

#include <err.h>

int tool_main(enum tool tool, int argc, char **argv, tool_run *run)
{
	struct options options;
	char error[OPTIONS_ERROR_MAX];
	enum status status = STATUS_OK;

	if (options_parse(&options, tool, argc, argv, error) < 0) {
		warnx("%s (try --help)", error);
		status = STATUS_FAILED;
	} else if (options.action != OPTIONS_RUN) {
		options_print(&options, tool);
	} else {
		status = run(&options);
	}
	options_clear(&options);
	return (int)status;
}
