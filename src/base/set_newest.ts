/**
 * Bounded maps, in which an entry that is set is the newest and the oldest gives way. With each use of an
 * entry counted as setting it, such a map is an LRU cache.
 *
 * @module
 */

/** Sets an entry of a map as its last one, and drops the first one if there are more than `max`. */
export function setNewest<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > max) map.delete(map.keys().next().value!);
}
