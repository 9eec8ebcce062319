/**
 * Converts IP addresses between text and bytes. Does not classify them: `address_blocks.ts` tells public
 * addresses from local ones.
 *
 * @module
 */

/** An IP address: 4 bytes for IPv4, 16 bytes for IPv6, big-endian. */
export type Address = Uint8Array;

/** An address family: IPv4 or IPv6. */
export type Family = 4 | 6;

/**
 * Parses an address of IPv4 in four decimal parts without leading zeros, or of IPv6 in any form of
 * RFC 4291, section 2.2. Returns `undefined` for anything else, such as a name or a zone id.
 */
export function parseAddress(text: string): Address | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** Returns an address without its zone (RFC 4007, section 11): `fe80::1` for `fe80::1%eth0`. */
export function withoutZone(address: string): string {
  return address.replace(/%.*/, "");
}

/** Character codes of the digit zero and the full stop. */
const [ZERO, FULL_STOP] = [48, 46];

// A loop over characters: each DHT lookup parses dozens of addresses, and splitting the text into
// parts would make a sixth of a lookup's garbage.
function parseIpv4(text: string): Address | undefined {
  const bytes = new Uint8Array(4);
  let index = 0;
  /** Value of the current part; `undefined` before its first digit. */
  let value: number | undefined;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : FULL_STOP;
    if (code === FULL_STOP) {
      if (value === undefined || index === 4) return undefined;
      bytes[index++] = value;
      value = undefined;
      continue;
    }
    const digit = code - ZERO;
    // A part that begins with zero ends there.
    if (!(digit >= 0 && digit <= 9) || value === 0) return undefined;
    value = (value ?? 0) * 10 + digit;
    if (value > 255) return undefined;
  }
  return index === 4 ? bytes : undefined;
}

function parseIpv6(text: string): Address | undefined {
  // 45 characters: six groups, then IPv4 in dotted form.
  if (text.length > 45) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => bytesOf(half, index === halves.length - 1));
  if (!head || halves.length === 2 && !tail) return undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  // "::" stands for at least one group of zeros.
  if (tail ? missing < 2 : missing !== 0) return undefined;
  return Uint8Array.from([...head, ...Array<number>(missing).fill(0), ...tail ?? []]);
}

/** Bytes of the groups of one side of "::". The last group of an address may be IPv4. */
function bytesOf(half: string, isLast: boolean): number[] | undefined {
  if (half === "") return [];
  const bytes: number[] = [];
  const groups = half.split(":");
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else {
      const inner = isLast && index === groups.length - 1 ? parseIpv4(group) : undefined;
      if (!inner) return undefined;
      bytes.push(...inner);
    }
  }
  return bytes;
}

/**
 * Text of an address: dotted decimal, or the canonical form of RFC 5952, which operating systems
 * report. An IPv4-mapped address is written in groups, too.
 */
export function formatAddress(address: Address): string {
  if (address.length === 4) return `${address[0]}.${address[1]}.${address[2]}.${address[3]}`;
  const { buffer, byteOffset } = address;
  const view = new DataView(buffer, byteOffset, 16);
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(2 * index));
  const zeros = longestZeros(groups);
  const text = (from: number, to: number) =>
    groups.slice(from, to).map((group) => group.toString(16)).join(":");
  if (zeros.length < 2) return text(0, 8);
  return `${text(0, zeros.at)}::${text(zeros.at + zeros.length, 8)}`;
}

/** Finds the longest run of zero groups; of equally long ones the first (RFC 5952, section 4.2.3). */
function longestZeros(groups: number[]): { at: number; length: number } {
  let longest = { at: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { at: index + 1 - length, length };
  }
  return longest;
}

/**
 * Returns what counts as one machine when machines are limited: an IPv4 address, or the /64 network of
 * an IPv6 address as 16 hexadecimal digits, because a machine may use every address of its network.
 * Other texts are returned as they are.
 */
export function machineOf(host: string): string {
  const address = host.includes(":") ? parseAddress(host) : undefined;
  return address?.toHex().slice(0, 16) ?? host;
}

/**
 * Returns an IPv4 address in dotted form if it is IPv4-mapped (`::ffff:a.b.c.d`, RFC 4291, section
 * 2.5.5.2), as a dual-stack listener reports it. Other texts are returned as they are.
 */
export function unmapIpv4(host: string): string {
  return host.replace(/^::ffff:(?=\d+\.)/i, "");
}

/**
 * Returns the bytes of the address at the other end of a connection; `undefined` for another text.
 * An IPv4-mapped address has 4 bytes, see {@linkcode unmapIpv4}.
 */
export function peerAddressBytes(text: string): Address | undefined {
  return parseAddress(unmapIpv4(text));
}
