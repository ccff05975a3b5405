/* SPDX-License-Identifier: MIT */
/*
 * ke_lock - spin locks of drivers, with the IRQL that they raise and lower.
 *
 * A KSPIN_LOCK is one word in the driver's memory that nobody destroys: 0, or the holder's thread
 * id and a bit that says others wait.  Waiters sleep on one of a few conditions, chosen by the
 * word's address.  It is not a lock of base on purpose: a driver may call us while it holds its
 * own, so these stand outside the order of our locks and of lock_assert_none_held.
 *
 *	FREE --acquire--> HELD --another acquires--> CONTENDED
 *	HELD, CONTENDED --release--> FREE (the waiters are woken and try again)
 *
 * Under control nobody sleeps: who wants a held lock stands before it and is not enabled, so each
 * acquiring is one step, with the driver's word as its object.
 */
#include "ntshim/shim.h"

#include "base/atomic.h"
#include "base/hash.h"
#include "base/sched.h"

#define BUCKETS	  64u
#define CONTENDED 1u

static struct {
	struct lock lock;
	struct cond woken;
} buckets[BUCKETS];

void nt_spin_start(void)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		lock_init(&buckets[i].lock, "nt spin bucket", NT_RANK_SPIN_BUCKET);
		cond_init(&buckets[i].woken, "driver's spin lock");
	}
}

void nt_spin_stop(void)
{
	for (unsigned i = 0; i < BUCKETS; i++) {
		cond_destroy(&buckets[i].woken);
		lock_destroy(&buckets[i].lock);
	}
}

static struct atom64 *word_of(PKSPIN_LOCK lock)
{
	STATIC_ASSERT(sizeof(KSPIN_LOCK) == sizeof(struct atom64), "a spin lock is one word");
	return (struct atom64 *)(void *)lock;
}

static uint64_t word_mine(void)
{
	return (uint64_t)thread_id() << 1;
}

static bool word_try(struct atom64 *word, uint64_t mine)
{
	uint64_t free = 0;

	return atom64_cas(word, &free, mine);
}

/* Marks the word and sleeps until it was released; whoever waited takes it as contended. */
static void word_wait(struct atom64 *word, uint64_t mine)
{
	unsigned i = hash_u64((uintptr_t)word) % BUCKETS;

	lock_take(&buckets[i].lock);
	while (!word_try(word, mine | CONTENDED)) {
		uint64_t seen = atom64_load(word);

		if (seen != 0 && ((seen & CONTENDED) || atom64_cas(word, &seen, seen | CONTENDED)))
			cond_wait(&buckets[i].woken, &buckets[i].lock);
	}
	lock_drop(&buckets[i].lock);
}

static void word_wake(struct atom64 *word)
{
	unsigned i = hash_u64((uintptr_t)word) % BUCKETS;

	lock_take(&buckets[i].lock);
	cond_broadcast(&buckets[i].woken);
	lock_drop(&buckets[i].lock);
}

/* Nobody but this thread can make it so, or change it then. */
static bool word_is_mine(struct atom64 *word)
{
	return (atom64_load_relaxed(word) & ~(uint64_t)CONTENDED) == word_mine();
}

static bool word_is_free(const void *word)
{
	return atom64_load_relaxed(word) == 0;
}

/* Under control, when the step has been announced already. */
static void word_set(struct atom64 *word, uint64_t value)
{
	atom64_store_relaxed(word, value);
	sched_changed(word);
}

/* Taking a lock that this thread holds hangs a machine; here it is reported and goes on. */
static void spin_acquire(PKSPIN_LOCK lock, const char *function)
{
	struct atom64 *word = word_of(lock);
	uint64_t mine = word_mine();

	if (word_is_mine(word))
		nt_report(nt_driver_current(), ENGINE_RULE_SpinLock, function);
	else if (sched_stand(function, word, SIM_WRITE, SIM_SYNC_ACQUIRE, word_is_free))
		word_set(word, mine);
	else if (!word_try(word, mine))
		word_wait(word, mine);
}

static bool spin_try_acquire(PKSPIN_LOCK lock, const char *function)
{
	struct atom64 *word = word_of(lock);
	bool free;

	if (!sim_controlled())
		return word_try(word, word_mine());
	sched_op(function, word, SIM_WRITE, SIM_SYNC_ACQUIRE);
	free = word_is_free(word);
	if (free)
		word_set(word, word_mine());
	return free;
}

static void spin_release(PKSPIN_LOCK lock, const char *function)
{
	struct atom64 *word = word_of(lock);

	if (!word_is_mine(word)) {
		nt_report(nt_driver_current(), ENGINE_RULE_SpinLock, function);
		return;
	}
	if (sim_controlled()) {
		sched_op(function, word, SIM_WRITE, SIM_SYNC_RELEASE);
		word_set(word, 0);
		sched_after(function);
	} else if (atom64_exchange(word, 0) & CONTENDED) {
		word_wake(word);
	}
}

uint32_t nt_spin_holder(const void *lock)
{
	return (uint32_t)(atom64_load_relaxed(lock) >> 1);
}

/* ---- what drivers call ---------------------------------------------------------------------- */

VOID KeInitializeSpinLock(PKSPIN_LOCK lock)
{
	atom64_init(word_of(lock), 0);
}

KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK lock)
{
	KIRQL old = KeGetCurrentIrql();

	if (nt_irql_ok(DISPATCH_LEVEL, "KeAcquireSpinLock"))
		old = KfRaiseIrql(DISPATCH_LEVEL);
	spin_acquire(lock, "KeAcquireSpinLock");
	return old;
}

VOID KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL new_irql)
{
	spin_release(lock, "KeReleaseSpinLock");
	KeLowerIrql(new_irql);
}

/* The caller runs at DISPATCH_LEVEL or above already. */
static void at_dpc_level(const char *function)
{
	if (KeGetCurrentIrql() < DISPATCH_LEVEL)
		nt_report(nt_driver_current(), ENGINE_RULE_Irql, function);
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
	at_dpc_level("KeAcquireSpinLockAtDpcLevel");
	spin_acquire(lock, "KeAcquireSpinLockAtDpcLevel");
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock)
{
	at_dpc_level("KeReleaseSpinLockFromDpcLevel");
	spin_release(lock, "KeReleaseSpinLockFromDpcLevel");
}

BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock)
{
	at_dpc_level("KeTryToAcquireSpinLockAtDpcLevel");
	return spin_try_acquire(lock, "KeTryToAcquireSpinLockAtDpcLevel");
}

VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
	handle->LockQueue.Lock = lock;
	handle->OldIrql = KeAcquireSpinLockRaiseToDpc(lock);
}

VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE handle)
{
	KeReleaseSpinLock((PKSPIN_LOCK)handle->LockQueue.Lock, handle->OldIrql);
}

VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
	handle->LockQueue.Lock = lock;
	KeAcquireSpinLockAtDpcLevel(lock);
}

VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE handle)
{
	KeReleaseSpinLockFromDpcLevel((PKSPIN_LOCK)handle->LockQueue.Lock);
}
