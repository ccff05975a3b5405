#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lists the filters of the base filtering engine, and adds one, in nothing but Python.

The protocol is src/rpc/wfp.proto, so any language with protocol buffers has a client. Make the
classes first, then run this beside them:

    protoc -I src/rpc --python_out=. src/rpc/wfp.proto src/rpc/ipsec.proto
    PYTHONPATH=. python3 examples/clients/list_filters.py

    list_filters.py [--socket PATH]                       one line for each filter
    list_filters.py [--socket PATH] --block-port PORT     block connections to a TCP port first
"""
import argparse
import os
import socket
import struct
import sys
import uuid

import wfp_pb2 as wfp

DEFAULT_SOCKET = "/run/openwfp/wfpd.sock"

ALE_AUTH_CONNECT_V4 = uuid.UUID("c38d57d1-05a7-4c33-904f-7fbceee60e82").bytes_le
IP_PROTOCOL = uuid.UUID("3971ef2b-623e-4f9a-8cb1-6e79b806b9a7").bytes_le
IP_REMOTE_PORT = uuid.UUID("c35a604d-d22b-4e1a-91b4-68f674ee674b").bytes_le
FWP_UINT8, FWP_UINT16 = 1, 2
FWP_ACTION_BLOCK = 0x1001
IPPROTO_TCP = 6


class Engine:
    """One connection, which is one session. Calls raise OSError or EngineError."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.last_id = 0
        request = wfp.Request()
        request.open.version = 1
        request.open.session.displayData.name = "list_filters.py"
        self.call(request)

    def call(self, request):
        """Sends a request and returns its reply. Notifications are passed over."""
        self.last_id += 1
        request.id = self.last_id
        message = request.SerializeToString()
        self.socket.sendall(struct.pack("<I", len(message)) + message)
        while True:
            answer = wfp.FromEngine.FromString(self.receive())
            if answer.HasField("reply"):
                break
        if answer.reply.error:
            raise EngineError(answer.reply.error)
        return answer.reply

    def receive(self):
        (length,) = struct.unpack("<I", self.exactly(4))
        return self.exactly(length)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("the engine has closed the connection")
            data += piece
        return data

    def every(self, kind):
        """All objects of a kind, a batch at a time."""
        request = wfp.Request()
        request.enumCreate.kind = kind
        handle = self.call(request).handle.handle
        while True:
            request = wfp.Request()
            request.enumNext.handle = handle
            objects = self.call(request).objects.objects
            if not objects:
                break
            yield from objects
        request = wfp.Request()
        request.enumDestroy.handle = handle
        self.call(request)


class EngineError(Exception):
    def __init__(self, code):
        super().__init__(f"the engine answered 0x{code:08x}")
        self.code = code


def block_port(engine, port):
    """Returns the id of the filter that was added."""
    request = wfp.Request()
    new = getattr(request, "add").object.filter
    new.displayData.name = f"block TCP port {port}"
    new.layerKey = ALE_AUTH_CONNECT_V4
    new.action.type = FWP_ACTION_BLOCK
    condition = new.filterCondition.add(fieldKey=IP_PROTOCOL, matchType=0)
    condition.conditionValue.type = FWP_UINT8
    condition.conditionValue.uint8 = IPPROTO_TCP
    condition = new.filterCondition.add(fieldKey=IP_REMOTE_PORT, matchType=0)
    condition.conditionValue.type = FWP_UINT16
    condition.conditionValue.uint16 = port
    return engine.call(request).added.id


def main():
    parser = argparse.ArgumentParser(description="List the filters of the base filtering engine.")
    parser.add_argument("--socket", default=os.environ.get("OPENWFP_SOCKET", DEFAULT_SOCKET))
    parser.add_argument("--block-port", type=int, metavar="PORT")
    args = parser.parse_args()
    try:
        engine = Engine(args.socket)
        if args.block_port is not None:
            print("added", block_port(engine, args.block_port))
        for found in engine.every(wfp.FILTER):
            new = found.filter
            print(f"{new.filterId:8} {uuid.UUID(bytes_le=new.filterKey)} {new.displayData.name}")
    except (OSError, EngineError) as error:
        print(f"list_filters.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
