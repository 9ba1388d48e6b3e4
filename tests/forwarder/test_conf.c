/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "forwarder/conf/conf.h"

#define GATEWAY "gateways.0.address=192.0.2.1"

/* Settings as on the command line, then the end of it; what is said, to be freed. */
static char *mistakes(struct fwd_conf *conf, const char *const *serials, const char *const *sets)
{
	struct conf_errors *errors = conf_errors_new();
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	cr_assert_not_null(errors);
	cr_assert_not_null(to);
	for (; *serials != NULL; serials++)
		fwd_conf_add_serial(conf, *serials, errors);
	for (; *sets != NULL; sets++)
		settings_set(&conf->settings, "--set", *sets, errors);
	fwd_conf_finish(conf, errors);
	conf_errors_print(errors, to);
	fclose(to);
	conf_errors_free(errors);
	return text;
}

static void expect(const char *const *serials, const char *const *sets, const char *wanted)
{
	struct fwd_conf *conf = fwd_conf_new();
	char *said;

	cr_assert_not_null(conf);
	cr_assert(fwd_conf_add_gateway(conf, "192.0.2.1", NULL));
	said = mistakes(conf, serials, sets);
	cr_assert_str_eq(said, wanted);
	free(said);
	fwd_conf_free(conf);
}

#define LIST(...)                                                                                  \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}
#define NONE ((const char *const[]){ NULL })

Test(conf, a_line_from_the_command_line)
{
	struct fwd_conf *conf = fwd_conf_new();
	char *said;

	cr_assert(fwd_conf_add_gateway(conf, "192.0.2.1", NULL));
	cr_assert(fwd_conf_add_gateway(conf, "192.0.2.2:7", NULL));
	said = mistakes(conf, LIST("/dev/ttyS0,hdlc,9600", "/dev/ttyS1"),
	    LIST("serial.1.node_id=0aFf", "nodes.age=2.5"));
	cr_assert_str_eq(said, "");
	cr_assert_eq(conf->core.gateways.n_fixed, 2);
	cr_assert_eq(conf->core.gateways.fixed[0].port, 1884);
	cr_assert_eq(conf->core.gateways.fixed[1].port, 7);
	cr_assert_eq(conf->core.node_age_ms, 2500);
	cr_assert_eq(conf->serial[0].framing, FRAMING_HDLC);
	cr_assert_eq(conf->serial[0].speed, 9600);
	cr_assert_eq(conf->core.n_sides, 2);
	cr_assert_eq(conf->core.sides[1].medium, FWD_FRAMES);
	cr_assert_eq(conf->core.sides[1].prefix_len, 2);
	cr_assert_eq(memcmp(conf->core.sides[1].prefix, "\x0A\xFF", 2), 0);
	free(said);
	fwd_conf_free(conf);
}

Test(conf, what_does_not_go_together_is_told)
{
	expect(NONE, NONE, "default: udp: there are no nodes: neither udp nor serial is given\n");
	expect(LIST("/dev/a,plain"), NONE,
	    "default: serial.0.node_id: is needed with plain framing\n");
	expect(LIST("/dev/a"), LIST("serial.0.node_id=abc"),
	    "--set: serial.0.node_id: must be pairs of hexadecimal digits\n");
	expect(LIST("/dev/a,slip,12345"), NONE,
	    "--serial: serial.0.speed: is none that a line can have\n");
	expect(LIST("/dev/a", "/dev/a"), NONE, "--serial: serial.1.device: is given twice\n");
	expect(LIST("/dev/a,slip,9600,x"), NONE,
	    "--serial: \"/dev/a,slip,9600,x\" must be DEVICE[,FRAMING[,SPEED]]\n");
	expect(LIST("/dev/a"), LIST("uplink.discover=true"),
	    "--set: uplink.discover: needs uplink.multicast\n");
	expect(LIST("/dev/a"), LIST("uplink.multicast=192.0.2.3:1"),
	    "--set: uplink.multicast: is no multicast address\n");
	expect(LIST("/dev/a"), LIST("uplink.multicast=[ff05::1]:1"),
	    "--set: uplink.multicast: is not of the family of the address beside it\n");
	expect(LIST("/dev/a"), LIST("uplink.address=[::]:0"),
	    "--gateway: gateways.0.address: is not of the family of uplink.address\n");
	expect(LIST("/dev/a"), LIST("gateways.0.address=0.0.0.0:1"),
	    "--set: gateways.0.address: is not that of a host\n");
}

Test(conf, without_gateways_they_must_be_searched)
{
	struct fwd_conf *conf = fwd_conf_new();
	char *said = mistakes(conf, LIST("/dev/a"), NONE);

	cr_assert_str_eq(said, "default: gateways: there is none, and uplink.discover is false\n");
	free(said);
	fwd_conf_free(conf);
}

static struct fwd_conf *some(const char *const *sets)
{
	struct fwd_conf *conf = fwd_conf_new();

	cr_assert(fwd_conf_add_gateway(conf, "192.0.2.1", NULL));
	cr_assert(fwd_conf_add_listener(conf, "127.0.0.1:1885", NULL));
	free(mistakes(conf, LIST("/dev/a"), sets));
	return conf;
}

struct told {
	size_t n;
	const char *path; /* of the last, cut off at '=' of what is expected */
	bool same;
};

static void compare_path(void *ctx, const char *path)
{
	struct told *told = ctx;

	told->n++;
	told->same = strncmp(told->path, path, strcspn(told->path, "=")) == 0;
}

/* What a reload takes, and what needs a restart. */
Test(conf, ports_and_lines_need_a_restart_by_name)
{
	static const char *const live[] = { "nodes.limit=5", "log.packets=true", GATEWAY,
		"uplink.probe=1" };
	static const char *const fixed[] = { "udp.0.address=127.0.0.1:1", "udp.0.max_packet=99",
		"udp.0.multicast=225.1.1.1:1", "udp.0.interface=lo", "uplink.address=0.0.0.0:5",
		"uplink.multicast=225.1.1.1:1", "uplink.interface=lo", "uplink.hops=7",
		"uplink.receive_buffer=8192", "serial.0.device=/dev/b", "serial.0.speed=9600",
		"serial.0.framing=hdlc", "serial.0.parity=even", "serial.0.stop_bits=2",
		"serial.0.flow_control=true", "serial.0.node_id=01", "serial.0.max_packet=99" };
	struct fwd_conf *a = some(NONE), *b;
	struct told told = { .path = "udp" };

	for (size_t i = 0; i < sizeof live / sizeof live[0]; i++) {
		b = some(LIST(live[i]));
		fwd_conf_needs_restart(a, b, compare_path, &told);
		cr_assert_eq(told.n, 0, "%s", live[i]);
		fwd_conf_free(b);
	}
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		told = (struct told){ .path = fixed[i] };
		b = some(LIST(fixed[i]));
		fwd_conf_needs_restart(a, b, compare_path, &told);
		cr_assert_eq(told.n, 1, "%s", fixed[i]);
		cr_assert(told.same, "%s", fixed[i]);
		fwd_conf_free(b);
	}
	told = (struct told){ .path = "udp" };
	b = some(NONE);
	cr_assert(fwd_conf_add_listener(b, "127.0.0.1:1886", NULL));
	fwd_conf_needs_restart(a, b, compare_path, &told);
	cr_assert_eq(told.n, 1);
	cr_assert(told.same);
	fwd_conf_free(b);
	fwd_conf_free(a);
}
