// The real package loads a native addon from outside the registry. libreseed speaks TCP only, and
// without an RTCPeerConnection the callers report that WebRTC is not supported, which is the truth.
export const RTCPeerConnection = undefined;
export const RTCSessionDescription = undefined;
export const RTCIceCandidate = undefined;
export default {};
