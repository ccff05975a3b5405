/* SPDX-License-Identifier: MIT */
/* Injection handles: completion comes once, and destroying waits for it. */
#include "kernel.h"

#include <fwpsk.h>

static UCHAR ip[] = {
	0x45, 0,    0,	  28,	0, 1, 0, 0, 64, 17, 0x66, 0xcf, 10, 0, 0, 1, 10, 0, 0, 2, /* IP */
	0x13, 0x88, 0x13, 0x89, 0, 8, 0, 0,						  /* UDP */
};

static struct {
	HANDLE handle;
	NET_BUFFER_LIST *list;
	MDL *mdl;
	unsigned completed;
	NTSTATUS status, after_destroy;
	KIRQL irql;
} t;

static VOID unload(PDRIVER_OBJECT driver)
{
}

static void completed(void *context, NET_BUFFER_LIST *list, BOOLEAN dispatch_level)
{
	CHECK(context == &t && list == t.list && dispatch_level);
	t.completed++;
	t.irql = KeGetCurrentIrql();
	t.status = list->Status;
}

static NTSTATUS send_list(void)
{
	return FwpsInjectNetworkSendAsync0(t.handle, NULL, 0, UNSPECIFIED_COMPARTMENT_ID, t.list,
					   completed, &t);
}

static void make_list(UINT32 types)
{
	memset(&t, 0, sizeof(t));
	CHECK_EQ_U(FwpsInjectionHandleCreate0(AF_INET, types, &t.handle), STATUS_SUCCESS);
	t.mdl = NdisAllocateMdl(NULL, ip, sizeof(ip));
	CHECK_EQ_U(
		FwpsAllocateNetBufferAndNetBufferList0(NULL, 0, 0, t.mdl, 0, sizeof(ip), &t.list),
		STATUS_SUCCESS);
}

static void free_list(void)
{
	FwpsFreeNetBufferList0(t.list);
	NdisFreeMdl(t.mdl);
}

static NTSTATUS destroys_while_injecting(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = unload;
	make_list(FWPS_INJECTION_TYPE_NETWORK);
	CHECK_EQ_U(send_list(), STATUS_SUCCESS);
	CHECK_EQ_U(send_list(), STATUS_INVALID_PARAMETER); /* it is under way */
	FwpsFreeNetBufferList0(t.list);			   /* so it cannot be freed, either */
	CHECK_EQ_U(FwpsInjectionHandleDestroy0(t.handle), STATUS_SUCCESS);
	CHECK_EQ_U(t.completed, 1);
	t.after_destroy = send_list();
	free_list();
	return STATUS_SUCCESS;
}

/* Begins to turn late, so that the handle is destroyed meanwhile. */
static void work(UNUSED void *unused)
{
	uint64_t end = clock_now() + 100 * CLOCK_MS;

	clock_sleep_until(clock_now() + 5 * CLOCK_MS);
	stack_worker_enter(k.worker);
	while (clock_now() < end) {
		stack_worker_poll(k.worker, clock_now());
		clock_sleep_until(clock_now() + CLOCK_MS);
	}
	stack_worker_leave(k.worker);
}

SIM_TEST(destroying_a_handle_waits_for_the_completion_that_comes_once)
{
	struct thread *worker;

	kernel_start();
	CHECK_OK(thread_start(&worker, "worker", work, NULL));
	kernel_unload(kernel_driver(destroys_while_injecting));
	thread_join(worker);
	CHECK_EQ_U(t.irql, DISPATCH_LEVEL);
	CHECK(!NT_SUCCESS(t.status)); /* no port takes a packet that answers nothing */
	CHECK_EQ_U(t.after_destroy, STATUS_FWP_INJECT_HANDLE_STALE);
	CHECK_EQ_U(broken(ENGINE_RULE_NblRefBalance), 2);
	CHECK_EQ_U(broken(ENGINE_RULE_PoolLeak), 0);
	kernel_stop();
}

static NTSTATUS injects_wrongly(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	FWPS_TRANSPORT_SEND_PARAMS1 endless = {.headerIncludeHeader = ip,
					       .headerIncludeHeaderLength = MAXULONG - 8};

	driver->DriverUnload = unload;
	make_list(FWPS_INJECTION_TYPE_TRANSPORT);
	CHECK_EQ_U(send_list(), STATUS_FWP_INJECT_HANDLE_STALE);
	CHECK_EQ_U(FwpsInjectTransportReceiveAsync0(t.handle, NULL, NULL, 0, AF_INET, 0, 0, 0, NULL,
						    completed, &t),
		   STATUS_FWP_NULL_POINTER);
	/* Its length and the list's together are a small number. */
	CHECK_EQ_U(FwpsInjectTransportSendAsync1(t.handle, NULL, 0, 0, &endless, AF_INET, 0, t.list,
						 completed, &t),
		   STATUS_INVALID_PARAMETER);
	t.list->FirstNetBuffer->DataLength = 20;
	CHECK_EQ_U(FwpsInjectTransportReceiveAsync0(t.handle, NULL, NULL, 0, AF_INET, 0, 0, 0,
						    t.list, completed, &t),
		   STATUS_INVALID_PARAMETER); /* not a whole packet */
	t.list->FirstNetBuffer->DataLength = 4000;
	CHECK_EQ_U(FwpsInjectTransportReceiveAsync0(t.handle, NULL, NULL, 0, AF_INET, 0, 0, 0,
						    t.list, completed, &t),
		   STATUS_INVALID_PARAMETER); /* longer than its descriptors */
	CHECK_EQ_U(FwpsInjectionHandleDestroy0(t.handle), STATUS_SUCCESS);
	free_list();
	CHECK_EQ_U(t.completed, 0);
	return STATUS_SUCCESS;
}

TEST(an_injection_that_fails_takes_nothing_and_completes_nothing)
{
	kernel_start();
	kernel_unload(kernel_driver(injects_wrongly));
	CHECK_EQ_U(broken(ENGINE_RULE_PoolLeak) + broken(ENGINE_RULE_NblRefBalance), 0);
	kernel_stop();
}

static VOID unload_injects(PDRIVER_OBJECT driver)
{
	CHECK_EQ_U(t.completed, 1);
	CHECK_EQ_U(send_list(), STATUS_FWP_TCPIP_NOT_READY);
	CHECK_EQ_U(FwpsInjectionHandleDestroy0(t.handle), STATUS_SUCCESS);
	free_list();
}

static NTSTATUS injects_to_the_end(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	driver->DriverUnload = unload_injects;
	make_list(FWPS_INJECTION_TYPE_NETWORK);
	CHECK_EQ_U(send_list(), STATUS_SUCCESS);
	return STATUS_SUCCESS;
}

SIM_TEST(a_driver_that_injects_after_the_last_turn_does_not_wait_for_ever)
{
	struct nt_driver *d;

	kernel_start();
	d = kernel_driver(injects_to_the_end);
	stack_end(k.stack);
	kernel_unload(d);
	CHECK_EQ_U(t.completed, 1);
	kernel_stop();
}
