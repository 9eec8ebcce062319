/**
 * Whom a request to the HTTP page is meant for. A web page that has its own name lead to 127.0.0.1
 * (DNS rebinding) has the browser ask us in its name; such a request still carries the foreign name.
 *
 * @module
 */

/** Where a request came in, and what it may call us. */
export interface OwnNames {
  /** The address on this machine that the client has dialled. */
  localHost: string;
  /** Names and addresses that whoever runs the daemon has given, in lower case. */
  configured: readonly string[];
}

/** What is wrong with a request's host, as a status; `undefined` if nothing is. */
export type HostProblem = 400 | 421 | undefined;

/** `uri-host [":" port]` of RFC 3986, without percent-encoding, which no name of ours needs. */
const authority = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._~!$&'()*+,;=-]{1,255})(?::\d{0,5})?$/i;

/**
 * Judges the host of a request (RFC 9110, sections 7.2 and 15.5.20; RFC 9112, section 3.2).
 *
 * @param target the request target, as it came
 * @param hosts the values of all `Host` headers
 * @param httpVersion `1.0` or `1.1`; the former need not name a host, and no browser speaks it
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
  // The host in the target counts, if there is one, and the header does not.
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(target);
  if (!absolute && !target.startsWith("/") && target !== "*") return 400;
  const text = absolute ? absolute[1]! : named;
  if (text === undefined) return undefined;
  const host = hostOf(text);
  if (host === undefined) return 400;
  return isOurs(host, own) ? undefined : 421;
}

/** In lower case, without port, brackets and the dot at the end; `undefined` if it is no host. */
function hostOf(text: string): string | undefined {
  const host = authority.exec(text)?.[1]?.toLowerCase();
  return host === undefined ? undefined : bareHost(host);
}

/** A host as it is compared: lower case, an IPv6 address shortened and without brackets. */
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
