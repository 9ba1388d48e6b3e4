/* SPDX-License-Identifier: BSD-3-Clause */
/* The main() of a fuzz target without a fuzzer: runs it once on every file of the folders given, so
 * that what a fuzzer has found stays found with any compiler.  A target that is not content aborts.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/* The content of @file, or NULL.  The caller frees it. */
static uint8_t *read_all(FILE *file, size_t *len)
{
	uint8_t *data = NULL;
	size_t size = 0;

	*len = 0;
	do {
		uint8_t *grown = realloc(data, size += 4096);

		if (grown == NULL) {
			free(data);
			return NULL;
		}
		data = grown;
		*len += fread(data + *len, 1, size - *len, file);
	} while (*len == size);
	return data;
}

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t len = 0;

	if (file != NULL) {
		data = read_all(file, &len);
		fclose(file);
	}
	if (data == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
	return 0;
}

/* How many files the folder has, or -1. */
static int run_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (folder == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while ((entry = readdir(folder)) != NULL) {
		char file[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (run_file(file) < 0) {
			count = -1;
			break;
		}
		count++;
	}
	closedir(folder);
	return count;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int count = run_folder(argv[i]);

		if (count <= 0) {
			fprintf(stderr, "%s: nothing ran\n", argv[i]);
			return EXIT_FAILURE;
		}
		printf("%s: %d files\n", argv[i], count);
	}
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
