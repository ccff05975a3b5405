#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes examples/web.pcap: a name lookup, three web connections, a ping, a forbidden port and an infected
download, between a client at 192.0.2.10 and servers at 198.51.100.0/24 and 2001:db8::/32."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from craft_pcap import Capture, echo, udp

ME, ME6, DNS, WEB, WEB6 = "192.0.2.10", "2001:db8::10", "198.51.100.53", "198.51.100.80", "2001:db8:80::80"
INFECTED = b"HTTP/1.1 200 OK\r\n\r\nOPENWFP-ANTIVIRUS-TEST-PATTERN"


def page(c, time, port, client, server, answer):
    return c.connection(time, (client, port), (server, 80), [
        ("client", b"GET / HTTP/1.1\r\nHost: example\r\n\r\n"), ("server", answer)])


def main():
    c = Capture()
    c.add(0, udp(ME, 40000, DNS, 53, b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01"))
    c.add(15000, udp(DNS, 53, ME, 40000, b"\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01"
                     b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x33\x64\x50"))
    time = page(c, 30000, 50001, ME, WEB, b"HTTP/1.1 200 OK\r\n\r\nhello")
    time = page(c, time, 50002, ME6, WEB6, b"HTTP/1.1 200 OK\r\n\r\nhello over IPv6")
    time = page(c, time, 50003, ME, WEB, INFECTED)
    for seq in range(3):
        c.add(time, echo(ME, WEB, False, 77, seq, b"ping"))
        c.add(time + 8000, echo(WEB, ME, True, 77, seq, b"ping"))
        time += 20000
    c.connection(time, (ME, 50004), (WEB, 4444), [("client", b"not allowed")])
    c.write(pathlib.Path(__file__).resolve().parent.parent / "examples" / "web.pcap")


if __name__ == "__main__":
    main()
