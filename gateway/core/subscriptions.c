/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/subscriptions.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/core/topic_name.h"

static bool has_other_form(const struct subscription *sub)
{
	return sub->by_short || sub->predefined_id != 0;
}

struct subscription *subscriptions_find(const struct subscriptions *subs, struct sn_bytes filter)
{
	for (uint16_t i = 0; i < subs->count; i++) {
		struct subscription *sub = subs->items[i];

		if (sub->len == filter.len && memcmp(sub->filter, filter.data, filter.len) == 0)
			return sub;
	}
	return NULL;
}

struct subscription *subscriptions_add(struct subscriptions *subs, struct sn_bytes filter)
{
	struct subscription *sub = subscriptions_find(subs, filter);
	struct subscription **items;

	if (sub != NULL)
		return sub;
	items = reallocarray(subs->items, subs->count + 1u, sizeof(struct subscription *));
	if (items == NULL)
		return NULL;
	subs->items = items;
	sub = calloc(1, sizeof *sub + filter.len + 1);
	if (sub == NULL)
		return NULL;
	sub->len = (uint16_t)filter.len;
	memcpy(sub->filter, filter.data, filter.len);
	subs->items[subs->count++] = sub;
	return sub;
}

void subscriptions_add_form(
    struct subscriptions *subs, struct subscription *sub, bool by_short, uint16_t predefined_id)
{
	bool had_other_form = has_other_form(sub);

	if (by_short)
		sub->by_short = true;
	if (predefined_id != 0)
		sub->predefined_id = predefined_id;
	if (has_other_form(sub) && !had_other_form)
		subs->other_forms++;
}

void subscriptions_remove(struct subscriptions *subs, struct subscription *sub)
{
	uint16_t i = 0;

	while (subs->items[i] != sub)
		i++;
	if (has_other_form(sub))
		subs->other_forms--;
	subs->items[i] = subs->items[--subs->count];
	free(sub);
}

void subscriptions_clear(struct subscriptions *subs)
{
	for (uint16_t i = 0; i < subs->count; i++)
		free(subs->items[i]);
	free(subs->items);
	*subs = (struct subscriptions){ 0 };
}

bool subscriptions_match(const struct subscriptions *subs, struct sn_bytes name, int qos)
{
	for (uint16_t i = 0; i < subs->count; i++)
		if (subs->items[i]->qos == qos &&
		    topic_filter_matches(subscription_filter(subs->items[i]), name))
			return true;
	return false;
}
