/* SPDX-License-Identifier: MIT */
/* Pool: what a driver forgets is found, and what it frees wrongly does no harm. */
#include "kernel.h"

#include <ntddk.h>

#define TAG 0x74736554u /* "Test" */

static PVOID left_behind;

static VOID unload(PDRIVER_OBJECT driver)
{
}

static NTSTATUS leaks(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = unload;
	left_behind = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);
	return STATUS_SUCCESS;
}

static NTSTATUS fails(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	left_behind = ExAllocatePoolWithTag(NonPagedPool, 100, TAG);
	return STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS frees_wrongly(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	PVOID p = ExAllocatePoolWithTag(NonPagedPool, 16, TAG);
	int on_stack;

	driver->DriverUnload = unload;
	ExFreePoolWithTag(p, TAG);
	ExFreePoolWithTag(p, TAG);
	ExFreePool(&on_stack);
	return STATUS_SUCCESS;
}

TEST(memory_left_at_unload_is_listed_by_tag_and_freed)
{
	struct buf why = {0};
	uint64_t live;

	kernel_start();
	live = mem_live();
	CHECK_OK(nt_driver_unload(kernel_driver(leaks), NT_UNLOAD_POLITE, &why));
	CHECK(strstr(buf_str(&why), "100 bytes, tag 'Test'") != NULL);
	CHECK_EQ_U(broken(ENGINE_RULE_PoolLeak), 1);
	buf_free(&why);
	CHECK_EQ_U(mem_live(), live);
	kernel_stop();
}

TEST(a_driver_whose_entry_fails_leaves_nothing)
{
	struct nt_driver *d = NULL;
	struct buf why = {0};
	uint64_t live;

	kernel_start();
	live = mem_live();
	CHECK_ERR(nt_driver_start(&d, "fails.so", fails, &why), ERR_DLL_INIT_FAILED);
	CHECK(strstr(buf_str(&why), "fails.so: DriverEntry failed with status 0xC000009A") != NULL);
	CHECK(!d);
	buf_free(&why);
	CHECK_EQ_U(mem_live(), live);
	kernel_stop();
}

TEST(freeing_twice_or_what_never_was_pool_is_reported)
{
	kernel_start();
	kernel_unload(kernel_driver(frees_wrongly));
	CHECK_EQ_U(broken(ENGINE_RULE_BadPointer), 2);
	CHECK_EQ_U(broken(ENGINE_RULE_PoolLeak), 0);
	kernel_stop();
}

TEST(a_wrong_tag_is_reported_and_frees)
{
	PVOID p;

	kernel_start();
	p = ExAllocatePoolWithTag(NonPagedPool, 16, TAG);
	ExFreePoolWithTag(p, TAG + 1);
	CHECK_EQ_U(broken(ENGINE_RULE_BadPointer), 1);
	kernel_stop();
}

TEST(pool2_memory_is_zero_and_pages_are_aligned)
{
	static const UCHAR zero[5000];
	PVOID p;

	kernel_start();
	p = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(zero), TAG);
	CHECK(RtlEqualMemory(p, zero, sizeof(zero)));
	CHECK_EQ_U((uintptr_t)p % PAGE_SIZE, 0);
	ExFreePoolWithTag(p, TAG);
	CHECK(!ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 0));
	CHECK(!ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 16, TAG));
	kernel_stop();
}

static NTSTATUS pages_at_dispatch(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	KIRQL old;

	driver->DriverUnload = unload;
	KeRaiseIrql(DISPATCH_LEVEL, &old);
	CHECK(!ExAllocatePoolWithTag(PagedPool, 16, TAG));
	KeLowerIrql(old);
	return STATUS_SUCCESS;
}

TEST(paged_pool_is_not_for_dispatch_level)
{
	kernel_start();
	kernel_unload(kernel_driver(pages_at_dispatch));
	CHECK_EQ_U(broken(ENGINE_RULE_Irql), 1);
	kernel_stop();
}

TEST(no_memory_is_null_and_leaves_nothing)
{
	uint64_t live;

	kernel_start();
	live = mem_live();
	for (unsigned i = 1; i <= 2; i++) {
		mem_fail_at(i);
		CHECK(!ExAllocatePoolWithTag(NonPagedPool, 16, TAG));
		mem_fail_at(0);
	}
	CHECK_EQ_U(mem_live(), live);
	kernel_stop();
}
