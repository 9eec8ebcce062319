// Routers are not asked to forward ports. The real package brings an XML parser and a writer, which
// every start would load.
export default class NatAPI {
  constructor() {
    throw new Error("libreseed does not forward ports");
  }
}
