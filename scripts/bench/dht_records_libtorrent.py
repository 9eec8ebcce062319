"""libtorrent as a contender of dht_records.ts: joins, waits for a go, then puts and gets records one
at a time. Prints the time of each operation, and the number of messages sent.

Arguments: bootstrap port on 127.0.0.1, number of records, number of records before the measurement,
public key and expanded private key in hexadecimal.
"""

import json
import os
import sys
import time

import libtorrent as lt

port, size, before, public_key, private_key = sys.argv[1:6]
public_key = bytes.fromhex(public_key)
private_key = bytes.fromhex(private_key)

session = lt.session({
    # With only loopback, libtorrent starts no DHT on 0.0.0.0.
    "listen_interfaces": "127.0.0.1:0",
    "dht_bootstrap_nodes": f"127.0.0.1:{port}",
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    # All testnet nodes share one address, which libtorrent would treat as an attack.
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_block_ratelimit": 1_000_000,
    "dht_upload_rate_limit": 10_000_000,
    "alert_mask": lt.alert.category_t.dht_notification | lt.alert.category_t.stats_notification,
})


def alerts():
    while True:
        session.wait_for_alert(60_000)
        yield from session.pop_alerts()


def messages_sent():
    session.post_session_stats()
    for alert in alerts():
        if isinstance(alert, lt.session_stats_alert):
            return alert.values["dht.dht_messages_out"]


def put(salt):
    session.dht_put_mutable_item(private_key, public_key, os.urandom(300), salt)
    for alert in alerts():
        if isinstance(alert, lt.dht_put_alert):
            return


def get(salt):
    session.dht_get_mutable_item(public_key, salt)
    for alert in alerts():
        # Alerts with intermediate results precede the one that ends the search.
        if isinstance(alert, lt.dht_mutable_item_alert) and alert.authoritative:
            return


def timed(work, salts):
    begun = messages_sent()
    took_ms = []
    for salt in salts:
        start = time.perf_counter()
        work(salt)
        took_ms.append((time.perf_counter() - start) * 1000)
    return {"tookMs": took_ms, "packets": (messages_sent() - begun) / len(salts)}


def tell(message):
    print(json.dumps(message), flush=True)


def put_and_get(count):
    salts = [os.urandom(32) for _ in range(count)]
    return {"put": timed(put, salts), "get": timed(get, salts)}


time.sleep(1)
tell({"joined": True})
sys.stdin.readline()
if int(before) > 0:
    put_and_get(int(before))
tell(put_and_get(int(size)))
# Exits without the session's destructor, which would send messages to all peers.
os._exit(0)
