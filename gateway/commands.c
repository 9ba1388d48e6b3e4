/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/commands.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/control.h"
#include "gateway/store/sessions.h"
#include "gateway/trace/label.h"

/* Two spaces between columns. */
#define COLUMNS "%-24s  %-12s  %-21s  %10s  %6s  %9s  %4s  %6s  %16s  %16s\n"

static bool complain(const char *what)
{
	fprintf(stderr, "mqttsn-gateway: %s\n", what);
	return false;
}

static bool fail(int rc, char *error)
{
	complain(error != NULL ? error : err_text(rc));
	free(error);
	return false;
}

/* --- listing --- */

#define CELL_MAX 48

static const char *seconds(char *buf, bool any, int64_t value)
{
	if (!any)
		return "-";
	snprintf(buf, CELL_MAX, "%" PRId64 " s", value);
	return buf;
}

static const char *count(char *buf, uint64_t value)
{
	snprintf(buf, CELL_MAX, "%" PRIu64, value);
	return buf;
}

static const char *queue(char *buf, const struct stored_queue *queue)
{
	if (queue->messages == 0)
		return "-";
	snprintf(buf, CELL_MAX, "%" PRIu64 " (%" PRIu64 ")", queue->messages, queue->octets);
	return buf;
}

static void print_session(void *ctx, const struct stored_session *s)
{
	char id[LABEL_MAX], cell[7][CELL_MAX];

	fprintf(ctx, COLUMNS, label_print(s->id, id), s->state,
	    s->address != NULL ? s->address : "-",
	    seconds(cell[0], s->keep_alive > 0, s->keep_alive),
	    seconds(cell[1], s->sleep_duration > 0, s->sleep_duration),
	    seconds(cell[2], s->has_deadline, s->deadline), count(cell[3], s->subscriptions),
	    count(cell[4], s->topics), queue(cell[5], &s->to_client),
	    queue(cell[6], &s->to_broker));
}

bool command_list_sessions(const char *directory, FILE *to)
{
	char *error = NULL;
	int rc;

	fprintf(to, COLUMNS, "CLIENT", "STATE", "ADDRESS", "KEEP ALIVE", "SLEEP", "DEADLINE",
	    "SUBS", "TOPICS", "TO IT (OCTETS)", "TO BROKER");
	rc = sessions_list(directory, print_session, to, &error);
	return rc < 0 ? fail(rc, error) : true;
}

/* --- forgetting --- */

/* The gateway has the directory: it alone may change what is in it. */
static bool ask_gateway(const char *directory, const char *id)
{
	char answer[200];

	if (control_ask_forget(directory, id, answer, sizeof answer))
		return strcmp(answer, CONTROL_DONE) == 0 ? true : complain(answer);
	fprintf(stderr, "mqttsn-gateway: a gateway runs on %s, but it cannot be asked: %s\n",
	    directory, answer);
	return false;
}

bool command_forget(const char *directory, const char *id)
{
	char *error = NULL;
	int rc = sessions_forget(directory, id, &error);

	if (rc == 0)
		return true;
	if (rc != -ERR_EXISTS)
		return fail(rc, error);
	free(error);
	return ask_gateway(directory, id);
}
