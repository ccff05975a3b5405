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
#include "rpc/server.h"

#include "harness.h"
#include "windows.h"

#include "fwpmu.h"

#include <unistd.h>

static struct real {
	struct engine *engine;
	struct bfe *bfe;
	struct bfe_monitor *monitor;
	struct bfe_service *service;
	struct rpc_server *server;
	char path[64];
} real;

static void real_start(void)
{
	struct usock *listener;

	CHECK_OK(engine_create(&real.engine, &(struct engine_config){.max_ops = 4}));
	CHECK_OK(bfe_create(&real.bfe, &(struct bfe_config){.engine = real.engine}));
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
	rpc_server_stop(real.server);
	bfe_service_destroy(real.service);
	bfe_monitor_destroy(real.monitor);
	bfe_destroy(real.bfe);
	engine_destroy(real.engine);
	*strrchr(real.path, '/') = '\0';
	rmdir(real.path);
}

static HANDLE real_open(UINT32 flags)
{
	FWPM_SESSION0 session = {.flags = flags, .txnWaitTimeoutInMSec = 1};
	HANDLE engine = NULL;

	CHECK_OK(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &engine));
	return engine;
}

static HANDLE real_begin(void)
{
	real_start();
	return real_open(0);
}

static void real_end(HANDLE engine)
{
	CHECK_OK(FwpmEngineClose0(engine));
	real_stop();
}
