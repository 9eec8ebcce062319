/**
 * Finds the default gateway of IPv4 and our own address towards it, with the program `ip`
 * (iproute2). `/proc/net/route` is no alternative, because Deno allows reading it only to programs
 * with all permissions.
 *
 * @module
 */

/** Paths at which `ip` may be installed. PATH is not searched, as for `ss`. */
const IP = ["/usr/sbin/ip", "/usr/bin/ip", "/sbin/ip", "/bin/ip"];
/**
 * Public address of a root name server. `ip` looks up the route to this address, and sends nothing.
 * A list of routes would not tell which route a VPN or a routing rule selects.
 */
const PUBLIC_ADDRESS = "198.41.0.4";
const DOTTED = "\\d{1,3}(?:\\.\\d{1,3}){3}";

/** A default gateway. Both addresses are IPv4 in dotted form. */
export interface DefaultGateway {
  address: string;
  /** Address from which this machine sends to the gateway. */
  localAddress: string;
}

/** Finds the default gateway. Returns `undefined` if there is none, or `ip` is not installed. */
export async function findGateway(): Promise<DefaultGateway | undefined> {
  for (const program of IP) {
    try {
      const { stdout } = await new Deno.Command(program, {
        args: ["-4", "route", "get", PUBLIC_ADDRESS],
        stdin: "null",
        stderr: "null",
      }).output();
      return parseRoute(new TextDecoder().decode(stdout));
    } catch {
      // `ip` is not installed at this path, so the next path is tried.
    }
  }
  return undefined;
}

/** Parses `ADDRESS via GATEWAY dev NAME src OURS` in the output of `ip route get`. */
export function parseRoute(text: string): DefaultGateway | undefined {
  const [, address, localAddress] =
    new RegExp(`^${DOTTED} via (${DOTTED}) dev \\S+(?: table \\S+)? src (${DOTTED})(?: |$)`, "m")
      .exec(text) ?? [];
  return address && localAddress ? { address, localAddress } : undefined;
}
