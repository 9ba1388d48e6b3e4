/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/admin/page.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_TEXT_MAX 64 /* 32 octets in base64 */

static const char *find(const char *from, const char *what)
{
	const char *end = (const char *)page_data + page_data_len;

	return memmem(from, (size_t)(end - from), what, strlen(what));
}

/* The SHA-256 of what stands between the tags, in base64. */
static bool digest(const char *begin_tag, const char *end_tag, char *out)
{
	const char *begin = find((const char *)page_data, begin_tag);
	const char *end = begin != NULL ? find(begin, end_tag) : NULL;
	unsigned char octets[EVP_MAX_MD_SIZE];
	unsigned len;

	if (end == NULL)
		return false;
	begin += strlen(begin_tag);
	if (!EVP_Digest(begin, (size_t)(end - begin), octets, &len, EVP_sha256(), NULL))
		return false;
	EVP_EncodeBlock((unsigned char *)out, octets, (int)len);
	return true;
}

bool page_policy(char *policy)
{
	char script[DIGEST_TEXT_MAX], style[DIGEST_TEXT_MAX];

	if (!digest("<script>", "</script>", script) || !digest("<style>", "</style>", style))
		return false;
	snprintf(policy, PAGE_POLICY_MAX,
	    "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; "
	    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
	    "frame-ancestors 'none'",
	    script, style);
	return true;
}
