/**
 * Parses and formats `HOST:PORT`. Does not check whether the host exists or may be contacted.
 *
 * @module
 */

// deno-lint-ignore-file no-process-global -- importing it would load node:net with this folder

/** A host name or IP address, and a port. An IPv6 address is stored without brackets. */
export interface HostPort {
  host: string;
  port: number;
}

/**
 * Parses `router.example.org:6881`, `192.0.2.1:6881` or `[2001:db8::1]:6881` (RFC 3986, section
 * 3.2.2, without a zone). For an invalid text, returns `expected`, a description of the valid form.
 * It completes an error message that ends in "… is not".
 *
 * @param options `allowPortZero` accepts port 0, which is refused otherwise
 */
export function readHostPort(
  text: string,
  options: { allowPortZero?: boolean } = {},
): HostPort | { expected: string } {
  if (isIPv6(text) || isIPv6(text.replace(/:\d+$/, ""))) {
    return { expected: "HOST:PORT: put an IPv6 address in brackets, [::1]:6881" };
  }
  const match = /^(?:\[([^\]%]*)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? "";
  const hostIsGood = match?.[1] === undefined
    ? host.length <= 253 && /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(host)
    : isIPv6(host);
  if (!hostIsGood) return { expected: "HOST:PORT, like router.example.org:6881" };
  const port = Number(match?.[3]);
  const lowest = options.allowPortZero ? 0 : 1;
  if (port >= lowest && port <= 65_535) return { host, port };
  return { expected: `HOST:PORT with a port from ${lowest} to 65535` };
}

/** Formats a host and a port as `HOST:PORT`, with brackets around an IPv6 address. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a text is an IPv6 address. Node's module is loaded only for a text that may be one. */
function isIPv6(text: string): boolean {
  return /:.*:/.test(text) && process.getBuiltinModule("node:net").isIPv6(text);
}

const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);

/** Whether a host is an IPv4 address in dotted decimal form. */
export function isIPv4Host(host: string): boolean {
  return IPV4.test(host);
}
