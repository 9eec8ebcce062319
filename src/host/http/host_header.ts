/**
 * Checks the `Host` header of requests, as a protection against DNS rebinding. In this attack, the name of
 * a web page resolves to 127.0.0.1, so that a browser sends the page's requests to this server. The `Host`
 * header of these requests has the name of the web page and is refused.
 *
 * @module
 */

/** Host names and IP addresses that a request may have in its `Host` header. */
export interface OwnNames {
  /** IP address of this machine to which the client connected. */
  localHost: string;
  /** Host names and IP addresses from the settings, in lower case. */
  configured: readonly string[];
}

/** HTTP status for a request whose host is refused; `undefined` if the host is accepted. */
export type HostProblem = 400 | 421 | undefined;

/**
 * Pattern `uri-host [":" port]` of RFC 3986. Percent-encoding is not accepted, as no name of this server
 * needs it.
 */
const authority = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._~!$&'()*+,;=-]{1,255})(?::\d{0,5})?$/i;

/**
 * Checks the host of a request (RFC 9110, sections 7.2 and 15.5.20; RFC 9112, section 3.2).
 *
 * @param target the request target (RFC 9112), exactly as received
 * @param hosts the values of all `Host` headers
 * @param httpVersion `1.0` or `1.1`; HTTP/1.0 requires no `Host` header, which is safe since browsers do
 * not use HTTP/1.0
 */
export function hostProblem(
  target: string,
  hosts: readonly string[],
  httpVersion: string,
  own: OwnNames,
): HostProblem {
  if (hosts.length > 1) return 400;
  const [named] = hosts;
  if (named === undefined && httpVersion !== "1.0") return 400;
  if (named !== undefined && hostOf(named) === undefined) return 400;
  // If the request target is an absolute URL, its host takes precedence over the `Host` header.
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(target);
  if (!absolute && !target.startsWith("/") && target !== "*") return 400;
  const text = absolute ? absolute[1]! : named;
  if (text === undefined) return undefined;
  const host = hostOf(text);
  if (host === undefined) return 400;
  return isOurs(host, own) ? undefined : 421;
}

/** Extracts the host of `HOST[:PORT]`: lower case, without brackets and final dot. `undefined` if invalid. */
function hostOf(text: string): string | undefined {
  const host = authority.exec(text)?.[1]?.toLowerCase();
  return host === undefined ? undefined : bareHost(host);
}

/** Normalizes a host: lower case, without brackets and final dot, IPv6 addresses compressed. */
export function bareHost(host: string): string | undefined {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (!bare.includes(":")) return bare.replace(/\.$/, "");
  try {
    const address = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
    const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
    if (!mapped) return address;
    const [high, low] = [mapped[1]!, mapped[2]!].map((group) => Number.parseInt(group, 16));
    return [high! >> 8, high! & 255, low! >> 8, low! & 255].join(".");
  } catch {
    return undefined;
  }
}

function isOurs(host: string, { localHost, configured }: OwnNames): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host) || host === bareHost(localHost) ||
    configured.includes(host);
}
