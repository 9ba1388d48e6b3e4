/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/crash_point.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool crash_point_arm(struct crash_point *crash)
{
	const char *order = getenv("MQTTSN_CRASH");
	int n;

	*crash = (struct crash_point){ 0 };
	if (order == NULL)
		return true;
	n = sscanf(order, "%15[a-z]:%lu:%15[a-z]", crash->point, &crash->passages, crash->later);
	crash->armed = n >= 2 && crash->passages > 0;
	return crash->armed;
}

void crash_point_pass(struct crash_point *crash, const char *point)
{
	if (!crash->armed)
		return;
	if (crash->passages > 0) {
		if (strcmp(point, crash->point) != 0 || --crash->passages > 0 ||
		    crash->later[0] != '\0')
			return;
	} else if (strcmp(point, crash->later) != 0) {
		return;
	}
	kill(getpid(), SIGKILL);
}

void crash_point_event(struct crash_point *crash, enum up_event_kind kind)
{
	static const char *const names[] = {
		[UP_CONNECTED] = "connected",
		[UP_REFUSED] = "refused",
		[UP_LOST] = "lost",
		[UP_PUBLISHED] = "published",
		[UP_SUBSCRIBED] = "subscribed",
		[UP_UNSUBSCRIBED] = "unsubscribed",
		[UP_MESSAGE] = "message",
	};

	crash_point_pass(crash, names[kind]);
}
