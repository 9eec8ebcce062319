/**
 * IPv4 address blocks. The permissions of the engine's thread and the gate's own check use the same
 * blocks, so that both refuse the same addresses.
 *
 * @module
 */

/**
 * Address ranges that contain no public peer: the blocks of IANA's IPv4 special-purpose registry
 * (RFC 6890) that are not globally reachable, the deprecated 6to4 relays (RFC 7526), multicast (RFC 5771)
 * and the reserved range above it.
 */
export const NOT_PUBLIC_RANGES: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
];

/** Loopback and the private networks (RFC 1918), which `--allow-local` adds. */
export const LOCAL_RANGES: readonly string[] = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
];
