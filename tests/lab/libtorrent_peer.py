"""libtorrent with its own defaults, in a namespace of the lab.

Takes one JSON object as its argument:

    do          "seed", "read", or "dht" for DHT nodes alone
    listen      addresses with ports, as libtorrent takes them; for "dht" one node is made of each
    bootstrap   nodes to join the DHT through, "HOST:PORT,HOST:PORT"
    dir         directory of the data
    torrent     path of the .torrent, to seed;   magnet   what is read
    encryption  "rc4" and "plaintext" force the method within MSE, "off" uses none; absent: defaults
    settings    further settings of libtorrent
    tries       whether the log of peers is printed to standard error

Prints "ready" once it seeds or its nodes are started, "first" at the first payload, "done" at the
end. The lab ends it.
"""

import json
import signal
import sys

import libtorrent as lt

METHODS = {
    "rc4": (lt.enc_policy.pe_forced, lt.enc_level.pe_rc4),
    "plaintext": (lt.enc_policy.pe_forced, lt.enc_level.pe_plaintext),
    "off": (lt.enc_policy.pe_disabled, lt.enc_level.pe_both),
}


def session_of(order, listen):
    settings = {
        "listen_interfaces": listen,
        "dht_bootstrap_nodes": order["bootstrap"],
        "alert_mask": lt.alert.category_t.all_categories if order.get("tries")
        else lt.alert.category_t.status_notification | lt.alert.category_t.error_notification
        | lt.alert.category_t.dht_notification,
    }
    method = METHODS.get(order.get("encryption"))
    if method:
        settings |= {
            "out_enc_policy": int(method[0]),
            "in_enc_policy": int(method[0]),
            "allowed_enc_level": int(method[1]),
        }
    return lt.session(settings | order.get("settings", {}))


def run(order):
    if order["do"] == "dht":
        # Nodes alone: they map no ports and look for nobody in their network.
        order["settings"] = {"enable_upnp": False, "enable_natpmp": False, "enable_lsd": False}
        nodes = [session_of(order, listen) for listen in order["listen"]]
        print("ready", flush=True)
        signal.pause()
        return nodes
    session = session_of(order, order["listen"])
    params = lt.parse_magnet_uri(order["magnet"]) if "magnet" in order else lt.add_torrent_params()
    if "torrent" in order:
        params.ti = lt.torrent_info(order["torrent"])
    params.save_path = order["dir"]
    handle = session.add_torrent(params)
    has_payload = False
    while True:
        session.wait_for_alert(20)
        for alert in session.pop_alerts():
            if order.get("tries"):
                print(alert.message(), file=sys.stderr, flush=True)
            # A torrent that began before the DHT was ready asks it again only after 15 minutes.
            if isinstance(alert, lt.dht_bootstrap_alert):
                handle.force_dht_announce()
            if isinstance(alert, lt.torrent_error_alert):
                sys.exit(alert.message())
            if isinstance(alert, lt.torrent_finished_alert):
                print("ready" if order["do"] == "seed" else "done", flush=True)
        if order["do"] == "read" and not has_payload and handle.status().total_payload_download > 0:
            has_payload = True
            print("first", flush=True)


run(json.loads(sys.argv[1]))
