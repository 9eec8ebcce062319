// `src/utp` speaks uTP, on the DHT's UDP socket. An object without members makes WebTorrent answer
// UTP_SUPPORT = false, so that it opens no socket of its own.
module.exports = {};
