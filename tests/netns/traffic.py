# SPDX-License-Identifier: MIT
"""Connections for the tests of live policies.

    traffic.py serve PORT...            echo, TCP and UDP, IPv4 and IPv6, until killed; says "ready"
    traffic.py try KIND ADDRESS PORT [SOURCE]
                                        one message there and back; exit 0: it came back, 1: it did not
    traffic.py hold ADDRESS PORT        one TCP connection: each line of input is sent, and "back" or "lost" answered
    traffic.py before FILE TEXT ADDRESS PORT
                                        datagrams until one comes back; exit 0: FILE did not hold TEXT yet
    traffic.py flood PORT ADDRESS...    datagrams, each from a port of its own, until killed
    traffic.py count PORT               datagrams that arrive; each line of input is answered by their number so far
"""
import socket
import sys
import threading
import time

PATIENCE = 3.0  # for what must not come; what must come is there much earlier
GAP = 0.002    # between tries
FLOOD = 0.01   # the queue is to be hit in every moment, not to be filled
FLOOD_END = 600
FAMILIES = (socket.AF_INET, socket.AF_INET6)


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def opened(kind, fam, port):
    s = socket.socket(fam, kind)
    if fam == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", port))
    return s


def echo_connection(c):
    try:
        with c:
            while data := c.recv(4096):
                c.sendall(data)
    except OSError:
        pass  # the other end gave up


def echo_stream(s):
    s.listen(64)
    while True:
        threading.Thread(target=echo_connection, args=(s.accept()[0],), daemon=True).start()


def echo_datagrams(s):
    while True:
        try:
            s.sendto(*s.recvfrom(4096))
        except OSError:
            pass  # an ICMP error of an earlier answer


def serve(ports):
    for port in map(int, ports):
        for fam in FAMILIES:
            for kind, echo in (socket.SOCK_STREAM, echo_stream), (socket.SOCK_DGRAM, echo_datagrams):
                threading.Thread(target=echo, args=(opened(kind, fam, port),), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


def attempt(kind, address, port, source=None):
    with socket.socket(family(address), {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[kind]) as s:
        s.settimeout(PATIENCE)
        try:
            if source:
                s.bind((source, 0))
            s.connect((address, int(port)))
            s.sendall(b"hello")
            return s.recv(100) == b"hello"
        except OSError as e:
            print(e)
            return False


def hold(address, port):
    with socket.create_connection((address, int(port)), timeout=PATIENCE) as s:
        print("open", flush=True)
        for line in sys.stdin:
            try:
                s.sendall(line.encode())
                print("back" if s.recv(100) else "lost", flush=True)
            except OSError:
                print("lost", flush=True)


def holds(path, text):
    with open(path, encoding="utf-8") as f:
        return text in f.read()


def before(path, text, address, port):
    """Looked at in this order: an answer, then the file. So an answer that counts was early."""
    end = time.monotonic() + 30
    with socket.socket(family(address), socket.SOCK_DGRAM) as s:
        s.settimeout(0.02)
        while time.monotonic() < end:
            try:
                s.sendto(b"hello", (address, int(port)))
                s.recv(100)
                return not holds(path, text)
            except OSError:
                time.sleep(GAP)  # dropped, or late
    return False


def flood(port, addresses):
    end = time.monotonic() + FLOOD_END  # should whoever started us have been killed
    while time.monotonic() < end:
        for address in addresses:
            with socket.socket(family(address), socket.SOCK_DGRAM) as s:
                try:
                    s.sendto(b"leak", (address, int(port)))
                except OSError:
                    pass  # dropped on its way out: EPERM
        time.sleep(FLOOD)


def count(port):
    seen = [0]

    def receive(s):
        while True:
            s.recv(4096)
            seen[0] += 1

    for fam in FAMILIES:
        threading.Thread(target=receive, args=(opened(socket.SOCK_DGRAM, fam, int(port)),), daemon=True).start()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(seen[0], flush=True)


def main(what, *args):
    if what == "serve":
        serve(args)
    elif what == "try":
        sys.exit(0 if attempt(*args) else 1)
    elif what == "before":
        sys.exit(0 if before(*args) else 1)
    elif what == "hold":
        hold(*args)
    elif what == "flood":
        flood(args[0], args[1:])
    elif what == "count":
        count(*args)


if __name__ == "__main__":
    main(*sys.argv[1:])
