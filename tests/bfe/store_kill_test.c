/* SPDX-License-Identifier: MIT */
/*
 * A process that is killed at each system call of what it does to a store, one after another: what
 * was there before is there, or what was to be, never a mixture; and PATH.boot is whole throughout.
 * Other tests read the same calls for what a kill cannot show: that a commit has waited for the
 * disk, which is what power loss asks for.  And instead of a kill each call fails once.
 */
#define STORE_WORLD_IN_MEMORY
#include "store_world.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#define AT_SYSCALL (SIGTRAP | 0x80)

/*
 * One thing a process does: prepare runs undisturbed and makes what is there before; ready runs in
 * the child, undisturbed as well; act is what is killed.  before and after are the two outcomes.
 */
struct scene {
	void (*prepare)(struct world *w, struct model *before);
	void (*ready)(struct world *w, struct model *after);
	void (*act)(struct world *w);
	bool no_boot_copy; /* PATH.boot may be missing before */
};

/* The child says what it is about to write. */
static struct model *model_shared(void)
{
	void *at = mmap(NULL, sizeof(struct model), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

static void model_unshare(struct model *m)
{
	CHECK(munmap(m, sizeof(*m)) == 0);
}

/* ---- a traced child ---- */

static void child_main(const struct scene *scene, struct world *w, struct model *after)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(9);
	raise(SIGSTOP);
	if (scene->ready)
		scene->ready(w, after);
	raise(SIGSTOP);
	scene->act(w);
	raise(SIGSTOP);
	_exit(0);
}

static void wait_stop(pid_t pid, int signal)
{
	int status = 0;

	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == signal);
}

/* The child stands before its act.  -1: tracing is not permitted here. */
static pid_t start(const struct scene *scene, struct world *w, struct model *after)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		child_main(scene, w, after);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 9)
		return -1;
	CHECK(WIFSTOPPED(status));
	CHECK(ptrace(PTRACE_SETOPTIONS, pid, NULL,
		     (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) == 0);
	CHECK(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
	wait_stop(pid, SIGSTOP);
	return pid;
}

static void finish(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	CHECK(waitpid(pid, &status, 0) == pid);
}

/* On to the next system call; false: the act is over. */
static bool next_call(pid_t pid, struct __ptrace_syscall_info *info)
{
	int status = 0;

	for (;;) {
		CHECK(ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0);
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WIFSTOPPED(status));
		if (WSTOPSIG(status) == SIGSTOP)
			return false;
		CHECK_EQ_U(WSTOPSIG(status), AT_SYSCALL);
		CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(*info), info) > 0);
		if (info->op == PTRACE_SYSCALL_INFO_ENTRY)
			return true;
	}
}

static bool skipped(pid_t pid, const char *test)
{
	if (pid >= 0)
		return false;
	printf("ok - %s # SKIP a process may not be traced here\n", test);
	fflush(stdout);
	return true;
}

/* ---- kills ---- */

/* The database, and the copy that has to agree once it was opened. */
static void check_outcome(struct world *w, const struct model *before, const struct model *after)
{
	struct model got, boot, copy;

	world_open(w);
	got = model_of(w->store);
	CHECK(model_same(&got, before) || model_same(&got, after));
	boot = model_boot(&got);
	copy = model_of_boot(w->path);
	CHECK(model_same(&copy, &boot));
	CHECK_OK(store_begin(w->store));
	put(w->store, &got, 99, 99, STORE_BOOTTIME, 99);
	CHECK_OK(store_commit(w->store));
	check_same(w->store, &got);
	world_close(w);
}

/* Before anything opens the store again: what a boot would find. */
static void check_copy_alone(const struct scene *scene, const struct world *w,
			     const struct model *before, const struct model *after)
{
	const struct model old = model_boot(before), new = model_boot(after);
	struct model got = {0};
	wfp_err err = store_load_boot(w->path, model_take, &got);

	if (err == ERR_FILE_NOT_FOUND && scene->no_boot_copy)
		return;
	CHECK_OK(err);
	CHECK(model_same(&got, &old) || model_same(&got, &new));
}

/* Kills at the nth call; false: there are fewer. */
static bool kill_at(const struct scene *scene, unsigned n, const char *test, bool *skip)
{
	struct __ptrace_syscall_info info;
	struct world w;
	struct model before = {0}, *after = model_shared();
	bool killed = true;
	pid_t pid;

	world_init(&w);
	scene->prepare(&w, &before);
	*after = before;
	pid = start(scene, &w, after);
	*skip = skipped(pid, test);
	for (unsigned i = 0; i < n && killed && !*skip; i++)
		killed = next_call(pid, &info);
	if (!*skip) {
		finish(pid);
		check_copy_alone(scene, &w, &before, after);
		check_outcome(&w, &before, after);
	}
	world_fini(&w);
	model_unshare(after);
	return killed && !*skip;
}

static void kill_at_each_call(const struct scene *scene, const char *test, unsigned at_least)
{
	bool skip = false;
	unsigned n = 1;

	while (kill_at(scene, n, test, &skip))
		n++;
	if (!skip)
		CHECK(n > at_least);
}

/* ---- scenes ---- */

static void prepare_some(struct world *w, struct model *before)
{
	world_open(w);
	put_some(w->store, before);
	world_close(w);
}

static void ready_persistent(struct world *w, struct model *after)
{
	const struct guid key = key_guid(2);

	world_open(w);
	CHECK_OK(store_begin(w->store));
	for (uint32_t i = 0; i < 10; i++)
		put(w->store, after, 3, i, STORE_PERSISTENT, 17 * i + 3);
	put(w->store, after, 1, 10, STORE_PERSISTENT, 44);
	CHECK_OK(store_delete(w->store, 1, &key));
	model_delete(after, 1, 2);
	CHECK_OK(store_set_option(w->store, model_names[0], 65537));
	after->options[0] = 65537;
}

static void ready_boot(struct world *w, struct model *after)
{
	const struct guid key = key_guid(5);

	world_open(w);
	CHECK_OK(store_begin(w->store));
	put(w->store, after, 4, 1, STORE_BOOTTIME, 18);
	put(w->store, after, 4, 2, STORE_PERSISTENT, 34);
	put(w->store, after, 4, 3, STORE_BOOTTIME, 19);
	CHECK_OK(store_delete(w->store, 2, &key));
	model_delete(after, 2, 5);
}

static void act_commit(struct world *w)
{
	CHECK_OK(store_commit(w->store));
}

static void act_commit_and_close(struct world *w)
{
	CHECK_OK(store_commit(w->store));
	world_close(w);
}

static void act_open(struct world *w)
{
	world_open(w);
}

TEST(a_kill_at_any_call_of_a_commit_leaves_old_or_new)
{
	const struct scene scene = {prepare_some, ready_persistent, act_commit, false};

	kill_at_each_call(&scene, __func__, 3);
}

TEST(a_kill_at_any_call_of_a_commit_of_boot_time_records_leaves_old_or_new)
{
	const struct scene scene = {prepare_some, ready_boot, act_commit, false};

	kill_at_each_call(&scene, __func__, 10);
}

TEST(a_kill_at_any_call_of_a_commit_and_the_closing_leaves_old_or_new)
{
	const struct scene scene = {prepare_some, ready_boot, act_commit_and_close, false};

	kill_at_each_call(&scene, __func__, 15);
}

static void prepare_nothing(struct world *w, struct model *before)
{
}

TEST(a_kill_at_any_call_of_the_first_opening_leaves_an_empty_store)
{
	const struct scene scene = {prepare_nothing, NULL, act_open, true};

	kill_at_each_call(&scene, __func__, 50);
}

static void prepare_version_1(struct world *w, struct model *before)
{
	make_version_1(w, before);
}

TEST(a_kill_at_any_call_of_a_migration_loses_nothing)
{
	const struct scene scene = {prepare_version_1, NULL, act_open, true};

	kill_at_each_call(&scene, __func__, 30);
}

/* What is left of a damaged store is its boot-time set. */
static void prepare_damaged(struct world *w, struct model *before)
{
	struct model all = {0};

	prepare_some(w, &all);
	CHECK_OK(file_write_all(w->path, "no database", 11));
	*before = model_boot(&all);
}

TEST(a_kill_at_any_call_of_the_opening_of_a_damaged_store_keeps_the_boot_time_set)
{
	const struct scene scene = {prepare_damaged, NULL, act_open, false};

	kill_at_each_call(&scene, __func__, 50);
}

/* ---- power ---- */

#define FDS 256

/* A log cut short after its pages were copied is no change that has to last. */
struct dirt {
	bool fd[FDS]; /* written, not yet synced */
	bool name;    /* renamed, nothing synced since */
	unsigned writes;
};

static void note_call(struct dirt *d, const struct __ptrace_syscall_info *info)
{
	uint64_t fd = info->entry.args[0] % FDS;

	switch (info->entry.nr) {
	case SYS_write:
	case SYS_pwrite64:
		d->fd[fd] = true;
		d->writes++;
		break;
	case SYS_fsync:
	case SYS_fdatasync:
		d->fd[fd] = false;
		d->name = false;
		break;
	case SYS_close:
		CHECK(!d->fd[fd]);
		break;
	case SYS_rename:
		for (unsigned i = 0; i < FDS; i++)
			CHECK(!d->fd[i]);
		d->name = true;
		break;
	}
}

static void check_synced(const struct scene *scene, const char *test)
{
	struct __ptrace_syscall_info info;
	struct world w;
	struct model before = {0}, *after = model_shared();
	struct dirt dirt = {0};
	pid_t pid;

	world_init(&w);
	scene->prepare(&w, &before);
	pid = start(scene, &w, after);
	if (!skipped(pid, test)) {
		while (next_call(pid, &info))
			note_call(&dirt, &info);
		finish(pid);
		CHECK(dirt.writes > 0 && !dirt.name);
		for (unsigned i = 0; i < FDS; i++)
			CHECK(!dirt.fd[i]);
	}
	world_fini(&w);
	model_unshare(after);
}

TEST(a_commit_has_waited_for_the_disk_when_it_returns)
{
	const struct scene persistent = {prepare_some, ready_persistent, act_commit, false};
	const struct scene boot = {prepare_some, ready_boot, act_commit, false};

	check_synced(&persistent, __func__);
	check_synced(&boot, __func__);
}

TEST(an_opening_that_makes_a_store_has_waited_for_the_disk_when_it_returns)
{
	const struct scene fresh = {prepare_nothing, NULL, act_open, true};
	const struct scene damaged = {prepare_damaged, NULL, act_open, false};

	check_synced(&fresh, __func__);
	check_synced(&damaged, __func__);
}

/* ---- errors ---- */

#ifdef __x86_64__

/* For the child: the two outcomes, and a place for what it has at the end. */
static struct model *outcome_old, *outcome_new, *outcome_last;

/* After a commit that may have met an error the store is usable, and holds what was said. */
static void act_commit_and_go_on(struct world *w)
{
	wfp_err err = store_commit(w->store);

	raise(SIGSTOP); /* nothing fails from here on */
	*outcome_last = err ? *outcome_old : *outcome_new;
	check_same(w->store, outcome_last);
	CHECK_OK(store_begin(w->store));
	put(w->store, outcome_last, 98, 98, STORE_BOOTTIME, 98);
	CHECK_OK(store_commit(w->store));
	check_same(w->store, outcome_last);
}

static bool can_fail(uint64_t nr)
{
	static const uint64_t calls[] = {SYS_write,  SYS_pwrite64, SYS_fsync,	  SYS_fdatasync,
					 SYS_read,   SYS_pread64,  SYS_ftruncate, SYS_rename,
					 SYS_openat, SYS_fchmod};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (calls[i] == nr)
			return true;
	return false;
}

/* The call before which the child stands does nothing, and answers with the error. */
static void fail_call(pid_t pid, int error)
{
	int status = 0;

	CHECK(ptrace(PTRACE_POKEUSER, pid, (void *)offsetof(struct user_regs_struct, orig_rax),
		     (void *)-1L) == 0);
	CHECK(ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	CHECK(ptrace(PTRACE_POKEUSER, pid, (void *)offsetof(struct user_regs_struct, rax),
		     (void *)(long)-error) == 0);
	CHECK(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
	wait_stop(pid, SIGSTOP);
}

/* Fails the nth call that can fail; false: there are fewer. */
static bool fail_at(const struct scene *scene, unsigned n, int error, const char *test)
{
	struct __ptrace_syscall_info info;
	struct world w;
	bool found = true;
	pid_t pid;

	world_init(&w);
	memset(outcome_old, 0, sizeof(*outcome_old));
	scene->prepare(&w, outcome_old);
	*outcome_new = *outcome_old;
	pid = start(scene, &w, outcome_new);
	if (skipped(pid, test)) {
		world_fini(&w);
		return false;
	}
	while (n > 0 && found) {
		found = next_call(pid, &info);
		n -= found && can_fail(info.entry.nr);
	}
	if (found)
		fail_call(pid, error);
	CHECK(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
	wait_stop(pid, SIGSTOP);
	finish(pid);
	world_open(&w);
	CHECK_EQ_U(w.how.found, STORE_AS_LEFT);
	check_same(w.store, outcome_last);
	world_fini(&w);
	return found;
}

static void fail_each_call(const struct scene *scene, const char *test)
{
	static const int errors[] = {EIO, ENOSPC};

	outcome_old = model_shared();
	outcome_new = model_shared();
	outcome_last = model_shared();
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		for (unsigned n = 1; fail_at(scene, n, errors[i], test); n++)
			;
	model_unshare(outcome_old);
	model_unshare(outcome_new);
	model_unshare(outcome_last);
}

TEST(an_error_at_any_call_of_a_commit_is_told_or_harmless)
{
	const struct scene persistent = {prepare_some, ready_persistent, act_commit_and_go_on,
					 false};
	const struct scene boot = {prepare_some, ready_boot, act_commit_and_go_on, false};

	fail_each_call(&persistent, __func__);
	fail_each_call(&boot, __func__);
}

static void act_try_open(struct world *w)
{
	wfp_err err = world_try_open(w);

	raise(SIGSTOP); /* nothing fails from here on */
	*outcome_last = *outcome_old;
	CHECK(err || w->how.found == STORE_AS_LEFT);
	if (!err)
		check_same(w->store, outcome_old);
}

TEST(an_error_at_any_call_of_an_opening_is_no_damage)
{
	const struct scene scene = {prepare_some, NULL, act_try_open, false};

	fail_each_call(&scene, __func__);
}

#endif
