"""libtorrent with many idle torrents. Argument: a directory with archives and torrents. Prints an
object when all are seeded, then runs until it is killed."""

import glob
import json
import sys
import time

import libtorrent as lt

directory = sys.argv[1]
session = lt.session({
    "listen_interfaces": "0.0.0.0:47123",
    "enable_dht": True,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "active_limit": -1,
    "active_seeds": -1,
    "active_dht_limit": -1,
})
handles = []
for path in glob.glob(directory + "/*.torrent"):
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(path)
    params.save_path = directory
    params.flags |= lt.torrent_flags.seed_mode
    handles.append(session.add_torrent(params))
while not all(handle.status(0).is_seeding for handle in handles):
    time.sleep(0.01)
print(json.dumps({"seeded": len(handles)}), flush=True)
while True:
    time.sleep(3600)
