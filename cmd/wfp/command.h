/* SPDX-License-Identifier: MIT */
/*
 * command - one subcommand of wfp: a row of the table in main.c, a file of its own.
 */
#pragma once

#include "common/exit.h"
#include "common/options.h"

#include <jansson.h>
#include <stdio.h>

/* What may stand behind the subcommand, and the options that are then possible. */
struct command_object {
	const char *name; /* "filter"; NULL: nothing need stand there */
	const char *help;
	const struct option_row *rows;
	size_t n_rows;
};

struct command {
	const char *name;
	const char *arguments; /* as the help shows them */
	const char *summary;
	/* argv[0] is the subcommand's name. */
	enum exit_status (*run)(int argc, char **argv);
	/* The table for the help and for completion; NULL past the end, or as a whole. */
	const struct command_object *(*object)(size_t i);
};

/* The subcommands; NULL past the end. */
const struct command *command_at(size_t i);

enum exit_status add_command(int argc, char **argv);
enum exit_status complete_command(int argc, char **argv);
enum exit_status delete_command(int argc, char **argv);
enum exit_status explore_command(int argc, char **argv);
enum exit_status export_command(int argc, char **argv);
enum exit_status import_command(int argc, char **argv);
enum exit_status monitor_command(int argc, char **argv);
enum exit_status replay_command(int argc, char **argv);
enum exit_status set_command(int argc, char **argv);
enum exit_status show_command(int argc, char **argv);
enum exit_status version_command(int argc, char **argv);

const struct command_object *add_object(size_t i);
const struct command_object *delete_object(size_t i);
const struct command_object *export_object(size_t i);
const struct command_object *import_object(size_t i);
const struct command_object *monitor_object(size_t i);
const struct command_object *set_object(size_t i);
const struct command_object *show_object(size_t i);

/* ---- what they share --------------------------------------------------------------------------
 */

/* The object that argv[1] names, or, when there is no name to give, the first one.  NULL: none; the
 * sentence is printed, with the choices. */
const struct command_object *command_choose(const struct command *c, const char *program, int argc,
					    char **argv);
/* Every object with its options. */
enum exit_status command_help(const char *name);
/* A line for people: what would steer a terminal is shown as '?', for names are anybody's. */
void command_line(FILE *to, const char *text);
/* "wfp add: " and the sentence. */
enum exit_status command_wrong(const char *program, const char *sentence);
/* Takes the reference; NULL: no memory. */
enum exit_status command_print(const char *program, json_t *o);
/* A number; above 2^63 - 1 a string, as in all listings. */
json_t *command_number(uint64_t x);
/* Is --help among the arguments? */
bool command_wants_help(int argc, char **argv);

#define COMMAND_SOCKET_ROWS(type)                                                                  \
	OPTION_TEXT(type, socket, "socket", "PATH", "where the engine listens"),                   \
		OPTION_TRUE(type, json, "json", "print for programs"),                             \
		OPTION_TRUE(type, help, "help", "this list")
