"""A server of PCP (RFC 6887) for IPv4 that keeps the rule of section 11.3, as miniupnpd does not: it
refuses a mapping that it holds with another nonce. It maps nothing in the kernel, and prints each
answer: `mapped tcp 6881`, `deleted tcp 6881`, `refused tcp 6881`.

Argument: the external address."""

import socket
import struct
import sys
import time

MAP = 1
RESPONSE = 0x80
SUCCESS, NOT_AUTHORIZED = 0, 2
KINDS = {6: "tcp", 17: "udp"}

external = b"\0" * 10 + b"\xff" * 2 + socket.inet_aton(sys.argv[1])
started = time.monotonic()
nonces = {}

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 5351))
print("ready", flush=True)
while True:
    request, client = server.recvfrom(1100)
    if len(request) < 24 or request[0] != 2:
        continue
    opcode = request[1]
    (lease,) = struct.unpack_from(">I", request, 4)
    result, data = SUCCESS, request[24:]
    if opcode == MAP:
        nonce, kind = request[24:36], KINDS[request[36]]
        inside, outside = struct.unpack_from(">HH", request, 40)
        mapping = (client[0], kind, inside)
        if nonces.get(mapping, nonce) != nonce:
            result = NOT_AUTHORIZED
        elif lease == 0:
            nonces.pop(mapping, None)
        else:
            nonces[mapping] = nonce
        data = request[24:42] + struct.pack(">H", outside or inside) + external
        word = "refused" if result else "mapped" if lease else "deleted"
        print(f"{word} {kind} {inside}", flush=True)
    epoch = int(time.monotonic() - started)
    head = struct.pack(">BBBBII", 2, opcode | RESPONSE, 0, result, lease, epoch) + b"\0" * 12
    server.sendto(head + data, client)
