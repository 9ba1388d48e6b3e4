/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/dtls/pipe.h"

#include <openssl/bio.h>
#include <string.h>

/* Of IPv4 and UDP.  Only used to tell whether an MTU is large enough at all. */
#define OVERHEAD 28

/* As from a socket, what does not fit is lost, and the next datagram is another one. */
static int on_read(BIO *bio, char *buf, int size)
{
	struct pipe *pipe = BIO_get_data(bio);
	size_t len = pipe->len;

	BIO_clear_retry_flags(bio);
	if (pipe->data == NULL) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (len > (size_t)size)
		len = (size_t)size;
	memcpy(buf, pipe->data, len);
	pipe->data = NULL;
	return (int)len;
}

static int on_write(BIO *bio, const char *data, int len)
{
	const struct pipe *pipe = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	pipe->send(pipe->ctx, (const uint8_t *)data, (size_t)len);
	return len;
}

static long on_ctrl(BIO *bio, int what, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	switch (what) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
		return OVERHEAD;
	default:
		return 0;
	}
}

/* Made once and kept: there is one for the life of the process. */
static const BIO_METHOD *method(void)
{
	static BIO_METHOD *made;

	if (made != NULL)
		return made;
	made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagram");
	if (made == NULL)
		return NULL;
	BIO_meth_set_read(made, on_read);
	BIO_meth_set_write(made, on_write);
	BIO_meth_set_ctrl(made, on_ctrl);
	return made;
}

BIO *pipe_bio_new(struct pipe *pipe)
{
	const BIO_METHOD *kind = method();
	BIO *bio = kind != NULL ? BIO_new(kind) : NULL;

	if (bio == NULL)
		return NULL;
	BIO_set_data(bio, pipe);
	BIO_set_init(bio, 1);
	return bio;
}
