/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#define LOG_MODULE LOG_MODULE_TRACE
#include "gateway/trace/pcap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "gateway/trace/pcapng.h"

#define BUFFER_SIZE 131072 /* a block of any size finds room in one that was just written */
_Static_assert(BUFFER_SIZE >= PCAPNG_PACKET_MAX + PCAPNG_HEAD_MAX, "room for a block");

struct pcap_file {
	char *path;
	uint32_t size_max;
	uint32_t count;

	int fd;        /* -1: none; then there is trouble */
	off_t written; /* octets of the file */
	uint8_t *buf;  /* whole blocks that are to be written */
	size_t used;
	unsigned packets; /* of these */

	monotime_t now; /* of the last turn */
	bool waiting;   /* something is in the buffer since a turn before @flush_at */
	monotime_t flush_at;
	bool in_trouble;
	monotime_t retry_at;
	uint64_t lost_total;
	uint64_t lost;    /* of these, what no packet has told yet */
	uint64_t telling; /* what one in the buffer tells */
};

/* --- trouble --- */

static void lose(struct pcap_file *f, unsigned packets)
{
	f->lost += packets;
	f->lost_total += packets;
}

static void empty(struct pcap_file *f)
{
	f->used = 0;
	f->packets = 0;
	f->telling = 0;
}

static void be_in_trouble(struct pcap_file *f, const char *act)
{
	if (!f->in_trouble)
		log_error("trace: cannot %s %s: %s", act, f->path, strerror(errno));
	f->in_trouble = true;
	f->retry_at = monotime_add_ms(f->now, PCAP_FILE_RETRY_MS);
	lose(f, f->packets);
	f->lost += f->telling;
	empty(f);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static void be_out_of_trouble(struct pcap_file *f)
{
	if (f->in_trouble)
		log_notice("trace: %s is written again, %" PRIu64 " packets were lost so far",
		    f->path, f->lost_total);
	f->in_trouble = false;
}

/* --- one file --- */

/* Writes the buffer.  A block is never left in halves: Wireshark would read nothing behind it. */
static void flush(struct pcap_file *f)
{
	ssize_t n;

	f->waiting = false;
	if (f->used == 0)
		return;
	n = write(f->fd, f->buf, f->used);
	if (n != (ssize_t)f->used) {
		if (n >= 0)
			errno = ENOSPC;
		if (n > 0 && ftruncate(f->fd, f->written) < 0)
			errno = EIO;
		be_in_trouble(f, "write");
		return;
	}
	f->written += n;
	empty(f);
	be_out_of_trouble(f);
}

/* A device or a pipe could block, and must not be renamed. */
static bool is_no_file(const struct pcap_file *f)
{
	struct stat st;

	return stat(f->path, &st) == 0 && !S_ISREG(st.st_mode);
}

static bool is_gone(const struct pcap_file *f)
{
	struct stat st;

	return fstat(f->fd, &st) == 0 && st.st_nlink == 0;
}

/* Goes on at the end of the file, with a section of its own. */
static void open_file(struct pcap_file *f)
{
	struct stat st;

	if (is_no_file(f)) {
		errno = EINVAL;
		be_in_trouble(f, "trace into");
		return;
	}
	f->fd =
	    open(f->path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
	if (f->fd < 0 || fstat(f->fd, &st) < 0) {
		be_in_trouble(f, "open");
		return;
	}
	f->written = st.st_size;
	f->used = pcapng_head(f->buf);
}

static void reopen_file(struct pcap_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	open_file(f);
}

/* --- one after the other --- */

/* The name of the file that is @age files older; @age 0: the one that is written. */
static void print_name(const struct pcap_file *f, uint32_t age, char name[PATH_MAX])
{
	if (age == 0)
		snprintf(name, PATH_MAX, "%s", f->path);
	else
		snprintf(name, PATH_MAX, "%s.%" PRIu32, f->path, age);
}

/* How many files stand in a row: those behind a gap need not move. */
static uint32_t count_files(const struct pcap_file *f)
{
	char name[PATH_MAX];
	uint32_t n = 0;

	while (n < f->count) {
		print_name(f, n, name);
		if (access(name, F_OK) < 0)
			break;
		n++;
	}
	return n;
}

/* Makes place for a new file; the oldest goes where there are enough. */
static bool shift(const struct pcap_file *f)
{
	char from[PATH_MAX], to[PATH_MAX];
	uint32_t n = count_files(f);

	if (f->count == 1)
		return n == 0 || unlink(f->path) == 0;
	for (uint32_t age = n < f->count ? n : f->count - 1; age > 0; age--) {
		print_name(f, age - 1, from);
		print_name(f, age, to);
		if (rename(from, to) < 0)
			return false;
	}
	return true;
}

static void begin_file(struct pcap_file *f)
{
	if (!is_no_file(f) && !shift(f))
		be_in_trouble(f, "rename");
	else
		reopen_file(f);
}

static void turn_over(struct pcap_file *f)
{
	flush(f);
	if (f->fd >= 0)
		begin_file(f);
}

/* A packet is longer than a file may be: then it has one of its own. */
static bool is_full(const struct pcap_file *f, size_t len)
{
	bool fits = (uint64_t)f->written + f->used + len <= f->size_max;

	return !fits && (f->packets > 0 || f->written > PCAPNG_HEAD_MAX);
}

/* --- the outside --- */

struct pcap_file *pcap_file_new(monotime_t now, const char *path, uint32_t size, uint32_t count)
{
	struct pcap_file *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->fd = -1;
	f->path = strdup(path);
	f->buf = malloc(BUFFER_SIZE);
	f->size_max = size;
	f->count = count;
	f->now = now;
	if (f->path == NULL || f->buf == NULL)
		return pcap_file_free(f);
	begin_file(f);
	if (f->fd >= 0)
		flush(f);
	return f;
}

struct pcap_file *pcap_file_free(struct pcap_file *f)
{
	if (f == NULL)
		return NULL;
	if (f->fd >= 0) {
		flush(f);
		if (f->fd >= 0)
			close(f->fd);
	}
	free(f->path);
	free(f->buf);
	free(f);
	return NULL;
}

void pcap_file_put(struct pcap_file *f, const struct seen *seen, uint8_t *scratch)
{
	size_t len;

	if (seen->packet == NULL)
		return;
	len = pcapng_packet(scratch, seen, f->lost);
	if (len == 0)
		return;
	if (f->fd >= 0 && is_full(f, len))
		turn_over(f);
	if (f->fd >= 0 && f->used + len > BUFFER_SIZE)
		flush(f);
	if (f->fd < 0) {
		lose(f, 1);
		return;
	}
	memcpy(f->buf + f->used, scratch, len);
	f->used += len;
	f->packets++;
	f->telling += f->lost;
	f->lost = 0;
}

void pcap_file_advance(struct pcap_file *f, monotime_t now)
{
	f->now = now;
	if (f->fd < 0) {
		if (!monotime_before(now, f->retry_at))
			open_file(f);
		return;
	}
	if (f->used == 0)
		return;
	if (!f->waiting) {
		f->waiting = true;
		f->flush_at = monotime_add_ms(now, PCAP_FILE_FLUSH_MS);
	} else if (!monotime_before(now, f->flush_at)) {
		flush(f);
		if (f->fd >= 0 && is_gone(f))
			reopen_file(f);
	}
}

bool pcap_file_next_deadline(const struct pcap_file *f, monotime_t *when)
{
	if (f->fd < 0 || !f->waiting)
		return false;
	*when = f->flush_at;
	return true;
}

uint64_t pcap_file_lost(const struct pcap_file *f)
{
	return f->lost_total;
}

bool pcap_file_is(const struct pcap_file *f, const char *path, uint32_t size, uint32_t count)
{
	return f->size_max == size && f->count == count && strcmp(f->path, path) == 0;
}
