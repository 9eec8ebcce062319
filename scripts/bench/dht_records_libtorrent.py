"""libtorrent as a contender of dht_records.ts: joins, and when it is told to, puts records and gets
them, one after the other. Prints how long each took, and how many messages it sent.

Arguments: bootstrap port on 127.0.0.1, number of records, and of those before that do not count, public
key and expanded private key in hex.
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
    # It starts no DHT on 0.0.0.0 where only loopback exists.
    "listen_interfaces": "127.0.0.1:0",
    "dht_bootstrap_nodes": f"127.0.0.1:{port}",
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    # All nodes of a testnet have one address, which libtorrent takes for an attack.
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
        # Others, with what was found until then, come before the one that ends the search.
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
# Its destructor would say goodbye to everybody.
os._exit(0)
