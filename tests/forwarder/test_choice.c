/* SPDX-License-Identifier: BSD-3-Clause */
/* Three gateways, a question every 10 s, 3 of which may go unanswered: alive for 40 s. */
#include <criterion/criterion.h>

#include "forwarder/choice.h"

struct world {
	struct choice *choice;
	struct netaddr gateways[4]; /* the last one is not in the list */
	unsigned asked[4];
	unsigned searched;
	unsigned changes;
};

static void count_ask(void *ctx, const struct netaddr *to)
{
	struct world *w = ctx;

	for (int i = 0; i < 4; i++)
		w->asked[i] += netaddr_equal(&w->gateways[i], to);
}

static void count_search(void *ctx)
{
	((struct world *)ctx)->searched++;
}

static void count_change(void *ctx, const struct netaddr *to)
{
	cr_assert_not_null(to);
	((struct world *)ctx)->changes++;
}

static monotime_t at(int64_t seconds)
{
	return monotime_add_ms((monotime_t){ 1 }, 1000 * seconds);
}

static struct choice_config config_of(const struct world *w, size_t n, bool discover)
{
	struct choice_config config = {
		.n_fixed = n, .discover = discover, .probe = 10000, .missed = 3
	};

	for (size_t i = 0; i < n; i++)
		config.fixed[i] = w->gateways[i];
	return config;
}

static void begin(struct world *w, size_t n, bool discover)
{
	const struct choice_ports ports = { w, count_ask, count_search, count_change };
	struct choice_config config;

	*w = (struct world){ 0 };
	for (int i = 0; i < 4; i++)
		netaddr_parse(&w->gateways[i], "192.0.2.1:0", 0);
	for (int i = 0; i < 4; i++)
		w->gateways[i].port = (uint16_t)(1884 + i);
	config = config_of(w, n, discover);
	w->choice = choice_new(&ports);
	choice_configure(w->choice, &config, at(0));
}

/* Lets time pass, gateway @alive answering each question (-1: none). */
static void pass(struct world *w, int from, int to, int alive)
{
	for (int s = from; s < to; s++) {
		unsigned asked = alive >= 0 ? w->asked[alive] : 0;

		choice_advance(w->choice, at(s));
		if (alive >= 0 && w->asked[alive] > asked)
			cr_assert(choice_heard(w->choice, at(s), &w->gateways[alive]));
	}
}

static bool uses(const struct world *w, int i)
{
	const struct netaddr *current = choice_current(w->choice);

	return current != NULL && netaddr_equal(current, &w->gateways[i]);
}

Test(choice, the_first_gateway_is_used_before_anything_is_heard)
{
	struct world w;

	begin(&w, 3, false);
	cr_assert(uses(&w, 0));
	cr_assert_eq(w.changes, 1);
	choice_free(w.choice);
}

Test(choice, the_only_gateway_is_left_in_peace)
{
	struct world w;

	begin(&w, 1, false);
	pass(&w, 0, 1000, -1);
	cr_assert_eq(w.asked[0], 0);
	cr_assert(uses(&w, 0));
	choice_free(w.choice);
}

Test(choice, one_that_falls_silent_is_left_for_one_that_answers)
{
	struct world w;

	begin(&w, 3, false);
	choice_heard(w.choice, at(0), &w.gateways[0]);
	pass(&w, 0, 40, 2);
	cr_assert(uses(&w, 0));
	pass(&w, 40, 41, 2);
	cr_assert(uses(&w, 2));
	cr_assert_eq(w.changes, 2);
	cr_assert_eq(w.asked[0], 4);
	choice_free(w.choice);
}

Test(choice, when_none_answers_the_choice_stays)
{
	struct world w;

	begin(&w, 3, false);
	pass(&w, 0, 500, -1);
	cr_assert(uses(&w, 0));
	cr_assert_eq(w.changes, 1);
	choice_free(w.choice);
}

Test(choice, one_that_is_heard_is_not_asked)
{
	struct world w;

	begin(&w, 2, false);
	for (int s = 0; s < 100; s++) {
		choice_heard(w.choice, at(s), &w.gateways[0]);
		choice_advance(w.choice, at(s));
	}
	cr_assert_eq(w.asked[0], 0);
	cr_assert_eq(w.asked[1], 10);
	choice_free(w.choice);
}

Test(choice, a_preferred_gateway_takes_over_again_when_it_is_steady)
{
	struct world w;

	begin(&w, 2, false);
	pass(&w, 0, 60, 1);
	cr_assert(uses(&w, 1));
	for (int s = 60; s < 110; s++) { /* both answer */
		pass(&w, s, s + 1, 0);
		choice_heard(w.choice, at(s), &w.gateways[1]);
		if (s < 100)
			cr_assert(uses(&w, 1), "after %d s", s);
	}
	cr_assert(uses(&w, 0));
	choice_free(w.choice);
}

Test(choice, without_a_gateway_one_is_searched_and_the_first_found_is_used)
{
	struct world w;

	begin(&w, 0, true);
	cr_assert_null(choice_current(w.choice));
	choice_advance(w.choice, at(0));
	cr_assert_eq(w.searched, 1);
	choice_advance(w.choice, at(9));
	cr_assert_eq(w.searched, 1);
	cr_assert_not(choice_heard(w.choice, at(9), &w.gateways[3]));
	cr_assert(choice_found(w.choice, at(9), &w.gateways[3]));
	cr_assert(uses(&w, 3));
	cr_assert(choice_found(w.choice, at(9), &w.gateways[2]));
	cr_assert(uses(&w, 3));
	choice_advance(w.choice, at(10));
	cr_assert_eq(w.searched, 1);
	/* The second one answers, the first one does not any more. */
	pass(&w, 10, 60, 2);
	cr_assert(uses(&w, 2));
	choice_free(w.choice);
}

Test(choice, others_are_not_wanted_without_discovery)
{
	struct world w;

	begin(&w, 2, false);
	cr_assert_not(choice_found(w.choice, at(0), &w.gateways[3]));
	cr_assert(choice_found(w.choice, at(0), &w.gateways[1]));
	choice_free(w.choice);
}

Test(choice, those_found_are_bounded_and_the_dead_make_room)
{
	struct world w;
	struct netaddr other;

	begin(&w, 1, true);
	other = w.gateways[0];
	for (int i = 0; i < 1000; i++) {
		other.port = (uint16_t)(3000 + i);
		cr_assert_eq(choice_found(w.choice, at(0), &other), i < CHOICE_MAX - 1);
	}
	cr_assert(choice_found(w.choice, at(40), &other));
	cr_assert(uses(&w, 0) || choice_current(w.choice) != NULL);
	choice_free(w.choice);
}

Test(choice, other_settings_keep_what_is_known)
{
	struct world w;
	struct choice_config config;

	begin(&w, 2, false);
	pass(&w, 0, 60, 1);
	cr_assert(uses(&w, 1));
	config = config_of(&w, 2, true);
	choice_configure(w.choice, &config, at(60));
	cr_assert(uses(&w, 1));
	cr_assert_eq(w.changes, 2);
	/* The one in use is not wanted any more. */
	config = config_of(&w, 1, false);
	choice_configure(w.choice, &config, at(61));
	cr_assert(uses(&w, 0));
	cr_assert_not(choice_heard(w.choice, at(61), &w.gateways[1]));
	cr_assert_null(choice_free(w.choice));
	cr_assert_null(choice_free(NULL));
}
