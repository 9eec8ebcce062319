// libreseed speaks TCP and uTP only. WebTorrent makes no peer of this class, and reports that WebRTC
// is not supported. The real package needs a polyfill that loads a native addon from outside the
// registry.
export default class Peer {
  static WEBRTC_SUPPORT = false;

  constructor() {
    throw new Error("libreseed has no WebRTC");
  }
}
