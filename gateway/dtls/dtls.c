/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/dtls/dtls.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/dtls/association.h"
#include "gateway/dtls/credentials.h"
#include "gateway/dtls/peers.h"
#include "gateway/dtls/record.h"

/* Encrypted records taken during a handshake.  There is one, Finished, which may be repeated; each
 * that comes too early costs a buffer of 17 KB. */
#define ENCRYPTED_MOST 8

struct dtls {
	struct dtls_config config;
	struct dtls_ports ports;
	struct credentials *credentials;
	struct dtls_counters counters;
	struct siphash_key cookie_key;
	struct dtls_peers peers;
	struct deadlines *deadlines;
	struct deadline idle;      /* when the peer silent longest may be dropped, or before */
	struct association *spare; /* for who brings a cookie next; NULL: to be made */
	monotime_t now;            /* of the call that is going on */
	bool said;                 /* something was sent in it */
	uint8_t message[ASSOCIATION_MESSAGE_MAX];
};

static void on_send(void *ctx, const struct netaddr *to, const struct netaddr *local,
    const uint8_t *data, size_t len)
{
	struct dtls *d = ctx;

	d->said = true;
	d->ports.send(d->ports.ctx, to, local, data, len);
}

/* --- peers that go --- */

static void drop_shaking(struct dtls *d, struct dtls_peer *peer)
{
	deadline_clear(d->deadlines, &peer->deadline);
	peers_drop_shaking(&d->peers, peer);
}

static void fail(struct dtls *d, struct dtls_peer *peer)
{
	const struct netaddr address = peer->address;
	char why[ASSOCIATION_FAILURE_MAX];

	association_failure(peer->association, why);
	drop_shaking(d, peer);
	d->counters.failed++;
	d->ports.failed(d->ports.ctx, &address, why);
}

static void send_away(struct dtls *d, struct dtls_peer *peer)
{
	association_close(peer->association);
	peers_drop_open(&d->peers, peer);
}

static void arm_idle(struct dtls *d)
{
	if (d->config.idle > 0 && d->peers.oldest != NULL)
		deadline_set(d->deadlines, &d->idle,
		    monotime_add_ms(d->peers.oldest->heard, d->config.idle));
}

static void on_idle(void *ctx, struct deadline *deadline)
{
	struct dtls *d = ctx;
	struct dtls_peer *peer;

	(void)deadline;
	while ((peer = d->peers.oldest) != NULL &&
	       !monotime_before(d->now, monotime_add_ms(peer->heard, d->config.idle))) {
		d->counters.idle++;
		send_away(d, peer);
	}
	arm_idle(d);
}

/* --- messages --- */

/* Hands over what is in the datagram that @peer was given.  Returns how many messages there were,
 * or -1: the peer is gone. */
static int read_messages(struct dtls *d, struct dtls_peer *peer)
{
	int n = 0;
	size_t len;

	for (;;) {
		switch (association_read(peer->association, d->message, &len)) {
		case ASSOCIATION_OPEN:
			n++;
			d->ports.message(d->ports.ctx, &peer->address,
			    association_local(peer->association), d->message, len);
			break;
		case ASSOCIATION_HANDSHAKE:
			return n;
		case ASSOCIATION_CLOSED:
		case ASSOCIATION_FAILED:
			d->counters.closed++;
			send_away(d, peer);
			return -1;
		}
	}
}

static void to_open(struct dtls *d, struct dtls_peer *peer, const struct record *record,
    const struct netaddr *local, const uint8_t *data, size_t len)
{
	int n;

	association_take(peer->association, local, data, len);
	n = read_messages(d, peer);
	if (n > 0)
		peers_heard(&d->peers, peer, d->now);
	else if (n == 0 && record->type == RECORD_DATA)
		d->counters.bad_records++;
}

void dtls_send(struct dtls *d, const struct netaddr *to, const struct netaddr *local,
    const uint8_t *message, size_t len)
{
	struct dtls_peer *peer = peers_find_open(&d->peers, to);

	if (peer == NULL || !association_write(peer->association, local, message, len))
		d->counters.unsent++;
}

/* --- handshakes --- */

/* The handshake of @peer is finished: it takes the place of who had its address before. */
static void open_peer(struct dtls *d, struct dtls_peer *peer)
{
	struct dtls_peer *before = peers_find_open(&d->peers, &peer->address);
	const struct netaddr address = peer->address;

	deadline_clear(d->deadlines, &peer->deadline);
	d->counters.handshakes++;
	if (association_is_resumed(peer->association))
		d->counters.resumed++;
	if (before != NULL) {
		peers_drop_open(&d->peers, before);
	} else if (peers_count_open(&d->peers) >= d->config.peers) {
		d->counters.crowded++;
		send_away(d, d->peers.oldest);
	}
	if (!peers_open(&d->peers, peer, d->now))
		return;
	if (!association_still_good(peer->association, d->credentials)) {
		send_away(d, peer); /* the keys were changed during the handshake */
		return;
	}
	if (!d->idle.set)
		arm_idle(d);
	d->ports.opened(d->ports.ctx, &address);
	read_messages(d, peer);
}

static void arm(struct dtls *d, struct dtls_peer *peer)
{
	monotime_t when = peer->give_up;
	int64_t ms;

	if (association_retransmits_in(peer->association, &ms) &&
	    monotime_before(monotime_add_ms(d->now, ms), when))
		when = monotime_add_ms(d->now, ms);
	deadline_set(d->deadlines, &peer->deadline, when);
}

static void go_on(struct dtls *d, struct dtls_peer *peer)
{
	switch (association_advance(peer->association)) {
	case ASSOCIATION_OPEN:
		open_peer(d, peer);
		break;
	case ASSOCIATION_HANDSHAKE:
		arm(d, peer);
		break;
	case ASSOCIATION_CLOSED:
	case ASSOCIATION_FAILED:
		fail(d, peer);
		break;
	}
}

static void to_shaking(struct dtls *d, struct dtls_peer *peer, const struct netaddr *local,
    const uint8_t *data, size_t len)
{
	peer->encrypted += record_count_encrypted(data, len);
	if (peer->encrypted > ENCRYPTED_MOST) {
		d->counters.bad_records++;
		return;
	}
	association_take(peer->association, local, data, len);
	go_on(d, peer);
}

static void on_deadline(void *ctx, struct deadline *deadline)
{
	struct dtls *d = ctx;
	struct dtls_peer *peer =
	    (struct dtls_peer *)((char *)deadline - offsetof(struct dtls_peer, deadline));

	if (!monotime_before(d->now, peer->give_up) || !association_retransmit(peer->association))
		fail(d, peer);
	else
		arm(d, peer);
}

/* --- beginnings --- */

static struct association *spare(struct dtls *d)
{
	const struct association_config config = {
		.credentials = d->credentials,
		.mtu = d->config.mtu,
		.cookie_key = &d->cookie_key,
		.send = on_send,
		.ctx = d,
	};

	if (d->spare == NULL)
		d->spare = association_new(&config);
	return d->spare;
}

/* The spare association is with @from now. */
static void begin(struct dtls *d, const struct netaddr *from, const uint8_t *hello_random)
{
	struct dtls_peer *peer = peers_find_shaking(&d->peers, from);

	if (peer != NULL) /* the peer has given up what it had begun */
		drop_shaking(d, peer);
	if (peers_count_shaking(&d->peers) >= d->config.handshakes) {
		d->counters.refused++;
		return;
	}
	peer = peers_add(&d->peers, from, d->spare);
	if (peer == NULL)
		return;
	d->spare = NULL;
	memcpy(peer->hello_random, hello_random, RECORD_RANDOM_LEN);
	peer->give_up = monotime_add_ms(d->now, d->config.handshake_timeout);
	deadline_init(&peer->deadline, on_deadline);
	go_on(d, peer);
}

static bool has_begun_with(const struct dtls_peer *peer, const uint8_t *hello_random)
{
	return peer != NULL && memcmp(peer->hello_random, hello_random, RECORD_RANDOM_LEN) == 0;
}

static void on_hello(struct dtls *d, const struct netaddr *from, const struct netaddr *local,
    const uint8_t *hello_random, const uint8_t *data, size_t len)
{
	/* Said once more: our answer has a timer of its own. */
	if (has_begun_with(peers_find_shaking(&d->peers, from), hello_random) ||
	    has_begun_with(peers_find_open(&d->peers, from), hello_random))
		return;
	if (spare(d) == NULL)
		return;
	d->said = false;
	if (association_listen(d->spare, d->now, from, local, data, len))
		begin(d, from, hello_random);
	else if (d->said)
		d->counters.cookies++;
	else
		d->counters.bad_records++;
}

void dtls_receive(struct dtls *d, monotime_t now, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len)
{
	struct dtls_peer *shaking, *open;
	struct record record;

	d->now = now;
	if (!record_peek(&record, data, len)) {
		d->counters.bad_records++;
		return;
	}
	if (record.hello_random != NULL) {
		on_hello(d, from, local, record.hello_random, data, len);
		return;
	}
	shaking = peers_find_shaking(&d->peers, from);
	open = peers_find_open(&d->peers, from);
	if (open != NULL && (shaking == NULL || record.type == RECORD_DATA))
		to_open(d, open, &record, local, data, len);
	else if (shaking != NULL)
		to_shaking(d, shaking, local, data, len);
	else
		d->counters.strangers++;
}

/* --- time --- */

void dtls_advance(struct dtls *d, monotime_t now)
{
	d->now = now;
	deadlines_advance(d->deadlines, now);
}

bool dtls_next_deadline(const struct dtls *d, monotime_t *when)
{
	return deadlines_next(d->deadlines, when);
}

/* --- all of it --- */

int dtls_reserve(struct dtls *d, const struct dtls_config *config)
{
	return deadlines_reserve(d->deadlines, (size_t)config->handshakes + 1);
}

struct dtls *dtls_new(struct credentials *credentials, const struct dtls_config *config,
    const struct dtls_ports *ports, struct siphash_key seed)
{
	struct dtls *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->config = *config;
	d->ports = *ports;
	d->credentials = credentials_keep(credentials);
	d->cookie_key = seed;
	d->peers.key = (struct siphash_key){ ~seed.k0, seed.k1 };
	deadline_init(&d->idle, on_idle);
	d->deadlines = deadlines_new(d);
	if (d->deadlines == NULL || dtls_reserve(d, config) < 0)
		return dtls_free(d);
	return d;
}

static void drop_all_shaking(struct dtls *d)
{
	struct dtls_peer *peer, *next;

	HASH_ITER (by_address, d->peers.shaking, peer, next)
		drop_shaking(d, peer);
}

struct dtls *dtls_free(struct dtls *d)
{
	if (d == NULL)
		return NULL;
	drop_all_shaking(d);
	while (d->peers.oldest != NULL)
		peers_drop_open(&d->peers, d->peers.oldest);
	association_free(d->spare);
	deadlines_free(d->deadlines);
	credentials_drop(d->credentials);
	free(d);
	return NULL;
}

void dtls_farewell(struct dtls *d)
{
	drop_all_shaking(d);
	while (d->peers.oldest != NULL)
		send_away(d, d->peers.oldest);
}

static void send_revoked_away(struct dtls *d)
{
	struct dtls_peer *peer, *next;

	HASH_ITER (by_address, d->peers.open, peer, next) {
		if (!association_still_good(peer->association, d->credentials))
			send_away(d, peer);
	}
}

void dtls_configure(struct dtls *d, monotime_t now, struct credentials *credentials,
    const struct dtls_config *config, const struct dtls_ports *ports)
{
	d->now = now;
	d->config = *config;
	d->ports = *ports;
	d->spare = association_free(d->spare);
	credentials_inherit(credentials, d->credentials);
	credentials_keep(credentials);
	credentials_drop(d->credentials);
	d->credentials = credentials;
	send_revoked_away(d);
	while (peers_count_open(&d->peers) > config->peers) {
		d->counters.crowded++;
		send_away(d, d->peers.oldest);
	}
	deadline_clear(d->deadlines, &d->idle);
	arm_idle(d);
}

const char *dtls_identity(const struct dtls *d, const struct netaddr *address)
{
	const struct dtls_peer *peer = peers_find_open(&d->peers, address);

	return peer != NULL ? association_identity(peer->association) : NULL;
}

const struct dtls_counters *dtls_counters(const struct dtls *d)
{
	return &d->counters;
}

size_t dtls_peers(const struct dtls *d)
{
	return peers_count_open(&d->peers);
}

size_t dtls_handshakes(const struct dtls *d)
{
	return peers_count_shaking(&d->peers);
}
