# SPDX-License-Identifier: MIT
"""Several searches at a time. A job that ends the program (a mutant that no longer fits its file) does so here, too: what
a thread raises is lost otherwise, and the rows that it owed would only be missing."""

import os
import sys
import threading

CORES = min(2, os.cpu_count() or 1)


def run(jobs):
    """Two at a time, in order; each job is a function."""
    queue, lock, broken = list(jobs), threading.Lock(), []

    def worker():
        while True:
            with lock:
                if not queue or broken:
                    return
                job = queue.pop(0)
            try:
                job()
            except (Exception, SystemExit) as e:
                broken.append(str(e) or type(e).__name__)

    threads = [threading.Thread(target=worker) for _ in range(CORES)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if broken:
        sys.exit("\n".join(broken))
