/* SPDX-License-Identifier: MIT */
/*
 * clumsy - a callout driver that does wrong what can be done wrong.  Do not learn from it.
 *
 * On Windows each row of the table below crashes the machine, hangs it or leaks.  Here each is
 * refused or survived, and reported by name: the comment beside each row says by which.  It takes
 * one step of the table for each classify, so that a hundred connections bring every mistake
 * several times, mixed with what well-behaved drivers hold of the same connections.
 */
#include <ntddk.h>
#include <fwpsk.h>
#include <initguid.h>
#include <fwpmk.h>

#define SUBLAYER_WEIGHT 35000	   /* between the firewall and the antivirus */
#define RETRY		(-10000LL) /* 1 ms */
#define PATIENCE	200	   /* times RETRY at unload */
#define TAG		'smlC'

#define KEY(last) {0x6f1d3a10, 0x2b7c, 0x4c58, {0x90, 0x11, 0x5a, 0x3e, 0x7d, 0x10, 0x47, last}}
static const GUID Provider = KEY(1), SubLayer = KEY(2);
static WCHAR Name[] = L"openwfp example clumsy";

typedef enum KIND { AUTHORIZATIONS, PACKETS, KINDS } KIND;

typedef struct LAYER {
	const GUID *key;
	GUID callout;
	KIND kind;
	UINT16 id, flags;
	UINT32 calloutId;
} LAYER;

#define ROW(name, last, kind) \
	{&FWPM_LAYER_##name, KEY(last), kind, FWPS_LAYER_##name, FWPS_FIELD_##name##_FLAGS, 0}
static LAYER Layers[] = {
	ROW(ALE_AUTH_CONNECT_V4, 3, AUTHORIZATIONS),
	ROW(ALE_AUTH_CONNECT_V6, 4, AUTHORIZATIONS),
	ROW(ALE_AUTH_RECV_ACCEPT_V4, 5, AUTHORIZATIONS),
	ROW(ALE_AUTH_RECV_ACCEPT_V6, 6, AUTHORIZATIONS),
	ROW(INBOUND_TRANSPORT_V4, 7, PACKETS),
	ROW(INBOUND_TRANSPORT_V6, 8, PACKETS),
};

#define REMEMBERED 64

static struct {
	LONG step[KINDS];
	KSPIN_LOCK lock;	    /* guards what follows */
	HANDLE late[REMEMBERED];    /* contexts that the thread completes much later */
	HANDLE outside[REMEMBERED]; /* completion handles that it pends with, outside any classify */
	ULONG nLate, nOutside;
	KEVENT wake;
	PVOID thread;
	PDEVICE_OBJECT device;
	HANDLE engine;
} Clumsy;

typedef struct CALL {
	const FWPS_INCOMING_METADATA_VALUES *meta;
	NET_BUFFER_LIST *packet;
	FWPS_CLASSIFY_OUT *out;
} CALL;

static void Remember(HANDLE *where, ULONG *count, HANDLE what)
{
	KLOCK_QUEUE_HANDLE lock;

	KeAcquireInStackQueuedSpinLock(&Clumsy.lock, &lock);
	if (*count < REMEMBERED)
		where[(*count)++] = what;
	KeReleaseInStackQueuedSpinLock(&lock);
}

/* ---- mistakes with authorizations ----------------------------------------------------------- */

static HANDLE Pend(const CALL *c)
{
	HANDLE context;

	if (!NT_SUCCESS(FwpsPendOperation(c->meta->completionHandle, &context)))
		return NULL;
	c->out->actionType = FWP_ACTION_BLOCK;
	c->out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
	return context;
}

static void CompleteTwice(const CALL *c)
{
	HANDLE context = Pend(c);

	if (!context)
		return;
	FwpsCompleteOperation(context, NULL);
	FwpsCompleteOperation(context, NULL);
}

static void CompleteInventedContext(const CALL *c)
{
	FwpsCompleteOperation((HANDLE)(ULONG_PTR)0xdeadbeefcafe, NULL);
}

static void CompleteLate(const CALL *c)
{
	HANDLE context = Pend(c);

	if (context)
		Remember(Clumsy.late, &Clumsy.nLate, context);
}

static void Forget(const CALL *c)
{
	Pend(c);
}

static void PendAndPermit(const CALL *c)
{
	HANDLE context = Pend(c);

	c->out->flags &= ~FWPS_CLASSIFY_OUT_FLAG_ABSORB;
	c->out->actionType = FWP_ACTION_PERMIT;
	if (context)
		Remember(Clumsy.late, &Clumsy.nLate, context);
}

static void PendOutside(const CALL *c)
{
	Remember(Clumsy.outside, &Clumsy.nOutside, c->meta->completionHandle);
}

/* ---- mistakes with packets ------------------------------------------------------------------ */

static void FreeTwice(const CALL *c)
{
	NET_BUFFER_LIST *clone;

	if (!c->packet || !NT_SUCCESS(FwpsAllocateCloneNetBufferList(c->packet, NULL, NULL, 0, &clone)))
		return;
	FwpsFreeCloneNetBufferList(clone, 0);
	FwpsFreeCloneNetBufferList(clone, 0);
}

static void FreeWhatIsNotOurs(const CALL *c)
{
	if (c->packet) {
		FwpsFreeNetBufferList(c->packet);
		FwpsDereferenceNetBufferList(c->packet, TRUE);
	}
}

static void LeakClone(const CALL *c)
{
	NET_BUFFER_LIST *clone;

	if (c->packet)
		FwpsAllocateCloneNetBufferList(c->packet, NULL, NULL, 0, &clone);
}

static void AbsorbAndLose(const CALL *c)
{
	c->out->actionType = FWP_ACTION_BLOCK;
	c->out->flags |= FWPS_CLASSIFY_OUT_FLAG_ABSORB;
}

/* ---- mistakes anywhere ---------------------------------------------------------------------- */

static void SleepInClassify(const CALL *c)
{
	LARGE_INTEGER interval = {.QuadPart = RETRY};

	KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static void ReturnWithRaisedIrql(const CALL *c)
{
	KIRQL old;

	KeRaiseIrql(HIGH_LEVEL, &old);
}

static void FreePoolTwice(const CALL *c)
{
	PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 32, TAG);

	if (!memory)
		return;
	ExFreePoolWithTag(memory, TAG);
	ExFreePoolWithTag(memory, TAG);
}

static void LeakPool(const CALL *c)
{
	PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 32, TAG);

	UNREFERENCED_PARAMETER(memory);
}

static void ReleaseForeignLock(const CALL *c)
{
	KSPIN_LOCK lock;

	KeInitializeSpinLock(&lock);
	KeReleaseSpinLockFromDpcLevel(&lock);
}

static void InventAction(const CALL *c)
{
	c->out->actionType = 0x7777;
}

static void Behave(const CALL *c)
{
	c->out->actionType = FWP_ACTION_PERMIT;
}

typedef void (*MISTAKE)(const CALL *c);

static const MISTAKE AuthorizationMistakes[] = {
	CompleteTwice,		 /* PendDoubleComplete */
	CompleteInventedContext, /* StaleContext */
	CompleteLate,		 /* LateComplete, when the endpoint has closed meanwhile */
	PendOutside,		 /* PendOutsideClassify */
	Forget,			 /* PendLost, by the watchdog; UnloadWithHolds */
	Behave,
	PendAndPermit,		 /* PendNoAbsorb, then LateComplete */
	Behave,
	SleepInClassify,	 /* Irql */
	FreePoolTwice,		 /* BadPointer */
	LeakPool,		 /* PoolLeak, at unload */
	InventAction,		 /* BadAction */
};

static const MISTAKE PacketMistakes[] = {
	Behave,
	FreeTwice,	      /* NblRefBalance */
	Behave,
	FreeWhatIsNotOurs,    /* NblRefBalance */
	LeakClone,	      /* NblRefBalance, at unload */
	Behave,
	ReturnWithRaisedIrql, /* Irql */
	ReleaseForeignLock,   /* SpinLock */
	Behave,
	AbsorbAndLose,	      /* the packet is discarded: that is a block */
};

static void NTAPI Classify(const FWPS_INCOMING_VALUES *values,
			   const FWPS_INCOMING_METADATA_VALUES *meta, void *packet,
			   const void *classifyContext, const FWPS_FILTER *filter,
			   UINT64 flowContext, FWPS_CLASSIFY_OUT *out)
{
	const CALL call = {meta, packet, out};
	const LAYER *l = Layers;
	UINT32 flags;
	ULONG step;

	while (l->id != values->layerId)
		l++;
	flags = values->incomingValue[l->flags].value.uint32;
	out->actionType = FWP_ACTION_PERMIT;
	if (l->kind == AUTHORIZATIONS && (flags & FWP_CONDITION_FLAG_IS_REAUTHORIZE)) {
		Forget(&call); /* PendOnReauth: it is refused, and with it whatever could be forgotten */
		return;
	}
	step = (ULONG)InterlockedIncrement(&Clumsy.step[l->kind]) - 1;
	if (l->kind == AUTHORIZATIONS)
		AuthorizationMistakes[step % ARRAYSIZE(AuthorizationMistakes)](&call);
	else
		PacketMistakes[step % ARRAYSIZE(PacketMistakes)](&call);
}

static NTSTATUS NTAPI Notify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *key, FWPS_FILTER *filter)
{
	return STATUS_SUCCESS;
}

/* ---- the thread: everything too late or out of place ---------------------------------------- */

static HANDLE TakeBack(HANDLE *where, ULONG *count)
{
	KLOCK_QUEUE_HANDLE lock;
	HANDLE what = NULL;

	KeAcquireInStackQueuedSpinLock(&Clumsy.lock, &lock);
	if (*count > 0)
		what = where[--*count];
	KeReleaseInStackQueuedSpinLock(&lock);
	return what;
}

static VOID NTAPI Thread(PVOID context)
{
	LARGE_INTEGER pause = {.QuadPart = 20 * RETRY};
	HANDLE what, ignored;

	while (KeWaitForSingleObject(&Clumsy.wake, Executive, KernelMode, FALSE, &pause) ==
	       STATUS_TIMEOUT) {
		while ((what = TakeBack(Clumsy.outside, &Clumsy.nOutside)))
			if (NT_SUCCESS(FwpsPendOperation(what, &ignored)))
				FwpsCompleteOperation(ignored, NULL);
		while ((what = TakeBack(Clumsy.late, &Clumsy.nLate)))
			FwpsCompleteOperation(what, NULL);
	}
	while ((what = TakeBack(Clumsy.late, &Clumsy.nLate)))
		FwpsCompleteOperation(what, NULL);
	/* It just returns, which is allowed. */
}

/* ---- coming and going ----------------------------------------------------------------------- */

static NTSTATUS AddLayer(LAYER *l)
{
	FWPS_CALLOUT functions = {.calloutKey = l->callout, .classifyFn = Classify, .notifyFn = Notify};
	FWPM_CALLOUT callout = {.calloutKey = l->callout, .displayData.name = Name,
				.providerKey = (GUID *)&Provider, .applicableLayer = *l->key};
	FWPM_FILTER filter = {.displayData.name = Name, .providerKey = (GUID *)&Provider,
			      .layerKey = *l->key, .subLayerKey = SubLayer,
			      .action.type = FWP_ACTION_CALLOUT_TERMINATING,
			      .action.calloutKey = l->callout};
	NTSTATUS status = FwpsCalloutRegister(Clumsy.device, &functions, &l->calloutId);

	if (NT_SUCCESS(status))
		status = FwpmCalloutAdd(Clumsy.engine, &callout, NULL, NULL);
	if (NT_SUCCESS(status))
		status = FwpmFilterAdd(Clumsy.engine, &filter, NULL, NULL);
	return status;
}

static NTSTATUS AddPolicy(void)
{
	FWPM_SESSION session = {.flags = FWPM_SESSION_FLAG_DYNAMIC};
	FWPM_PROVIDER provider = {.providerKey = Provider, .displayData.name = Name};
	FWPM_SUBLAYER subLayer = {.subLayerKey = SubLayer, .displayData.name = Name,
				  .providerKey = (GUID *)&Provider, .weight = SUBLAYER_WEIGHT};
	NTSTATUS status = FwpmEngineOpen(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &Clumsy.engine);
	ULONG i;

	if (NT_SUCCESS(status))
		status = FwpmProviderAdd(Clumsy.engine, &provider, NULL);
	if (NT_SUCCESS(status))
		status = FwpmSubLayerAdd(Clumsy.engine, &subLayer, NULL);
	for (i = 0; NT_SUCCESS(status) && i < ARRAYSIZE(Layers); i++)
		status = AddLayer(&Layers[i]);
	return status;
}

/* It gives up after a while: what it has forgotten, the platform takes back. */
static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
	LARGE_INTEGER retry = {.QuadPart = RETRY};
	ULONG i, tries = 0;

	if (Clumsy.engine)
		FwpmEngineClose(Clumsy.engine);
	KeSetEvent(&Clumsy.wake, IO_NO_INCREMENT, FALSE);
	if (Clumsy.thread) {
		KeWaitForSingleObject(Clumsy.thread, Executive, KernelMode, FALSE, NULL);
		ObDereferenceObject(Clumsy.thread);
	}
	for (i = 0; i < ARRAYSIZE(Layers); i++)
		while (FwpsCalloutUnregisterById(Layers[i].calloutId) == STATUS_DEVICE_BUSY &&
		       tries++ < PATIENCE)
			KeDelayExecutionThread(KernelMode, FALSE, &retry);
	if (Clumsy.device)
		IoDeleteDevice(Clumsy.device);
}

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
	HANDLE handle;
	NTSTATUS status;

	driver->DriverUnload = Unload;
	KeInitializeSpinLock(&Clumsy.lock);
	KeInitializeEvent(&Clumsy.wake, NotificationEvent, FALSE);
	status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_NETWORK, 0, FALSE, &Clumsy.device);
	if (NT_SUCCESS(status))
		status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Thread,
					      NULL);
	if (NT_SUCCESS(status)) {
		status = ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &Clumsy.thread, NULL);
		ZwClose(handle);
	}
	if (NT_SUCCESS(status))
		status = AddPolicy();
	if (!NT_SUCCESS(status))
		Unload(driver);
	return status;
}
