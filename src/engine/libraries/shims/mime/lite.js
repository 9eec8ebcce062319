// WebTorrent asks for the type of each file, for the web server and the blobs that libreseed does
// not use. `null` stands for an unknown type.
export default { getType: () => null };
