/* SPDX-License-Identifier: MIT */
/* Names of addresses, from the symbol tables and the debug information of the program itself. */
#include "explore/stack.h"

#include "base/dl.h"
#include "harness.h"

#include <string.h>

static __attribute__((noinline)) void *a_static_function(void)
{
	return __builtin_return_address(0);
}

/* The address behind the call in here. */
static __attribute__((noinline)) void *caller(void)
{
	void *p = a_static_function();

	__asm__ volatile("" : : "r"(p) : "memory");
	return p;
}

TEST(a_return_address_names_the_function_that_called)
{
	struct stack_place p;

	CHECK_OK(stack_open());
	CHECK(stack_find(caller(), &p));
	CHECK_EQ_S(p.function, "caller");
	CHECK_EQ_S(p.file, "stack_test.c");
	CHECK(p.line > 0);
	CHECK(strstr(p.module, "stack_test"));
	CHECK(!p.driver);
	stack_close();
}

TEST(what_belongs_to_no_module_is_not_found)
{
	struct stack_place p;

	CHECK_OK(stack_open());
	CHECK(!stack_find((void *)(uintptr_t)16, &p));
	CHECK(!stack_find(NULL, &p));
	CHECK_EQ_S(p.module, "");
	stack_close();
}

TEST(the_second_look_answers_the_same)
{
	struct stack_place first, second;
	void *address = caller();

	CHECK_OK(stack_open());
	CHECK(stack_find(address, &first));
	CHECK(stack_find(address, &second));
	CHECK(memcmp(&first, &second, sizeof(first)) == 0);
	stack_close();
}

static const char *load(const char *driver, struct dl **dl)
{
	const char *build = getenv("BLDROOT"), *entry;
	struct buf why = {0};
	char path[512];

	snprintf(path, sizeof(path), "%s/examples/%s.so", build ? build : ".", driver);
	CHECK_OK(dl_open(dl, path, &why));
	entry = dl_sym(*dl, "DriverEntry");
	CHECK(entry);
	return entry;
}

static void check_entry(const char *address, const char *module)
{
	struct stack_place p;

	CHECK(stack_find(address, &p));
	CHECK_EQ_S(p.module, module);
	CHECK_EQ_S(p.function, "DriverEntry");
	CHECK(p.driver);
}

TEST(drivers_that_are_loaded_later_are_found)
{
	const char *logger, *clumsy;
	struct dl *first, *second;

	CHECK_OK(stack_open());
	logger = load("logger", &first);
	check_entry(logger + 1, "logger.so");
	clumsy = load("clumsy", &second);
	check_entry(clumsy + 1, "clumsy.so");
	check_entry(logger + 2, "logger.so"); /* not mixed up with its file, which is open now */
	stack_close();
	CHECK_OK(dl_close(second));
	CHECK_OK(dl_close(first));
}

TEST(a_stack_is_printed_a_frame_a_line)
{
	struct explore_stack s = {.thread = 1, .n = 2};
	struct buf out = {0};

	CHECK_OK(stack_open());
	s.frames[0] = caller();
	s.frames[1] = (void *)(uintptr_t)16;
	stack_print(&s, &out);
	CHECK(strstr(buf_str(&out), "  #0 caller at stack_test.c:"));
	CHECK(strstr(buf_str(&out), "\n  #1 0x10\n"));
	buf_free(&out);
	stack_close();
}
