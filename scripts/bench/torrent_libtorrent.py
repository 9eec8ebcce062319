"""libtorrent on either side of a transfer. Argument: one JSON object with `do` ("seed" or "leech"),
`torrent` and `dir`.

A seeder takes `limit` (bytes per second for all peers together), `address` (its own) and `connects`
(address and port of a peer to connect to as soon as that listens). It prints the port that it listens
on. For each line that it reads, it prints the seconds from its first sent byte to its last, and the
number of bytes sent.

A leecher takes `port` (of the peer, on 127.0.0.1), `host` (of the peer, for programs that accept no
peers on 127.0.0.1), `count` (of leechers), `together` (whether leechers know each other from the
start) and `addresses` (one per leecher)."""

import json
import os
import socket
import sys
import threading
import time

import libtorrent as lt


def say(**members):
    print(json.dumps(members), flush=True)


def session(address=None):
    held = lt.session({
        "listen_interfaces": f"{address or '127.0.0.1'}:0",
        "outgoing_interfaces": address or "",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_outgoing_utp": False,
        "enable_incoming_utp": False,
        "allow_multiple_connections_per_ip": True,
        "unchoke_slots_limit": -1,
        "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
    }, flags=0)
    # No other extension: with peer exchange (BEP 11), leechers would not need the seeder.
    held.add_extension("ut_metadata")
    return held


def add(held, given, directory, **more):
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(given["torrent"])
    params.save_path = directory
    for name, value in more.items():
        setattr(params, name, value)
    return held.add_torrent(params)


def connect(held, handle, peer):
    while True:
        try:
            # From another address than libtorrent's, since some accept one peer per address.
            socket.create_connection(peer).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.01)
    # The peer may listen before it has the torrent, and disconnect.
    held.apply_settings({"min_reconnect_time": 1})
    handle.connect_peer(peer)


def seed(given):
    held = session(given.get("address"))
    handle = add(held, given, given["dir"], flags=lt.torrent_flags.seed_mode)
    while not handle.status().is_seeding:
        time.sleep(0.01)
    # The session's limit does not apply to peers on the same machine.
    handle.set_upload_limit(given.get("limit", -1))
    lock = threading.Lock()
    first = last = None
    sent = 0

    def watch():
        nonlocal first, last, sent
        while True:
            now = handle.status(0).total_payload_upload
            with lock:
                if now > sent:
                    last = time.monotonic()
                    first = first or last
                    sent = now
            time.sleep(0.01)

    threading.Thread(target=watch, daemon=True).start()
    if "connects" in given:
        peer = tuple(given["connects"])
        threading.Thread(target=connect, args=(held, handle, peer), daemon=True).start()
    say(port=held.listen_port())
    for _ in sys.stdin:
        with lock:
            say(seconds=last - first, bytes=sent)


def leech(given):
    count = given.get("count", 1)
    held = []
    for n in range(count):
        directory = os.path.join(given["dir"], str(n))
        os.makedirs(directory)
        one = session(given["addresses"][n] if "addresses" in given else None)
        held.append((one, add(one, given, directory)))
    if given.get("waits"):
        # The benchmark measures the seeder before anything is sent.
        say(waiting=True)
        sys.stdin.readline()
    begun = time.monotonic()
    for one, handle in held:
        handle.connect_peer((given.get("host", "127.0.0.1"), given["port"]))
        for other, _ in held if given.get("together") else []:
            if other is not one:
                handle.connect_peer(("127.0.0.1", other.listen_port()))
    first = [None] * count
    took = [None] * count
    while None in took:
        for n, (_, handle) in enumerate(held):
            if took[n] is not None:
                continue
            status = handle.status(0)
            if first[n] is None and status.total_payload_download > 0:
                first[n] = time.monotonic() - begun
            if status.is_seeding:
                took[n] = time.monotonic() - begun
        time.sleep(0.005)
    for one, handle in held:
        handle.flush_cache()
        while not any(isinstance(a, lt.cache_flushed_alert) for a in one.pop_alerts()):
            time.sleep(0.005)
    say(took=took, first=first)


given = json.loads(sys.argv[1])
{"seed": seed, "leech": leech}[given["do"]](given)
# Exits without the session's destructor, which waits for trackers and peers.
sys.stdout.flush()
os._exit(0)
