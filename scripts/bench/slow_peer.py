"""A peer that requests a gigabyte at once and reads slowly. Arguments: address, port, infohash in
hexadecimal, piece length, number of blocks to request, bytes per second to read, seconds to read.
Prints a line after its requests, and one with the bytes received at the end."""

import json
import os
import socket
import struct
import sys
import time

host, port, info_hash, piece_bytes, blocks, rate, seconds = sys.argv[1:]
BLOCK = 16384
per_piece = int(piece_bytes) // BLOCK


def read(count):
    got = b""
    while len(got) < count:
        more = peer.recv(count - len(got))
        if not more:
            raise ConnectionResetError
        got += more
    return got


def is_unchoked():
    """Sends a handshake, "have none" (BEP 6) and "interested", and waits for "unchoke" (BEP 3)."""
    # Some seeders choose whom to unchoke every ten seconds.
    peer.settimeout(30)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    peer.connect((host, int(port)))
    peer.sendall(
        b"\x13BitTorrent protocol" + bytes([0, 0, 0, 0, 0, 0, 0, 4]) + bytes.fromhex(info_hash) +
        b"-XX0001-" + os.urandom(12)
    )
    try:
        read(68)
        peer.sendall(b"\0\0\0\1\x0f" + b"\0\0\0\1\2")
        while read(struct.unpack(">I", read(4))[0])[:1] != b"\1":
            pass
    except ConnectionResetError:
        # The seeder may not be ready.
        return False
    return True


for _ in range(20):
    peer = socket.socket()
    if is_unchoked():
        break
    time.sleep(0.5)
else:
    sys.exit("the seeder hangs up")
asked = b"".join(
    struct.pack(">IBIII", 13, 6, n // per_piece, n % per_piece * BLOCK, BLOCK)
    for n in range(int(blocks))
)
# Non-blocking, since a seeder may stop reading while this peer reads nothing.
peer.setblocking(False)
begun = time.monotonic()
got = sent = 0
told = False
while (elapsed := time.monotonic() - begun) < float(seconds):
    try:
        sent += peer.send(asked[sent:sent + 65536])
    except BlockingIOError:
        pass
    if sent == len(asked) and not told:
        told = True
        print(json.dumps({"asked": int(blocks)}), flush=True)
    if got < elapsed * int(rate):
        try:
            got += len(peer.recv(65536))
        except BlockingIOError:
            pass
    if sent == len(asked):
        time.sleep(0.01)
print(json.dumps({"got": got, "asked": sent // 17}), flush=True)
