// No web seeds, and no torrent is read from an address. The real package brings an HTTP client and
// streams of its own, which every start would load.
export default function fetch() {
  return Promise.reject(new Error("libreseed fetches nothing by HTTP"));
}
