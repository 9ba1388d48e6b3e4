/* SPDX-License-Identifier: BSD-3-Clause */
/* What can only be checked when all is known, and what is made of it for the core. */
#include "gateway/conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "gateway/conf/errors.h"
#include "gateway/conf/origin.h"
#include "gateway/conf/record.h"
#include "gateway/conf/setting.h"

static struct conf_at at_setting(const struct conf *conf, const char *path)
{
	return (struct conf_at){ origins_place(conf->origins, path), path };
}

static void out_of_memory(const struct conf *conf, const char *path, struct conf_errors *errors)
{
	const struct conf_at at = at_setting(conf, path);

	conf_error(errors, &at, "out of memory");
}

/* --- settings that need each other --- */

static const struct {
	const char *path, *needs;
} needs[] = {
	{ "broker.password", "broker.user" },
	{ "broker.password_file", "broker.user" },
	{ "broker.tls.cert", "broker.tls.key" },
	{ "broker.tls.key", "broker.tls.cert" },
	/* Who thinks of certificates and forgets the switch would send the password in clear. */
	{ "broker.tls.ca", "broker.tls.enabled" },
	{ "broker.tls.cert", "broker.tls.enabled" },
	{ "broker.tls.key", "broker.tls.enabled" },
	{ "broker.tls.insecure", "broker.tls.enabled" },
};

static bool was_given(const struct conf *conf, const char *path)
{
	return origins_find(conf->origins, path) != NULL;
}

static void check_company(const struct conf *conf, struct conf_errors *errors)
{
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
		const struct conf_at at = at_setting(conf, needs[i].path);

		if (was_given(conf, needs[i].path) && !was_given(conf, needs[i].needs))
			conf_error(errors, &at, "needs %s", needs[i].needs);
	}
	if (was_given(conf, "broker.password") && was_given(conf, "broker.password_file")) {
		const struct conf_at at = at_setting(conf, "broker.password_file");

		conf_error(errors, &at, "broker.password is given too");
	}
	if (conf->core.timers.reconnect_least > conf->core.timers.reconnect_most) {
		const struct conf_at at = at_setting(conf, "timers.reconnect_most");

		conf_error(errors, &at, "is less than timers.reconnect_least");
	}
}

/* --- files --- */

/* A descriptor to read from, or -1 with errno. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		return fd;
	close(fd);
	errno = EISDIR;
	return -1;
}

static void check_file(
    const struct conf *conf, const char *file, const char *path, struct conf_errors *errors)
{
	const struct conf_at at = at_setting(conf, path);
	int fd = open_file(file);

	if (fd < 0)
		conf_error(errors, &at, "cannot read \"%s\": %s", file, strerror(errno));
	else
		close(fd);
}

static void check_files(const struct conf *conf, const struct schema *schema, const char *group,
    struct conf_errors *errors)
{
	char path[SETTING_PATH_MAX];

	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_row *row = &schema->rows[i];

		setting_path(path, group, row->name);
		if (row->type == SCHEMA_GROUP)
			check_files(conf, &row->members, path, errors);
		else if (row->type == SCHEMA_FILE && value_is_set(row, conf))
			check_file(conf, value_text(row, conf), path, errors);
	}
}

/* The first line of an open file, without its end; NULL if there is none.  Closes @fd. */
static char *read_line(int fd)
{
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;

	if (in == NULL) {
		close(fd);
		return NULL;
	}
	if (getline(&line, &room, in) < 0) {
		free(line);
		line = NULL;
	} else {
		line[strcspn(line, "\r\n")] = '\0';
	}
	fclose(in);
	return line;
}

/* Takes the password out of its file. */
static void read_password(struct conf *conf, struct conf_errors *errors)
{
	const char *path = "broker.password_file";
	const struct conf_at at = at_setting(conf, path);
	const struct schema_row *broker = schema_find(schema_conf(), "broker");
	const struct schema_row *password = schema_find(&broker->members, "password");
	int fd = open_file(conf->broker.password_file);
	char *line = fd >= 0 ? read_line(fd) : NULL;
	struct value value = { VALUE_TEXT, .text = line };

	if (line == NULL)
		conf_error(
		    errors, &at, "no password can be read from \"%s\"", conf->broker.password_file);
	else
		value_store(password, conf, &value, &at, errors);
	free(line);
}

/* --- listeners --- */

static bool is_any(const struct netaddr *addr)
{
	static const uint8_t zero[sizeof addr->ip];

	return memcmp(addr->ip, zero, sizeof zero) == 0;
}

/* True if the kernel would refuse the second of them.  Port 0 is one of its own choice. */
static bool same_port(const struct netaddr *a, const struct netaddr *b)
{
	if (a->port != b->port || a->port == 0 || a->family != b->family)
		return false;
	return netaddr_equal(a, b) || is_any(a) || is_any(b);
}

static void check_listener(const struct conf *conf, size_t n, struct conf_errors *errors)
{
	const struct netaddr *bind = &conf->listeners[n].bind;
	char path[SETTING_PATH_MAX];
	struct conf_at at;

	snprintf(path, sizeof path, "listeners.%zu.address", n);
	at = at_setting(conf, path);
	if (netaddr_is_multicast(bind))
		conf_error(errors, &at, "is a multicast address");
	for (size_t i = 0; i < n; i++) {
		if (same_port(&conf->listeners[i].bind, bind)) {
			conf_error(errors, &at, "the port is that of listeners.%zu", i);
			return;
		}
	}
}

static void finish_listeners(struct conf *conf, struct conf_errors *errors)
{
	struct gw_listener *rules = calloc(conf->n_listeners, sizeof *rules);

	if (rules == NULL) {
		out_of_memory(conf, "listeners", errors);
		return;
	}
	for (size_t i = 0; i < conf->n_listeners; i++) {
		check_listener(conf, i, errors);
		rules[i] = conf->listeners[i].rules;
	}
	conf->core_listeners = rules;
	conf->core.listeners = rules;
	conf->core.n_listeners = conf->n_listeners;
}

/* --- predefined topics --- */

/* The entry before number @n with the same id for the same clients. */
static size_t find_twin(const struct conf *conf, size_t n)
{
	const struct conf_predefined *entry = &conf->predefined[n];
	size_t i;

	for (i = 0; i < n; i++) {
		const struct conf_predefined *other = &conf->predefined[i];

		if (other->id == entry->id &&
		    (other->clients == NULL) == (entry->clients == NULL) &&
		    (entry->clients == NULL || strcmp(other->clients, entry->clients) == 0))
			break;
	}
	return i;
}

static void complain_twin(const struct conf *conf, size_t n, struct conf_errors *errors)
{
	char path[SETTING_PATH_MAX], twin[SETTING_PATH_MAX];
	struct conf_at at;

	snprintf(path, sizeof path, "predefined.%zu.id", n);
	snprintf(twin, sizeof twin, "predefined.%zu.id", find_twin(conf, n));
	at = at_setting(conf, path);
	conf_error(errors, &at, "%u is given at %s already", conf->predefined[n].id,
	    origins_place(conf->origins, twin));
}

static void add_predefined(struct conf *conf, size_t n, struct conf_errors *errors)
{
	const struct conf_predefined *entry = &conf->predefined[n];
	char path[SETTING_PATH_MAX];
	struct conf_at at;
	int rc;

	if (entry->id == 0 || entry->topic == NULL)
		return; /* a mistake that was reported where it was made */
	rc = topic_predef_add(conf->core_predefined, entry->clients, entry->id, entry->topic);
	snprintf(path, sizeof path, "predefined.%zu.topic", n);
	at = at_setting(conf, path);
	if (rc == -ERR_EXISTS)
		complain_twin(conf, n, errors);
	else if (rc == -ERR_INVALID)
		conf_error(errors, &at, "${client} needs \"clients\" beside it");
	else if (rc < 0)
		conf_error(errors, &at, "%s", err_text(rc));
}

static void finish_predefined(struct conf *conf, struct conf_errors *errors)
{
	conf->core_predefined = topic_predef_new();
	if (conf->core_predefined == NULL) {
		out_of_memory(conf, "predefined", errors);
		return;
	}
	for (size_t i = 0; i < conf->n_predefined; i++)
		add_predefined(conf, i, errors);
	conf->core.predefined = conf->core_predefined;
}

bool conf_finish(struct conf *conf, struct conf_errors *errors)
{
	size_t before = conf_errors_count(errors);

	check_company(conf, errors);
	check_files(conf, schema_conf(), "", errors);
	finish_listeners(conf, errors);
	finish_predefined(conf, errors);
	if (conf_errors_count(errors) == before && conf->broker.password_file != NULL)
		read_password(conf, errors);
	return conf_errors_count(errors) == before;
}
