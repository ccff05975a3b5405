/* SPDX-License-Identifier: MIT */
/*
 * program - what the tests of the API have in common: a program with a session at a fake engine.
 */
#pragma once

#include "fake_engine.h"

#include "windows.h"

#include "fwpmu.h"

static HANDLE program_open(void)
{
	HANDLE engine = NULL;

	CHECK_OK(FwpmEngineOpen0(NULL, RPC_C_AUTHN_DEFAULT, NULL, NULL, &engine));
	CHECK(engine);
	return engine;
}

/* Of one test: the engine that it talks to. */
static HANDLE program_start(void)
{
	fake_start();
	return program_open();
}

static void program_end(HANDLE engine)
{
	CHECK_OK(FwpmEngineClose0(engine));
	fake_stop();
	CHECK_EQ_U(mem_live(), 1); /* the table of handles stays */
}

/* "name" as a program writes it: L"name" has 16-bit characters here. */
#define TEXT_OF(s) ((WCHAR *)(uintptr_t)(L"" s))
