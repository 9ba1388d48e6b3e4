/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page for people: gateway/admin/page/index.html, which make turns into page_data.c.
 *
 * It is one file with one <style> and one <script>, which are written just so.  Its
 * Content-Security-Policy names their digests and lets nothing else run or be loaded, attributes
 * with a script or a style included.
 */
#ifndef ADMIN_PAGE_H
#define ADMIN_PAGE_H

#include <stdbool.h>
#include <stddef.h>

extern const unsigned char page_data[];
extern const size_t page_data_len;

#define PAGE_POLICY_MAX 512

/* Writes the value of the page's Content-Security-Policy to @policy, of PAGE_POLICY_MAX octets.
 * False if the page is not made as above. */
bool page_policy(char *policy);

#endif
