/* SPDX-License-Identifier: MIT */
/*
 * service - what the base filtering engine answers to programs.
 *
 * One session for each connection, made from the peer's credentials; one row for each operation of
 * the protocol: decode, call the engine, encode.  Who carries the messages calls it through
 * rpc/handler.h.  Needs no socket, so that tests and fuzzers drive it in memory.
 */
#pragma once

#include "rpc/handler.h"

struct bfe;
struct bfe_monitor;
struct bfe_service;

/* One number for people; called for each. */
typedef void bfe_service_stat_fn(void *to, const char *name, uint64_t value);

/* Everything must outlive the service. */
struct bfe_service_config {
	struct bfe *bfe;
	/* Net events and connections; NULL: there are none (ERROR_NOT_SUPPORTED). */
	struct bfe_monitor *monitor;
	/* Calls put(to, name, value) for each statistic.  Names outlive the call.  NULL: none. */
	void (*stats)(void *ctx, bfe_service_stat_fn *put, void *to);
	void *ctx;
};

MUST_CHECK wfp_err bfe_service_create(struct bfe_service **out,
				      const struct bfe_service_config *config);
/* Every connection must be closed. */
void bfe_service_destroy(struct bfe_service *s); /* NULL is fine */
const struct rpc_handler *bfe_service_handler(struct bfe_service *s);
