/**
 * Explanations for settings that users expect but that deliberately do not exist.
 *
 * @module
 */

/**
 * Returns advice for a setting that deliberately does not exist, such as `dht-port`; `undefined`
 * for any other name.
 *
 * @param key a setting's key, or an environment variable converted to the form of a key
 * (`dht-port`)
 */
export function explainMissingSetting(key: string): string | undefined {
  if (/^(?:dht|udp|torrent|tcp|peer|listen)-port$/.test(key)) {
    return `there is no ${key}: peers (TCP) and the DHT (UDP) share the one port number, set port`;
  }
  return undefined;
}
