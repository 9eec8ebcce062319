/**
 * Deno permissions of the gate's thread.
 *
 * @module
 */

/**
 * Returns the permissions of the gate's thread: the network and nothing else. The gate itself
 * refuses addresses, because Deno's lists have no ranges of IPv6 and no neighbours.
 */
export function gatePermissions(): Deno.PermissionOptionsObject {
  return {
    net: true,
    read: false,
    write: false,
    env: false,
    sys: false,
    run: false,
    ffi: false,
    import: false,
  };
}
