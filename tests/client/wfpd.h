/* SPDX-License-Identifier: MIT */
/*
 * wfpd - a running wfpd of the test's own: started on a store and a socket in a directory of its
 * own, ended by a signal, and looked at from outside.
 */
#pragma once

#include "harness.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include "windows.h"

#include "fwpmu.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct wfpd {
	char dir[64], store[96], path[96], program[256];
	pid_t pid;    /* 0: does not run */
	rlim_t files; /* how many it may have open; 0: as many as we */
	int out;      /* what it prints comes here, and is not read but for the first byte */
} wfpd;

static void wfpd_remove_dir(const char *path)
{
	char name[384];
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && (e = readdir(dir)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		unlink(name);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static void wfpd_remove(void)
{
	char name[96];

	snprintf(name, sizeof(name), "%s/store", wfpd.dir);
	wfpd_remove_dir(name);
	snprintf(name, sizeof(name), "%s/run", wfpd.dir);
	wfpd_remove_dir(name);
	rmdir(wfpd.dir);
}

/* Also of a test that failed. */
static void wfpd_clean_up(void)
{
	if (wfpd.pid > 0) {
		kill(wfpd.pid, SIGKILL);
		waitpid(wfpd.pid, NULL, 0);
	}
	wfpd_remove();
}

/* False: it is not built here. */
static bool wfpd_prepare(void)
{
	const char *build = getenv("BLDROOT");

	snprintf(wfpd.program, sizeof(wfpd.program), "%s/cmd/wfpd", build ? build : "");
	if (!build || access(wfpd.program, X_OK) != 0)
		return false;
	snprintf(wfpd.dir, sizeof(wfpd.dir), "%s/openwfp-test-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir);
	CHECK(mkdtemp(wfpd.dir));
	atexit(wfpd_clean_up);
	snprintf(wfpd.store, sizeof(wfpd.store), "%s/store/policy.db", wfpd.dir);
	snprintf(wfpd.path, sizeof(wfpd.path), "%s/run/socket", wfpd.dir);
	setenv("OPENWFP_SOCKET", wfpd.path, 1);
	return true;
}

/* Ends with this test, whatever ends the test. */
static void wfpd_spawn(void)
{
	int out[2];

	CHECK(pipe(out) == 0);
	wfpd.pid = fork();
	if (wfpd.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (wfpd.files)
			setrlimit(RLIMIT_NOFILE, &(struct rlimit){wfpd.files, wfpd.files});
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execl(wfpd.program, "wfpd", "--path", "none", "--json", "--store", wfpd.store,
		      "--socket", wfpd.path, NULL);
		_exit(127);
	}
	CHECK(wfpd.pid > 0);
	close(out[1]);
	wfpd.out = out[0];
}

/* The first line on its output says that it is ready. */
static void wfpd_start(void)
{
	char byte;

	wfpd_spawn();
	if (read(wfpd.out, &byte, 1) != 1)
		CHECK_SAY("%s has said nothing", wfpd.program);
}

/* How it ended, as waitpid says it. */
static int wfpd_end(int signal)
{
	int status = 0;

	CHECK(kill(wfpd.pid, signal) == 0);
	CHECK(waitpid(wfpd.pid, &status, 0) == wfpd.pid);
	wfpd.pid = 0;
	close(wfpd.out);
	return status;
}
