# SPDX-License-Identifier: MIT
"""Crafts captures from nothing: TCP connections, UDP exchanges and ICMP echoes as a well-behaved pair of
hosts would send them, in one pcap file (raw IP). Used for the example capture and the recorded demo."""
import ipaddress
import struct

LINKTYPE_RAW = 101
SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip_packet(src, dst, proto, body, ident=0):
    a, b = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    if a.version == 4:
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), ident & 0xffff, 0, 64, proto, 0, a.packed, b.packed)
        return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + body
    return struct.pack(">IHBB16s16s", 6 << 28, len(body), proto, 64, a.packed, b.packed) + body


def pseudo(src, dst, proto, length):
    a, b = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    if a.version == 4:
        return a.packed + b.packed + struct.pack(">BBH", 0, proto, length)
    return a.packed + b.packed + struct.pack(">IHBB", length, 0, 0, proto)


def tcp(src, sport, dst, dport, seq, ack, flags, body=b""):
    head = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff, 5 << 4, flags, 64240, 0, 0)
    c = checksum(pseudo(src, dst, 6, len(head) + len(body)) + head + body)
    return ip_packet(src, dst, 6, head[:16] + struct.pack(">H", c) + head[18:] + body, seq)


def udp(src, sport, dst, dport, body):
    head = struct.pack(">HHHH", sport, dport, 8 + len(body), 0)
    c = checksum(pseudo(src, dst, 17, len(head) + len(body)) + head + body) or 0xffff
    return ip_packet(src, dst, 17, head[:6] + struct.pack(">H", c) + body, sport)


def echo(src, dst, reply, ident, seq, body):
    v6 = ipaddress.ip_address(src).version == 6
    kind = (129 if reply else 128) if v6 else (0 if reply else 8)
    head = struct.pack(">BBHHH", kind, 0, 0, ident, seq)
    c = checksum((pseudo(src, dst, 58, len(head) + len(body)) if v6 else b"") + head + body)
    return ip_packet(src, dst, 58 if v6 else 1, head[:2] + struct.pack(">H", c) + head[4:] + body, seq)


class Capture:
    """Packets in order of their time (microseconds); `note` is whatever the caller wants back."""

    def __init__(self):
        self.packets = []  # (time, bytes, note)

    def add(self, time, data, note=None):
        self.packets.append((time, data, note))

    def connection(self, time, client, server, exchanges, gap=2000, note=None, end="fin"):
        """A whole TCP connection; client and server are (address, port); exchanges a list of (who, bytes)
        with who "client" or "server". end: "fin", "rst" (the client aborts), or "open". note(who, i) names the
        data packets. Returns the time after it."""
        (ca, cp), (sa, sp) = client, server
        seq = {"client": 1000 + cp * 7, "server": 9000 + cp * 11}
        path = {"client": (ca, cp, sa, sp), "server": (sa, sp, ca, cp)}
        other = {"client": "server", "server": "client"}

        def send(who, flags, body=b"", ack=True, what=None):
            nonlocal time
            self.add(time, tcp(*path[who], seq[who], seq[other[who]] if ack else 0, flags, body), what)
            seq[who] += len(body) + (1 if flags & (SYN | FIN) else 0)
            time += gap
        send("client", SYN, ack=False)
        if end == "abort":
            send("client", RST | ACK)
            return time
        send("server", SYN | ACK)
        send("client", ACK)
        for i, (who, body) in enumerate(exchanges):
            send(who, PSH | ACK, body, what=note(who, i) if note else None)
            send(other[who], ACK)
        if end == "rst":
            send("client", RST | ACK)
        elif end == "fin":
            send("client", FIN | ACK)
            send("server", FIN | ACK)
            send("client", ACK)
        return time

    def write(self, path):
        self.packets.sort(key=lambda p: p[0])
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, LINKTYPE_RAW))
            for time, data, _ in self.packets:
                f.write(struct.pack("<IIII", 1700000000 + time // 1000000, time % 1000000, len(data), len(data)) + data)
