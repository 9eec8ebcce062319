"""libtorrent on both sides of a transfer. Takes one JSON object: `do` ("seed" or "leech"), `torrent`,
`dir`, for a seeder `limit` (bytes a second, for all peers together) if there is one, and for a leecher
`port` (of the peer, on 127.0.0.1), for several of them `count`, and whether they are `together`: know
of one another from the start. Not everybody takes peers on 127.0.0.1: a leecher's `host` is where the
peer is instead, and `addresses` are those of the leechers, one each; a seeder's `address` is its own,
and `connects` the address and port of a peer that it connects to as soon as that one listens.

A seeder prints the port that it listens on. At every line that it reads it prints how long it took,
in seconds, from the first byte that it sent to the last until then, and how many it sent."""

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
    # And no other: leechers that were told of each other (BEP 11) would not need the seeder.
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
            # From another address than libtorrent's: some take one peer at a time from an address.
            socket.create_connection(peer).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.01)
    # It may listen before it has the torrent, and hang up.
    held.apply_settings({"min_reconnect_time": 1})
    handle.connect_peer(peer)


def seed(given):
    held = session(given.get("address"))
    handle = add(held, given, given["dir"], flags=lt.torrent_flags.seed_mode)
    while not handle.status().is_seeding:
        time.sleep(0.01)
    # Not the session's limit, which is not for peers of the same machine.
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
        # Whoever started us looks at the seeder before anything is sent.
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
# It would take its time to say goodbye.
sys.stdout.flush()
os._exit(0)
