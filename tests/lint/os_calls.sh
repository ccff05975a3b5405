#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The operating system is behind src/base/: without that there is no explorer, no fault injection and
# no virtual time. Guest code (examples) and tests of the host are outside this rule.
cd "${SRCROOT:-$(dirname "$0")/../..}" || exit 1
n=0
sources=$(git ls-files -co --exclude-standard 'src/*.c' 'src/*.h' | grep -v '^src/base/')

# word(s) | what to use instead
rules='
malloc|calloc|realloc|free|strdup|strndup|asprintf|posix_memalign|aligned_alloc | base/mem.h
pthread_[a-z_]+|sem_wait|sem_post|sched_yield | base/lock.h, base/thread.h
time|clock_gettime|gettimeofday|nanosleep|usleep|sleep | base/clock.h
rand|random|srand|getrandom|arc4random | base/rng.h
open|openat|fopen|creat|unlink|rename|mkdir|opendir|stat | base/file.h
socket|sendto|recvfrom|sendmsg|recvmsg|bind|connect|poll|select|epoll_wait|ioctl | base/netlink.h, base/poll.h, base/rawsock.h
dlopen|dlsym|dlclose | base/dl.h
fork|execv|execvp|system|popen|kill|signal|sigaction|getenv|exit|abort | base/proc.h, base/sig.h, BUG_ON
atomic_[a-z_]+|__atomic_[a-z_]+|__sync_[a-z_]+ | base/atomic.h
wcs[a-z]+|wprintf|swprintf | WCHAR has 16 bits: no libc function knows it
strcpy|strcat|sprintf|gets | the bounded ones, or base/buf.h
'
while IFS='|' read -r -a part; do
	[ ${#part[@]} -gt 1 ] || continue
	instead=${part[-1]# }; unset 'part[-1]'
	words=$(IFS='|'; echo "${part[*]}"); words=${words// /}
	n=$((n + 1))
	# A call: the word, not part of a longer name, not a member, before a parenthesis.
	hits=$(grep -nE "(^|[^A-Za-z0-9_.>])($words)\(" $sources | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(\*|/\*|//)')
	if [ -z "$hits" ]; then echo "ok $n - no_${words%%|*}_outside_base"; else
		echo "not ok $n - no_${words%%|*}_outside_base"
		echo "# use $instead"; sed 's/^/# /' <<<"$hits"; fi
done <<<"$rules"
echo "1..$n"
