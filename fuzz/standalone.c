/* SPDX-License-Identifier: MIT */
/*
 * standalone - runs a fuzz target over files, for compilers without libFuzzer and for every build.
 *
 * Arguments are files or directories of files; each file is one test point.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static unsigned points, failures;

static void report(bool good, const char *path)
{
	points++;
	failures += !good;
	printf("%s %u - %s\n", good ? "ok" : "not ok", points, path);
}

static void run_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	FILE *f = fopen(path, "rb");
	bool good = data && f && fread(data, 1, size, f) == size;

	if (good)
		LLVMFuzzerTestOneInput(data, size);
	report(good, path);
	if (f)
		fclose(f);
	free(data);
}

static void run(const char *path);

static void run_directory(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char inner[4096];

		snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			run(inner);
		free(entries[i]);
	}
	if (n < 0)
		report(false, path);
	else
		free(entries);
}

static void run(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		report(false, path);
	else if (S_ISDIR(st.st_mode))
		run_directory(path);
	else
		run_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	printf("1..%u\n", points);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
