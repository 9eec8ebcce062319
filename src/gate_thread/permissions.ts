/**
 * Deno permissions of the gate's thread.
 *
 * @module
 */

/**
 * Returns the permissions of the gate's thread: the network and nothing else. The gate's own code
 * refuses addresses, because Deno's lists can express neither ranges of IPv6 nor neighbours.
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
