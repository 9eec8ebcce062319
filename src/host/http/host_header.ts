/**
 * Checks the host that a request names, against DNS rebinding: a web page whose own name resolves to
 * 127.0.0.1 can make a browser send requests to us, but those requests carry the foreign name.
 *
 * @module
 */

/** Names and addresses that a request may use for this server. */
export interface OwnNames {
  /** Local address that the client connected to. */
  localHost: string;
  /** Names and addresses from the settings, in lower case. */
  configured: readonly string[];
}

/** HTTP status that refuses a request's host; `undefined` for an accepted host. */
export type HostProblem = 400 | 421 | undefined;

/** `uri-host [":" port]` of RFC 3986, without percent-encoding, which no name of this server needs. */
const authority = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._~!$&'()*+,;=-]{1,255})(?::\d{0,5})?$/i;

/**
 * Checks the host of a request (RFC 9110, sections 7.2 and 15.5.20; RFC 9112, section 3.2).
 *
 * @param target the request target, unchanged
 * @param hosts the values of all `Host` headers
 * @param httpVersion `1.0` or `1.1`; 1.0 needs no `Host` header, and no browser sends it
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
  // A host in an absolute target takes precedence over the header.
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(target);
  if (!absolute && !target.startsWith("/") && target !== "*") return 400;
  const text = absolute ? absolute[1]! : named;
  if (text === undefined) return undefined;
  const host = hostOf(text);
  if (host === undefined) return 400;
  return isOurs(host, own) ? undefined : 421;
}

/** Host of an authority: lower case, without port, brackets and final dot; `undefined` if invalid. */
function hostOf(text: string): string | undefined {
  const host = authority.exec(text)?.[1]?.toLowerCase();
  return host === undefined ? undefined : bareHost(host);
}

/** Normal form of a host: lower case, without brackets, IPv6 addresses compressed. */
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
