"""A libtorrent peer that the tests drive.

Takes one JSON object as its argument: `do` (what to do), `port` (TCP and UDP on 127.0.0.1), and what
the command below takes, and `settings` for libtorrent. Prints one JSON object a line. Waits for as long as it takes: the test that
started it ends it.
"""

import errno
import hashlib
import json
import signal
import sys

import libtorrent as lt


def say(**members):
    print(json.dumps(members), flush=True)


def start(port, bootstrap="", settings=None, **_):
    """A session on 127.0.0.1 alone: on 0.0.0.0 it starts no DHT where there is only loopback."""
    return lt.session({
        "listen_interfaces": f"127.0.0.1:{port}",
        "enable_dht": bootstrap != "",
        "dht_bootstrap_nodes": bootstrap,
        # libreseed has no uTP, and libtorrent would try it first.
        "enable_outgoing_utp": False,
        "enable_incoming_utp": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "allow_multiple_connections_per_ip": True,
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_prefer_verified_node_ids": False,
        # All nodes share one address here, which would be shut out for talking too much.
        "dht_block_ratelimit": 1_000_000,
        "dht_upload_rate_limit": 100_000_000,
        "alert_mask": lt.alert.category_t.all_categories,
        **(settings or {}),
    })


class Alerts:
    """What the session tells, in order."""

    def __init__(self, session):
        self.session = session
        self.pending = []

    def wait_for(self, *kinds):
        """The next alert of one of the kinds; those before it are dropped."""
        while True:
            while self.pending:
                alert = self.pending.pop(0)
                if isinstance(alert, kinds):
                    return alert
                if isinstance(alert, lt.peer_disconnected_alert) and "(uTP)" in alert.message():
                    say(utpReset=alert.error.value() == errno.ECONNRESET)
                if isinstance(alert, lt.torrent_error_alert):
                    sys.exit(alert.message())
            # Alerts live until the next are taken, so only when none is left.
            self.session.wait_for_alert(1000)
            self.pending = self.session.pop_alerts()


def add(session, torrent=None, magnet=None, dir=".", peers=(), **_):
    params = lt.parse_magnet_uri(magnet) if magnet else lt.add_torrent_params()
    if torrent:
        params.ti = lt.torrent_info(torrent)
    params.save_path = dir
    handle = session.add_torrent(params)
    for host, port in peers:
        handle.connect_peer((host, port))
    return handle


def download(session, alerts, given):
    """Downloads `torrent` or `magnet` into `dir` from `peers`, and from whom the DHT names."""
    if given.get("bootstrap"):
        alerts.wait_for(lt.dht_bootstrap_alert)
    handle = add(session, **given)
    alerts.wait_for(lt.torrent_checked_alert)
    say(begun=handle.status().total_done)
    alerts.wait_for(lt.torrent_finished_alert)
    handle.flush_cache()
    alerts.wait_for(lt.cache_flushed_alert)
    say(done=handle.status().total_done)


def seed(session, alerts, given):
    """Seeds `torrent` from `dir`, and announces it to the DHT if there is one."""
    if given.get("bootstrap"):
        alerts.wait_for(lt.dht_bootstrap_alert)
    handle = add(session, **given)
    alerts.wait_for(lt.torrent_finished_alert)
    if given.get("bootstrap"):
        handle.force_dht_announce()
    say(seeding=True)
    signal.pause()


def get_items(session, alerts, given):
    """Gets the mutable items `keys`: pairs of public key and salt, in hexadecimal."""
    alerts.wait_for(lt.dht_bootstrap_alert)
    for key, salt in given["keys"]:
        session.dht_get_mutable_item(bytes.fromhex(key), bytes.fromhex(salt))
        answers = {}
        authoritative = False
        # Each better answer is an alert; the last of them is authoritative.
        while not authoritative:
            alert = alerts.wait_for(lt.dht_mutable_item_alert, lt.dht_pkt_alert)
            if isinstance(alert, lt.dht_mutable_item_alert):
                authoritative = alert.authoritative
                continue
            answer = lt.bdecode(alert.pkt_buf).get(b"r", {})
            if b"sig" in answer:
                answers[answer[b"sig"]] = answer[b"v"]
        # The bindings give no value but a string, so it is taken from the packet with the signature
        # that libtorrent found good.
        signature = bytes(alert.signature)
        say(
            salt=salt,
            seq=alert.seq,
            signature=signature.hex(),
            value=lt.bencode(answers[signature]).hex() if signature in answers else None,
        )


def put_item(session, alerts, given):
    """Puts the text `value` under `salt` (text), signed with the key of the 32-byte `seed`."""
    alerts.wait_for(lt.dht_bootstrap_alert)
    # What RFC 8032 makes of the seed; libtorrent signs with that.
    secret = bytearray(hashlib.sha512(bytes.fromhex(given["seed"])).digest())
    secret[0] &= 248
    secret[31] &= 63
    secret[31] |= 64
    key = bytes.fromhex(given["publicKey"])
    session.dht_put_mutable_item(bytes(secret), key, given["value"], given["salt"])
    alert = alerts.wait_for(lt.dht_put_alert)
    say(stored=alert.num_success)


commands = {"download": download, "seed": seed, "get": get_items, "put": put_item}
request = json.loads(sys.argv[1])
session = start(**request)
commands[request["do"]](session, Alerts(session), request)
