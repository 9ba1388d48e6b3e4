/* SPDX-License-Identifier: BSD-3-Clause */
/* The upstream module with a real mosquitto behind TLS, and a CA of our own. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <criterion/criterion.h>
#include <openssl/ssl.h>

#include "tests/integration/upstream_bench.h"

static struct bench bench;
static struct broker broker;

/* Also after a test that failed. */
static void teardown(void)
{
	broker_stop(&broker);
}

TestSuite(upstream_tls, .fini = teardown, .timeout = 60);

static char ca[96], other[96], cert[96], key[96];

static void path_of(char *out, const char *name)
{
	snprintf(out, 96, "%s/%s", broker.dir, name);
}

static void start(const char *names, const char *settings)
{
	const char *source = getenv("top_srcdir");
	char command[512], all[512];

	if (system("openssl version >/dev/null 2>&1") != 0)
		cr_skip_test("there is no openssl program");
	broker_folder(&broker);
	snprintf(command, sizeof(command), "sh '%s/tests/integration/make-certs' '%s' '%s'",
	    source != NULL ? source : "..", broker.dir, names);
	cr_assert_eq(system(command), 0, "%s", command);
	snprintf(all, sizeof(all),
	    "allow_anonymous true\ncertfile %%s/broker.pem\nkeyfile %%s/broker-key.pem\n%s",
	    settings);
	broker_start(&broker, 0, all);
	path_of(ca, "ca.pem");
	path_of(other, "other.pem");
	path_of(cert, "client.pem");
	path_of(key, "client-key.pem");
}

static struct upstream_config config_for(const char *host, const char *ca_file)
{
	return (struct upstream_config){
		.host = host,
		.port = broker.port,
		.tls = { .on = true, .ca_file = ca_file },
		.keep_alive = 60,
		.id_prefix = "",
		.id_suffix = "",
	};
}

static void expect_accepted(const struct upstream_config *config)
{
	struct up_session *s;
	uint16_t token;

	bench_start(&bench, config);
	s = bench_connect(&bench, 1, "a", true);
	for (int i = 0; i < 50; i++)
		cr_assert_eq(upstream_publish(s, "t", bytes("x"), 1, false, &token), 0);
	for (int i = 0; i < 50; i++)
		bench_next(&bench, UP_PUBLISHED);
	bench_quiet(&bench);
	bench_stop(&bench);
}

static void expect_refused(const struct upstream_config *config, const char *why)
{
	struct up_spec spec = { .client_id = "a", .clean = true };
	const struct heard *heard;
	struct up_session *s;

	bench_start(&bench, config);
	s = upstream_open(bench.up, CLIENT(1), &spec);
	cr_assert_not_null(s);
	for (int i = 0; i < 2; i++) {
		heard = bench_next(&bench, UP_REFUSED);
		cr_assert_not(heard->event.down.permanent);
		cr_assert_not_null(strstr(heard->event.down.why, why), "%s", heard->event.down.why);
		upstream_reconnect(s);
	}
	bench_stop(&bench);
}

Test(upstream_tls, the_name_is_checked_although_an_address_is_dialled)
{
	struct upstream_config config;

	start("DNS:localhost", "");
	config = config_for("localhost", ca);
	expect_accepted(&config);

	config = config_for("127.0.0.1", ca);
	expect_refused(&config, "IP address mismatch");
	config.tls.insecure = true;
	expect_accepted(&config);
}

Test(upstream_tls, the_right_address_passes_and_the_wrong_name_does_not)
{
	struct upstream_config config;

	start("DNS:broker.example,IP:127.0.0.1", "");
	config = config_for("127.0.0.1", ca);
	expect_accepted(&config);
	config = config_for("localhost", ca);
	expect_refused(&config, "ostname mismatch");
}

/* More than a record holds, and more than is in flight at QoS 2. */
Test(upstream_tls, a_shared_connection_has_it_too)
{
	enum {
		OWNERS = 10,
		EACH = 30,
	};
	struct upstream_config config;
	struct up_session *s[OWNERS];
	uint16_t token;
	char id[] = "a";

	start("DNS:localhost", "");
	config = config_for("localhost", ca);
	config.shared.connections = 1;
	config.shared.client_id = "gw";
	bench_start(&bench, &config);
	for (int i = 0; i < OWNERS; i++, id[0]++)
		s[i] = upstream_open(bench.up, CLIENT(1 + i),
		    &(struct up_spec){ .client_id = id, .clean = true, .shared = true });
	for (int i = 0; i < OWNERS; i++)
		bench_next(&bench, UP_CONNECTED);
	cr_assert_eq(upstream_count(bench.up), 1);
	for (int i = 0; i < OWNERS * EACH; i++) {
		cr_assert_eq(
		    upstream_publish(s[i % OWNERS], "t", bytes("x"), 1 + i % 2, false, &token), 0);
		cr_assert_eq(upstream_publish(s[i % OWNERS], "t", bytes("y"), 0, false, NULL), 0);
	}
	for (int i = 0; i < OWNERS * EACH; i++)
		bench_next(&bench, UP_PUBLISHED);
	bench_quiet(&bench);
	bench_stop(&bench);
}

Test(upstream_tls, a_stranger_among_the_authorities)
{
	struct upstream_config config;

	start("DNS:localhost", "");
	config = config_for("localhost", other);
	expect_refused(&config, "unable to get local issuer certificate");
	config.tls.insecure = true; /* is about the name alone */
	expect_refused(&config, "unable to get local issuer certificate");
}

/* The name that is checked is that of the broker which is dialled. */
Test(upstream_tls, each_broker_has_its_own_name)
{
	struct upstream_broker fallback = { "localhost", 0 };
	struct upstream_config config;

	start("DNS:localhost", "");
	config = config_for("127.0.0.1", ca); /* where nobody listens */
	fallback.port = config.port;
	config.port = 1;
	config.fallbacks = &fallback;
	config.n_fallbacks = 1;
	expect_accepted(&config);
	config.host = "localhost";
	fallback.host = "127.0.0.1";
	expect_refused(&config, "IP address mismatch");
}

static void expect_certificate_wanted(const char *version)
{
	struct upstream_config config;
	char settings[128];

	snprintf(settings, sizeof(settings),
	    "cafile %%s/ca.pem\nrequire_certificate true\ntls_version %s", version);
	start("DNS:localhost", settings);
	config = config_for("localhost", ca);
	expect_refused(&config, ""); /* an alert or, when that loses the race, a reset */
	config.tls.cert_file = cert;
	config.tls.key_file = key;
	expect_accepted(&config);
}

Test(upstream_tls, a_broker_that_wants_a_certificate_tls_1_3)
{
	expect_certificate_wanted("tlsv1.3");
}

Test(upstream_tls, a_broker_that_wants_a_certificate_tls_1_2)
{
	expect_certificate_wanted("tlsv1.2");
}

Test(upstream_tls, one_failure_does_not_spoil_the_other_sessions)
{
	struct up_spec spec = { .clean = true };
	struct upstream_config config;
	uint16_t token;
	char id[8];

	start("DNS:localhost", "");
	config = config_for("localhost", ca);
	bench_start(&bench, &config);
	for (int i = 0; i < 20; i++) {
		struct up_session *s;

		snprintf(id, sizeof(id), "c%d", i);
		spec.client_id = id;
		s = upstream_open(bench.up, CLIENT(i + 1), &spec);
		if (i % 3 == 0) {
			bench_turn(&bench, 10);
			upstream_close(s, UP_ABORT); /* somewhere in the handshake */
			bench_turn(&bench, 10);
			continue;
		}
		bench_until(&bench, bench.n_heard > bench.n_seen);
		bench_next(&bench, UP_CONNECTED);
		cr_assert_eq(upstream_publish(s, "t", bytes("x"), 1, false, &token), 0);
		bench_next(&bench, UP_PUBLISHED);
		if (i % 3 == 1)
			upstream_close(s, UP_ABORT);
	}
	bench_quiet(&bench);
	bench_stop(&bench);
}

Test(upstream_tls, a_killed_broker_is_lost)
{
	struct upstream_config config;

	start("DNS:localhost", "");
	config = config_for("localhost", ca);
	bench_start(&bench, &config);
	bench_connect(&bench, 1, "a", true);
	broker_kill(&broker);
	bench_next(&bench, UP_LOST);
	bench_quiet(&bench);
	bench_stop(&bench);
}

/* --- A TLS server of our own, to put many packets into one record --- */

struct tls_fake {
	struct fake fake;
	SSL_CTX *ctx;
	SSL *ssl;
};

static void tls_fake_accept(struct tls_fake *server)
{
	char file[96];

	server->ctx = SSL_CTX_new(TLS_server_method());
	path_of(file, "broker.pem");
	cr_assert_eq(SSL_CTX_use_certificate_chain_file(server->ctx, file), 1);
	path_of(file, "broker-key.pem");
	cr_assert_eq(SSL_CTX_use_PrivateKey_file(server->ctx, file, SSL_FILETYPE_PEM), 1);
	fake_accept(&bench, &server->fake);
	cr_assert_eq(fcntl(server->fake.fd, F_SETFL, O_NONBLOCK), 0);
	server->ssl = SSL_new(server->ctx);
	SSL_set_fd(server->ssl, server->fake.fd);
	bench_until(&bench, SSL_accept(server->ssl) == 1);
}

/* As many packets of MQTT as @n PUBLISHes and a CONNACK before them. */
static void tls_fake_send(struct tls_fake *server, int n)
{
	char packets[8192] = "\x20\x02\x00";
	char octet;
	int len = 4;

	bench_until(&bench, SSL_read(server->ssl, &octet, 1) == 1); /* of the CONNECT */
	for (int i = 0; i < n; i++, len += 6)
		memcpy(packets + len, "\x30\x04\x00\x01tx", 6);
	cr_assert_eq(SSL_write(server->ssl, packets, len), len);
}

static void pause_at_the_tenth(struct bench *b, const struct heard *heard)
{
	(void)heard;
	if (b->n_heard == 10)
		upstream_pause(b->arg, true);
}

Test(upstream_tls, packets_that_came_in_one_record_are_all_read)
{
	struct up_spec spec = { .client_id = "a", .clean = true };
	struct tls_fake server = { 0 };
	struct upstream_config config;

	start("DNS:localhost", "");
	fake_start(&server.fake);
	config = config_for("localhost", ca);
	config.port = server.fake.port;
	bench_start(&bench, &config);
	bench.on_event = pause_at_the_tenth;
	bench.arg = upstream_open(bench.up, CLIENT(1), &spec);
	tls_fake_accept(&server);
	tls_fake_send(&server, 500);
	bench_until(&bench, bench.n_heard == 10);
	bench_quiet(&bench);
	upstream_pause(bench.arg, false);
	bench_until(&bench, bench.n_heard == 501);
	bench_quiet(&bench);
	SSL_free(server.ssl);
	SSL_CTX_free(server.ctx);
	fake_stop(&server.fake);
	bench_stop(&bench);
}

/* The ClientHello is written before TCP has answered, and swallows the error that it meets. */
Test(upstream_tls, an_address_that_refuses_is_left_for_the_next)
{
	struct up_spec spec = { .client_id = "a", .clean = true };
	struct upstream_config config;
	struct names names;

	start("DNS:broker.example", "");
	bench_base(&bench);
	names_start(&names, bench.base);
	config = config_for("broker.example", ca);
	config.resolv_conf = names.resolv_conf;
	names.answer = "127.0.0.2 127.0.0.3 127.0.0.1";
	bench_module(&bench, &config);
	bench_connect(&bench, 1, "a", true);
	bench.up = upstream_free(bench.up);

	names.answer = "127.0.0.2 127.0.0.3";
	bench_module(&bench, &config);
	cr_assert_not_null(upstream_open(bench.up, CLIENT(2), &spec));
	cr_assert_not(bench_next(&bench, UP_REFUSED)->event.down.permanent);
	bench_quiet(&bench);
	names_stop(&names);
	bench_stop(&bench);
}

/* --- What a peer sees, or does, that is no TLS server --- */

static bool hello_names(const char *host, const char *name)
{
	struct up_spec spec = { .client_id = "a", .clean = true };
	struct upstream_config config;
	struct fake fake;
	char hello[4096];
	ssize_t len;

	fake_start(&fake);
	config = config_for(host, NULL);
	config.port = fake.port;
	bench_start(&bench, &config);
	cr_assert_not_null(upstream_open(bench.up, CLIENT(1), &spec));
	fake_accept(&bench, &fake);
	bench_until(&bench, fake_waiting(&fake) > 100);
	len = recv(fake.fd, hello, sizeof(hello), 0);
	bench_stop(&bench);
	fake_stop(&fake);
	return memmem(hello, (size_t)len, name, strlen(name)) != NULL;
}

Test(upstream_tls, the_server_name_is_the_configured_one)
{
	cr_assert(hello_names("localhost", "localhost"));
	cr_assert_not(hello_names("localhost", "127.0.0.1"));
	cr_assert_not(hello_names("127.0.0.1", "127.0.0.1"), "an address is no server name");
}

Test(upstream_tls, a_peer_that_does_not_speak_tls)
{
	struct up_spec spec = { .client_id = "a", .clean = true };
	struct upstream_config config;
	struct up_session *s;
	struct fake fake;

	fake_start(&fake);
	config = config_for("127.0.0.1", NULL);
	config.port = fake.port;
	bench_start(&bench, &config);
	s = upstream_open(bench.up, CLIENT(1), &spec);
	fake_accept(&bench, &fake);
	fake_send_connack(&fake, false, 0);
	fake_send_connack(&fake, false, 0);
	cr_assert_not(bench_next(&bench, UP_REFUSED)->event.down.permanent);

	upstream_reconnect(s);
	fake_accept(&bench, &fake);
	bench_until(&bench, fake_waiting(&fake) > 100);
	bench_quiet(&bench); /* a silent one does not make the loop spin */
	fake_close(&fake);
	bench_next(&bench, UP_REFUSED);

	upstream_reconnect(s);
	fake_accept(&bench, &fake);
	bench_until(&bench, fake_waiting(&fake) > 100);
	fake_reset(&fake);
	bench_next(&bench, UP_REFUSED);

	upstream_reconnect(s);
	fake_accept(&bench, &fake);
	upstream_close(s, UP_DISCONNECT);
	fake_close(&fake);
	bench_until(&bench, upstream_count(bench.up) == 0);
	bench_stop(&bench);
	fake_stop(&fake);
}

Test(upstream_tls, files_that_cannot_be_read_are_named)
{
	struct upstream_config config = config_for("localhost", "/nonexistent/ca.pem");
	struct event_base *base = event_base_new();
	char *error = NULL;

	cr_assert_null(upstream_new(base, &config, NULL, NULL, &error));
	cr_assert_not_null(strstr(error, "/nonexistent/ca.pem"), "%s", error);
	free(error);
	config.tls.ca_file = NULL;
	config.tls.cert_file = "/nonexistent/cert.pem";
	cr_assert_null(upstream_new(base, &config, NULL, NULL, &error));
	cr_assert_not_null(strstr(error, "/nonexistent/cert.pem"), "%s", error);
	free(error);
	event_base_free(base);
}
