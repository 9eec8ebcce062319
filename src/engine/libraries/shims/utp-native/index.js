// uTP would want the UDP port that belongs to the DHT, so there is none. An object without members
// makes WebTorrent answer UTP_SUPPORT = false.
module.exports = {};
