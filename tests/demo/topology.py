# SPDX-License-Identifier: MIT
"""Two network namespaces and a wire between them:

    openwfp-demo-PID-host  10.97.0.1 fd97::1   ---veth---   10.97.0.2 fd97::2  openwfp-demo-PID-peer
    (wfpd runs here)

A namespace carries the pid of the process that made it: what a killed run left is removed by the next.
"""
import os
import re
import subprocess

from plan import ADDRESS

PREFIX = "openwfp-demo"


def sh(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def names():
    out = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=False).stdout
    return [line.split()[0] for line in out.splitlines() if line.strip()]


def clean_leftovers():
    for name in names():
        m = re.fullmatch(PREFIX + r"-(\d+)-\w+", name)
        if m and not os.path.exists(f"/proc/{m.group(1)}"):
            subprocess.run(["ip", "netns", "del", name], check=False)


class Topology:
    """A context manager: the namespaces exist inside it, and are gone after it, however it ends."""

    def __init__(self):
        self.ns = {side: f"{PREFIX}-{os.getpid()}-{side}" for side in ("host", "peer")}

    def __enter__(self):
        clean_leftovers()
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def build(self):
        for side, ns in self.ns.items():
            sh("ip", "netns", "add", ns)
            sh("ip", "-n", ns, "link", "set", "lo", "up")
        sh("ip", "link", "add", "wire", "netns", self.ns["host"], "type", "veth", "peer", "name", "wire",
           "netns", self.ns["peer"])
        for side, ns in self.ns.items():
            sh("ip", "-n", ns, "addr", "add", ADDRESS[side, 4] + "/24", "dev", "wire")
            sh("ip", "-n", ns, "addr", "add", ADDRESS[side, 6] + "/64", "dev", "wire", "nodad")
        for ns in self.ns.values():
            sh("ip", "-n", ns, "link", "set", "wire", "up")
        for side, ns in self.ns.items():  # both ends answer before anything is measured
            for family, target in ((4, "peer"), (6, "peer")):
                if side == "host":
                    sh("ip", "netns", "exec", ns, "sh", "-c",
                       f"for i in 1 2 3 4 5 6 7 8 9 10; do ping -{family} -c1 -W1 {ADDRESS[target, family]} && exit; done; exit 1")

    def inside(self, side, argv):
        return ["ip", "netns", "exec", self.ns[side], *map(str, argv)]

    def __exit__(self, *_):
        for ns in self.ns.values():
            subprocess.run(["ip", "netns", "del", ns], check=False, stderr=subprocess.DEVNULL)
