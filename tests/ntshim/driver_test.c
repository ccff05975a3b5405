/* SPDX-License-Identifier: MIT */
/* Loading and unloading: what is no driver, what crashes, what is left behind. */
#include "kernel.h"

#include "engine/pend.h"
#include "ntshim/shim.h"

#include <fwpmk.h>
#include <fwpsk.h>
#include <sys/wait.h>
#include <uchar.h>
#include <unistd.h>

static struct {
	UINT32 callout;
	HANDLE engine, injection;
	UINT64 filter, context;
	NTSTATUS status[4];
	unsigned notified, known; /* notifications; filters that notifyFn knows of */
} t;

static WCHAR name[] = u"test";
static const GUID layer_v4 = {
	0xc38d57d1, 0x05a7, 0x4c33, {0x90, 0x4f, 0x7f, 0xbc, 0xee, 0xe6, 0x0e, 0x82}};
static const GUID key = {.Data1 = 77}, unknown = {.Data1 = 78};

static VOID unload(PDRIVER_OBJECT driver)
{
}

static void classify(const FWPS_INCOMING_VALUES0 *values,
		     const FWPS_INCOMING_METADATA_VALUES0 *meta, void *data, const void *context,
		     const FWPS_FILTER3 *filter, UINT64 flow, FWPS_CLASSIFY_OUT0 *out)
{
}

static NTSTATUS notify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *filter_key, FWPS_FILTER3 *filter)
{
	CHECK_EQ_U(KeGetCurrentIrql(), PASSIVE_LEVEL);
	CHECK((type == FWPS_CALLOUT_NOTIFY_ADD_FILTER) == (filter_key != NULL));
	t.notified++;
	t.known += type == FWPS_CALLOUT_NOTIFY_ADD_FILTER ? 1u : -1u;
	if (type == FWPS_CALLOUT_NOTIFY_ADD_FILTER)
		filter->context = 4711;
	else
		t.context = filter->context;
	return STATUS_SUCCESS;
}

static const FWPS_CALLOUT3 functions = {
	.calloutKey = {.Data1 = 77}, .classifyFn = classify, .notifyFn = notify};

static NTSTATUS add_callout(HANDLE engine)
{
	const FWPM_CALLOUT0 callout = {
		.calloutKey = key, .displayData.name = name, .applicableLayer = layer_v4};

	return FwpmCalloutAdd0(engine, &callout, NULL, NULL);
}

static NTSTATUS add_filter(HANDLE engine, const GUID *layer)
{
	const FWPM_FILTER0 filter = {.displayData.name = name,
				     .layerKey = *layer,
				     .action.type = FWP_ACTION_CALLOUT_TERMINATING,
				     .action.calloutKey = key};

	return FwpmFilterAdd0(engine, &filter, NULL, &t.filter);
}

/* ---- loading -------------------------------------------------------------------------------- */

static const char *load_error(const char *path, wfp_err expected)
{
	static char text[256];
	struct nt_driver *d = NULL;
	struct buf why = {0};

	CHECK_ERR(nt_driver_load(&d, path, &why), expected);
	CHECK(!d);
	snprintf(text, sizeof(text), "%s", buf_str(&why));
	buf_free(&why);
	return text;
}

TEST(a_file_that_is_not_there_or_no_driver_is_named)
{
	uint64_t live;

	kernel_start();
	live = mem_live();
	CHECK(strstr(load_error("/nowhere/at/all.so", ERR_MOD_NOT_FOUND), "/nowhere/at/all.so"));
	CHECK(strstr(load_error("libm.so.6", ERR_PROC_NOT_FOUND), "it has no DriverEntry"));
	CHECK_EQ_U(mem_live(), live);
	kernel_stop();
}

#ifdef BASE_HOST
static NTSTATUS crashes(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	raise(SIGSEGV);
	return STATUS_SUCCESS;
}

/* What the process says before it dies by its signal. */
static void crash_and_tell(int fd)
{
	signal(SIGSEGV, SIG_DFL);
	dup2(fd, STDERR_FILENO);
	kernel_start();
	kernel_driver(crashes);
	_exit(0);
}

TEST(a_driver_that_crashes_in_its_entry_is_named)
{
	char said[256] = "";
	int fds[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t child;

	CHECK(pipe(fds) == 0);
	child = fork();
	if (child == 0)
		crash_and_tell(fds[1]);
	close(fds[1]);
	while ((got = read(fds[0], said + n, sizeof(said) - 1 - n)) > 0)
		n += (size_t)got;
	close(fds[0]);
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	CHECK_EQ_S(said, "crash in test.so, in DriverEntry\n");
}
#endif

/* ---- what is left behind -------------------------------------------------------------------- */

static NTSTATUS leaves_everything(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	const FWPM_SESSION0 session = {.flags = FWPM_SESSION_FLAG_DYNAMIC};

	driver->DriverUnload = unload;
	CHECK_EQ_U(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &t.engine),
		   STATUS_SUCCESS);
	CHECK_EQ_U(FwpsCalloutRegister3(NULL, &functions, &t.callout), STATUS_SUCCESS);
	CHECK_EQ_U(add_callout(t.engine), STATUS_SUCCESS);
	CHECK_EQ_U(add_filter(t.engine, &layer_v4), STATUS_SUCCESS);
	return FwpsInjectionHandleCreate0(AF_INET, FWPS_INJECTION_TYPE_TRANSPORT, &t.injection);
}

TEST(sessions_callouts_and_handles_left_at_unload_are_taken_back)
{
	struct buf why = {0};
	struct nt_driver *d;
	uint64_t live;

	memset(&t, 0, sizeof(t));
	kernel_start();
	d = kernel_driver(leaves_everything);
	kernel_unload(d);
	live = mem_live();
	d = kernel_driver(leaves_everything); /* nothing of the first is in its way */
	CHECK_OK(nt_driver_unload(d, NT_UNLOAD_POLITE, &why));
	CHECK(strstr(buf_str(&why), "left 1 engine sessions open"));
	CHECK(strstr(buf_str(&why), "left 1 callouts registered"));
	CHECK(strstr(buf_str(&why), "left 1 injection handles open"));
	CHECK_EQ_U(broken(ENGINE_RULE_HandleLeak), 6);
	CHECK_EQ_U(t.notified, 4);
	CHECK_EQ_U(t.context, 4711);
	buf_free(&why);
	CHECK_EQ_U(mem_live(), live);
	kernel_stop();
}

static NTSTATUS adds_under_pressure(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	const FWPM_SESSION0 session = {.flags = FWPM_SESSION_FLAG_DYNAMIC};
	NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

	driver->DriverUnload = unload;
	CHECK_EQ_U(FwpsCalloutRegister3(driver, &functions, &t.callout), STATUS_SUCCESS);
	CHECK_EQ_U(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &t.engine),
		   STATUS_SUCCESS);
	CHECK_EQ_U(add_callout(t.engine), STATUS_SUCCESS);
	for (unsigned nth = 1; !NT_SUCCESS(status); nth++) {
		mem_fail_at(nth);
		status = add_filter(t.engine, &layer_v4);
		mem_fail_at(0);
		CHECK_EQ_U(t.known, NT_SUCCESS(status) ? 1u : 0u);
	}
	CHECK_EQ_U(FwpmEngineClose0(t.engine), STATUS_SUCCESS);
	CHECK_EQ_U(t.known, 0);
	return FwpsCalloutUnregisterById0(t.callout);
}

TEST(a_filter_that_memory_fails_for_is_deleted_for_the_callout_that_had_accepted_it)
{
	memset(&t, 0, sizeof(t));
	kernel_start();
	kernel_unload(kernel_driver(adds_under_pressure));
	CHECK(t.notified > 3);
	kernel_stop();
}

/* ---- what is held ---------------------------------------------------------------------------- */

static HANDLE held;

static void pends(const FWPS_INCOMING_VALUES0 *values, const FWPS_INCOMING_METADATA_VALUES0 *meta,
		  void *data, const void *context, const FWPS_FILTER3 *filter, UINT64 flow,
		  FWPS_CLASSIFY_OUT0 *out)
{
	CHECK_EQ_U(FwpsPendOperation0(meta->completionHandle, &held), STATUS_SUCCESS);
	out->actionType = FWP_ACTION_BLOCK;
	out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
}

static NTSTATUS comes_to_pend(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	static const FWPS_CALLOUT3 pending = {
		.calloutKey = {.Data1 = 77}, .classifyFn = pends, .notifyFn = notify};

	driver->DriverUnload = unload;
	CHECK_EQ_U(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, NULL, &t.engine), STATUS_SUCCESS);
	CHECK_EQ_U(FwpsCalloutRegister3(NULL, &pending, &t.callout), STATUS_SUCCESS);
	CHECK_EQ_U(add_callout(t.engine), STATUS_SUCCESS);
	return add_filter(t.engine, &layer_v4);
}

static void on_post(UNUSED void *owner, UNUSED struct pend_op *op)
{
}

/* A connect that is held. */
static struct pend_op *ask_once(void)
{
	static const struct pend_owner_ops ops = {on_post};
	static const struct model_value values[64];
	struct engine_metadata meta = {.present = ENGINE_META_COMPLETION_HANDLE};
	struct engine_indication ind = {.layer = MODEL_LAYER_ALE_AUTH_CONNECT_V4,
					.n_values = 42,
					.values = values,
					.meta = &meta};
	struct engine_verdict v;

	CHECK_OK(pend_begin(k.engine, PEND_ALE, ind.layer, false, &ops, NULL, &ind.op));
	meta.completion_handle = pend_handle(ind.op);
	engine_classify(k.engine, &ind, &v);
	CHECK_EQ_U(v.outcome, ENGINE_PENDED);
	return ind.op;
}

TEST(a_driver_that_holds_operations_is_not_unloaded_and_they_are_listed)
{
	struct buf why = {0};
	struct pend_result r;
	struct pend_op *op;
	struct nt_driver *d;

	memset(&t, 0, sizeof(t));
	kernel_start();
	d = kernel_driver(comes_to_pend);
	op = ask_once();
	CHECK_ERR(nt_driver_unload(d, NT_UNLOAD_POLITE, &why), ERR_IN_USE);
	CHECK(strstr(buf_str(&why), "test.so: callout"));
	CHECK(strstr(buf_str(&why), "holds an operation at layer 48"));
	CHECK_EQ_U(broken(ENGINE_RULE_UnloadWithHolds), 1);
	FwpsCompleteOperation0(held, NULL);
	pend_resume(op, &r);
	CHECK(!r.revoked);
	pend_end(op);
	kernel_unload(d);
	buf_free(&why);
	kernel_stop();
}

/* ---- bad input at the management border ------------------------------------------------------ */

static NTSTATUS adds_nonsense(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	const FWPM_SUBLAYER0 nameless = {.weight = 1};

	driver->DriverUnload = unload;
	CHECK_EQ_U(FwpmEngineOpen0(NULL, 0, NULL, NULL, &t.engine), STATUS_SUCCESS);
	CHECK_EQ_U(add_filter(t.engine, &unknown), STATUS_FWP_LAYER_NOT_FOUND);
	CHECK_EQ_U(add_filter(t.engine, &layer_v4), STATUS_FWP_CALLOUT_NOT_FOUND);
	CHECK_EQ_U(FwpmSubLayerAdd0(t.engine, &nameless, NULL), STATUS_FWP_NULL_DISPLAY_NAME);
	CHECK_EQ_U(FwpmSubLayerAdd0(t.engine, NULL, NULL), STATUS_FWP_NULL_POINTER);
	CHECK_EQ_U(FwpmTransactionCommit0(t.engine), STATUS_FWP_NO_TXN_IN_PROGRESS);
	CHECK_EQ_U(FwpmFilterDeleteById0(t.engine, 12345), STATUS_FWP_FILTER_NOT_FOUND);
	CHECK_EQ_U(FwpmEngineClose0(t.engine), STATUS_SUCCESS);
	CHECK_EQ_U(FwpmTransactionBegin0(t.engine, 0), STATUS_INVALID_HANDLE);
	CHECK_EQ_U(FwpmEngineClose0(NULL), STATUS_SUCCESS);
	CHECK_EQ_U(FwpsCalloutUnregisterById0(4242), STATUS_FWP_CALLOUT_NOT_FOUND);
	CHECK_EQ_U(FwpsPendOperation0(NULL, NULL), STATUS_FWP_NULL_POINTER);
	CHECK_EQ_U(FwpsPendOperation0((HANDLE)1, &t.engine), STATUS_FWP_CANNOT_PEND);
	FwpsCompleteOperation0((HANDLE)0x1234, NULL);
	FwpsReleaseClassifyHandle0(99);
	CHECK_EQ_U(FwpsFlowAssociateContext0(7, 20, 1, 0), STATUS_INVALID_PARAMETER);
	CHECK_EQ_U(FwpsFlowRemoveContext0(7, 20, 1), STATUS_UNSUCCESSFUL);
	CHECK_EQ_U(FwpsInjectionHandleDestroy0((HANDLE)4), STATUS_INVALID_HANDLE);
	return STATUS_SUCCESS;
}

TEST(nonsense_from_a_driver_gets_the_documented_status)
{
	kernel_start();
	kernel_unload(kernel_driver(adds_nonsense));
	CHECK_EQ_U(broken(ENGINE_RULE_StaleContext), 2); /* the context and the classify handle */
	CHECK_EQ_U(broken(ENGINE_RULE_PendOutsideClassify), 1);
	kernel_stop();
}

static NTSTATUS calls_at_dispatch(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	KIRQL old;

	driver->DriverUnload = unload;
	KeRaiseIrql(DISPATCH_LEVEL, &old);
	t.status[0] = FwpmEngineOpen0(NULL, 0, NULL, NULL, &t.engine);
	t.status[1] = FwpsCalloutRegister3(NULL, &functions, &t.callout);
	t.status[2] = FwpsInjectionHandleCreate0(AF_INET, 0, &t.injection);
	t.status[3] = FwpsCalloutUnregisterByKey0(&key);
	KeLowerIrql(old);
	return STATUS_SUCCESS;
}

TEST(functions_of_passive_level_are_refused_at_dispatch_level)
{
	kernel_start();
	kernel_unload(kernel_driver(calls_at_dispatch));
	for (unsigned i = 0; i < ARRAY_LEN(t.status); i++)
		CHECK_EQ_U(t.status[i], STATUS_NOT_SUPPORTED);
	CHECK_EQ_U(broken(ENGINE_RULE_Irql), 4);
	kernel_stop();
}
