/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pcapng file that does not grow without end: FILE, and older ones as FILE.1, FILE.2, ...
 *
 * What the disk does not take is lost and counted, never waited for; the log has a line when the
 * trouble begins and one when it ends.
 */
#ifndef TRACE_PCAP_FILE_H
#define TRACE_PCAP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "gateway/trace/seen.h"

struct pcap_file;

#define PCAP_FILE_FLUSH_MS 1000  /* so long may a packet wait to be written */
#define PCAP_FILE_RETRY_MS 10000 /* so long a disk in trouble is left alone */

/* Begins a new file; one that is there becomes FILE.1.  @path is copied.  @size: octets of one
 * file; @count: how many there may be, 1 at least.  NULL when out of memory; a file that cannot be
 * opened is trouble as above. */
struct pcap_file *pcap_file_new(monotime_t now, const char *path, uint32_t size, uint32_t count);

/* Writes what is left and closes.  NULL is fine; returns NULL. */
struct pcap_file *pcap_file_free(struct pcap_file *file);

/* @scratch: PCAPNG_PACKET_MAX octets.  What is no packet is ignored. */
void pcap_file_put(struct pcap_file *file, const struct seen *seen, uint8_t *scratch);

/* Writes what has waited long enough. */
void pcap_file_advance(struct pcap_file *file, monotime_t now);
bool pcap_file_next_deadline(const struct pcap_file *file, monotime_t *when);

/* Packets lost so far. */
uint64_t pcap_file_lost(const struct pcap_file *file);

/* Whether this is how the file was begun. */
bool pcap_file_is(const struct pcap_file *file, const char *path, uint32_t size, uint32_t count);

#endif
