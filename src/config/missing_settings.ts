/**
 * Settings that people look for and that are deliberately not there.
 *
 * @module
 */

/**
 * What to say to somebody who uses a name that we deliberately do not have; `undefined` for all
 * other names. The name is a key, or the lower-case, dashed form of a variable.
 */
export function explainMissingSetting(key: string): string | undefined {
  if (/^(?:dht|udp|torrent|tcp|peer|listen)-port$/.test(key)) {
    return `there is no ${key}: peers (TCP) and the DHT (UDP) share the one port number, set port`;
  }
  return undefined;
}
