// The sandbox allows no multicast.
export default class LSD {
  constructor() {
    throw new Error("libreseed does not look for peers in the local network");
  }
}
