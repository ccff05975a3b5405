/* SPDX-License-Identifier: MIT */
/*
 * connect - the traffic of the live benchmarks: a plain host program, not part of the platform.
 *
 *	connect accept PORT                accept and close
 *	connect swallow PORT               accept and read until the end
 *	connect rate HOST PORT SECONDS     connections a second from 4 threads, each reset at once
 *	connect stream HOST PORT SECONDS   bytes a second over one connection
 *
 * Prints one number.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4

static struct sockaddr_in address;
static double end_time;
static atomic_ulong connections;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *swallow(void *arg)
{
	static _Thread_local char data[1 << 18];
	int fd = (int)(intptr_t)arg;

	while (read(fd, data, sizeof(data)) > 0)
		;
	close(fd);
	return NULL;
}

static int serve(bool read_all)
{
	int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	pthread_t t;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(s, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(s, 4096) != 0)
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;) {
		int fd = accept(s, NULL, NULL);

		if (fd < 0)
			continue;
		if (read_all && pthread_create(&t, NULL, swallow, (void *)(intptr_t)fd) == 0)
			pthread_detach(t);
		else
			close(fd);
	}
}

static void *connect_often(void *arg)
{
	struct linger reset = {1, 0};

	(void)arg;
	while (now() < end_time) {
		int s = socket(AF_INET, SOCK_STREAM, 0);
		struct timeval patience = {2, 0};

		setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		if (connect(s, (struct sockaddr *)&address, sizeof(address)) == 0)
			atomic_fetch_add(&connections, 1);
		setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(s);
	}
	return NULL;
}

static int rate(double seconds)
{
	double start = now();
	pthread_t t[THREADS];

	end_time = start + seconds;
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, connect_often, NULL) != 0)
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	printf("%.0f\n", (double)connections / (now() - start));
	return 0;
}

static int stream(double seconds)
{
	static char data[1 << 18];
	int s = socket(AF_INET, SOCK_STREAM, 0);
	double start, total = 0;

	if (connect(s, (struct sockaddr *)&address, sizeof(address)) != 0)
		return 1;
	for (start = now(); now() < start + seconds;) {
		ssize_t n = write(s, data, sizeof(data));

		if (n <= 0)
			return 1;
		total += (double)n;
	}
	printf("%.0f\n", total / (now() - start));
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	address.sin_family = AF_INET;
	if (argc == 3) {
		address.sin_port = htons((uint16_t)atoi(argv[2]));
		return serve(strcmp(argv[1], "swallow") == 0);
	}
	if (argc != 5 || inet_pton(AF_INET, argv[2], &address.sin_addr) != 1)
		return 2;
	address.sin_port = htons((uint16_t)atoi(argv[3]));
	return strcmp(argv[1], "rate") == 0 ? rate(atof(argv[4])) : stream(atof(argv[4]));
}
