// src/engine/dial decides which addresses are dialled, and WebTorrent gets no `blocklist`.
export default function loadIpSet() {
  throw new Error("libreseed reads no block list");
}
