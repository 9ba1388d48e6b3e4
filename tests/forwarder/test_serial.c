/* SPDX-License-Identifier: BSD-3-Clause */
/* A line that is a pseudo-terminal, behind a symbolic link that can be taken away. */
#include "config.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "forwarder/serial.h"

struct world {
	struct event_base *base;
	struct serial *serial;
	char folder[32], device[64];
	int master;
	unsigned ups, downs, frames;
	uint8_t last[64];
	size_t last_len;
};

static void on_frame(void *ctx, const uint8_t *frame, size_t len)
{
	struct world *w = ctx;

	w->frames++;
	cr_assert_leq(len, sizeof w->last);
	memcpy(w->last, frame, len);
	w->last_len = len;
}

static void on_state(void *ctx, bool up)
{
	struct world *w = ctx;

	if (up)
		w->ups++;
	else
		w->downs++;
}

static void plug_in(struct world *w)
{
	w->master = posix_openpt(O_RDWR | O_NOCTTY);
	cr_assert_geq(w->master, 0);
	cr_assert_eq(grantpt(w->master), 0);
	cr_assert_eq(unlockpt(w->master), 0);
	cr_assert_eq(symlink(ptsname(w->master), w->device), 0);
}

static void unplug(struct world *w)
{
	unlink(w->device);
	close(w->master);
}

static void begin(struct world *w, bool there)
{
	const struct serial_config config = {
		.device = w->device, .framing = FRAMING_SLIP, .max_frame = 64, .speed = 9600
	};
	const struct serial_handlers handlers = { on_frame, on_state, w };

	memset(w, 0, sizeof *w);
	strcpy(w->folder, "/tmp/serial-test-XXXXXX");
	cr_assert_not_null(mkdtemp(w->folder));
	snprintf(w->device, sizeof w->device, "%s/tty", w->folder);
	w->base = event_base_new();
	if (there)
		plug_in(w);
	cr_assert_eq(serial_new(&w->serial, w->base, &config, &handlers), 0);
}

static void end(struct world *w)
{
	serial_free(w->serial);
	event_base_free(w->base);
	unplug(w);
	rmdir(w->folder);
}

/* Lets the loop turn until *@count is @wanted; gives up after some seconds. */
static void turn_until(struct world *w, const unsigned *count, unsigned wanted)
{
	const struct timeval tick = { .tv_usec = 20000 };

	for (int i = 0; i < 500 && *count != wanted; i++) {
		event_base_loopexit(w->base, &tick);
		event_base_dispatch(w->base);
		serial_flush(w->serial);
	}
	cr_assert_eq(*count, wanted);
}

Test(serial, frames_go_both_ways_and_the_line_is_raw)
{
	struct world w;
	uint8_t heard[16];
	struct termios t;

	begin(&w, true);
	cr_assert_eq(w.ups, 1);
	cr_assert_eq(write(w.master, "\xC0\r\n\x03\xC0", 5), 5);
	turn_until(&w, &w.frames, 1);
	cr_assert_eq(w.last_len, 3);
	cr_assert_eq(memcmp(w.last, "\r\n\x03", 3), 0);
	serial_send(w.serial, (const uint8_t *)"\n", 1);
	serial_flush(w.serial);
	cr_assert_eq(read(w.master, heard, sizeof heard), 3);
	cr_assert_eq(memcmp(heard, "\xC0\n\xC0", 3), 0);
	cr_assert_eq(tcgetattr(w.master, &t), 0);
	cr_assert_eq(cfgetospeed(&t), B9600);
	cr_assert_eq(serial_counters(w.serial)->octets_read, 5);
	cr_assert_eq(serial_counters(w.serial)->octets_written, 3);
	end(&w);
}

Test(serial, a_device_that_is_not_there_is_waited_for)
{
	struct world w;

	begin(&w, false);
	cr_assert_eq(w.downs, 1);
	serial_send(w.serial, (const uint8_t *)"x", 1);
	cr_assert_eq(serial_counters(w.serial)->send_dropped, 1);
	plug_in(&w);
	turn_until(&w, &w.ups, 1);
	cr_assert_eq(w.downs, 1);
	end(&w);
}

Test(serial, a_device_that_is_unplugged_comes_back)
{
	struct world w;

	begin(&w, true);
	cr_assert_eq(write(w.master, "\xC0half", 5), 5);
	unplug(&w);
	turn_until(&w, &w.downs, 1);
	plug_in(&w);
	turn_until(&w, &w.ups, 2);
	cr_assert_eq(write(w.master, "whole\xC0", 6), 6);
	turn_until(&w, &w.frames, 1);
	cr_assert_eq(w.last_len, 5);
	cr_assert_eq(serial_counters(w.serial)->opened, 2);
	end(&w);
}

Test(serial, what_a_slow_line_cannot_take_is_dropped)
{
	struct world w;
	uint8_t frame[64] = { 0 };

	begin(&w, true);
	for (int i = 0; i < 1000; i++)
		serial_send(w.serial, frame, sizeof frame);
	cr_assert_gt(serial_counters(w.serial)->send_dropped, 0);
	/* About two seconds at 9600 bit/s. */
	cr_assert_lt(serial_counters(w.serial)->sent * sizeof frame, 2500);
	end(&w);
}

Test(serial, speeds)
{
	cr_assert(serial_speed_known(9600));
	cr_assert(serial_speed_known(3000000));
	cr_assert_not(serial_speed_known(0));
	cr_assert_not(serial_speed_known(12345));
}
