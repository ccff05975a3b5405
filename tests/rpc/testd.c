/* SPDX-License-Identifier: MIT */
/*
 * testd - an engine in memory behind a real socket, for clients in other languages.
 *
 * Usage: testd PATH.  Says "ready" when it listens, and ends with its standard input.
 */
#include "base/rcu.h"
#include "base/usock.h"
#include "bfe/bfe.h"
#include "bfe/service.h"
#include "rpc/server.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct engine *engine;
	struct bfe *bfe;
	struct bfe_service *service;
	struct rpc_server_config config = {0};
	struct rpc_server *server;
	struct usock *listener;

	if (argc != 2)
		return 2;
	rcu_thread_enter();
	BUG_ON(engine_create(&engine, &(struct engine_config){.max_ops = 4}));
	BUG_ON(bfe_create(&bfe, &(struct bfe_config){.engine = engine}));
	BUG_ON(bfe_service_create(&service, &(struct bfe_service_config){.bfe = bfe}));
	config.handler = bfe_service_handler(service);
	BUG_ON(usock_listen(&listener, argv[1]));
	BUG_ON(rpc_server_start(&server, listener, &config));
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	rpc_server_stop(server);
	bfe_service_destroy(service);
	bfe_destroy(bfe);
	engine_destroy(engine);
	rcu_thread_leave();
	return 0;
}
