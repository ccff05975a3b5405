/* SPDX-License-Identifier: MIT */
/*
 * real_engine - the whole way: this library, the protocol over a socket, the service, the engine.
 */
#pragma once

#include "base/mem.h"
#include "base/usock.h"
#include "bfe/bfe.h"
#include "bfe/monitor.h"
#include "bfe/service.h"
#include "bfe/store.h"
#include "rpc/server.h"

#include "harness.h"
#include "windows.h"

#include "fwpmu.h"

#include <unistd.h>

static struct real {
	char store_dir[64], store_path[80]; /* empty: none */
	struct store *store;
	struct engine *engine;
	struct bfe *bfe;
	struct bfe_monitor *monitor;
	struct bfe_service *service;
	struct rpc_server *server;
	char path[64];
} real;

static void real_start(void)
{
	struct store_opened how;
	struct buf why = {0};
	struct usock *listener;

	/* What commits replace is freed at once: tests count what is left. */
	CHECK_OK(engine_create(&real.engine,
			       &(struct engine_config){.max_ops = 4, .max_retired = 1}));
	if (*real.store_path)
		CHECK_OK(store_open(&real.store, real.store_path, &how, &why));
	buf_free(&why);
	CHECK_OK(bfe_create(&real.bfe,
			    &(struct bfe_config){.engine = real.engine, .store = real.store}));
	if (real.store)
		CHECK_OK(bfe_load_boot(real.bfe, real.store_path));
	if (real.store)
		CHECK_OK(bfe_load(real.bfe));
	CHECK_OK(bfe_monitor_create(&real.monitor, &(struct bfe_monitor_config){0}));
	CHECK_OK(bfe_service_create(
		&real.service,
		&(struct bfe_service_config){.bfe = real.bfe, .monitor = real.monitor}));
	strcpy(real.path, "/tmp/openwfp-test-XXXXXX");
	CHECK(mkdtemp(real.path));
	strcat(real.path, "/bfe.sock");
	setenv("OPENWFP_SOCKET", real.path, 1);
	CHECK_OK(usock_listen(&listener, real.path));
	CHECK_OK(rpc_server_start(
		&real.server, listener,
		&(struct rpc_server_config){.handler = bfe_service_handler(real.service)}));
}

static void real_stop(void)
{
	char lock[80];

	rpc_server_stop(real.server);
	bfe_service_destroy(real.service);
	bfe_monitor_destroy(real.monitor);
	bfe_destroy(real.bfe);
	engine_destroy(real.engine);
	store_close(real.store);
	real.store = NULL;
	snprintf(lock, sizeof(lock), "%s.lock", real.path);
	unlink(lock);
	*strrchr(real.path, '/') = '\0';
	rmdir(real.path);
}

/* For tests of what a process does, not of what a disk does. */
static UNUSED void real_make_store(void)
{
	snprintf(real.store_dir, sizeof(real.store_dir), "%s/openwfp-test-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	CHECK(mkdtemp(real.store_dir));
	snprintf(real.store_path, sizeof(real.store_path), "%s/store.db", real.store_dir);
}

static UNUSED void real_remove_store(void)
{
	static const char *const names[] = {"", "-wal", ".boot", ".boot-next", ".lock"};
	char path[96];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s%s", real.store_path, names[i]);
		unlink(path);
	}
	CHECK(rmdir(real.store_dir) == 0);
	*real.store_path = '\0';
}

static HANDLE real_open(UINT32 flags)
{
	FWPM_SESSION0 session = {.flags = flags, .txnWaitTimeoutInMSec = 1};
	HANDLE engine = NULL;

	CHECK_OK(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &engine));
	return engine;
}

static UNUSED HANDLE real_begin(void)
{
	real_start();
	return real_open(0);
}

static UNUSED void real_end(HANDLE engine)
{
	CHECK_OK(FwpmEngineClose0(engine));
	real_stop();
}
