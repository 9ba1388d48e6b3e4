/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/admin/process.h"

static struct process_facts look(void)
{
	struct process_facts facts;

	cr_assert(process_look(&facts));
	return facts;
}

Test(process, the_facts_are_plausible)
{
	struct process_facts facts = look();

	cr_expect_lt(facts.started, (double)time(NULL) + 2);
	cr_expect_gt(facts.started, (double)time(NULL) - 600);
	cr_expect_geq(facts.cpu_seconds, 0);
	cr_expect_geq(facts.virtual_memory, facts.resident_memory);
	cr_expect_gt(facts.max_files, facts.open_files);
}

Test(process, memory_in_use_is_seen)
{
	uint64_t before = look().resident_memory;
	size_t size = 16 << 20;
	char *memory = malloc(size);

	memset(memory, 1, size);
	cr_expect_geq(look().resident_memory, before + size / 2);
	free(memory);
}

Test(process, open_files_are_counted_in_both_ways)
{
	uint64_t before = look().open_files;
	int fds[300];

	cr_expect_eq(process_count_files(), before);
	for (size_t i = 0; i < 300; i++)
		fds[i] = dup(STDERR_FILENO);
	cr_expect_eq(look().open_files, before + 300);
	cr_expect_eq(process_count_files(), before + 300);
	for (size_t i = 0; i < 300; i++)
		close(fds[i]);
	cr_expect_eq(process_count_files(), before);
}
