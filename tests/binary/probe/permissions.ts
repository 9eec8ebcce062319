/**
 * Compares the grants of a thread with the permissions that the runtime reports inside the thread.
 *
 * @module
 */

/** Result of a comparison. */
export interface Examined {
  /** Number of entries that were granted. */
  entries: number;
  /** Entries that the runtime denies. */
  missing: string[];
  /** Neighbours of entries, and whole kinds, that the runtime grants. */
  extra: string[];
}

const WHOLE = ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const;
/** Hosts that no thread may reach, except for flags and commands that concern these hosts. */
const HOSTS = [
  "127.0.0.1:1",
  "10.0.0.1:1",
  "192.168.0.1:1",
  "169.254.169.254:80",
  "[::1]:1",
  "[::ffff:10.0.0.1]:1",
  "[fe80::1]:1",
  "[64:ff9b::a00:1]:1",
  "localhost:1",
];

/**
 * Asks the runtime about each entry and its neighbours.
 *
 * @param permissions the permissions with which the thread was started
 * @param forbidden paths that the thread must not open
 */
export function examinePermissions(
  permissions: Record<string, unknown>,
  forbidden: readonly string[],
): Examined {
  const found: Examined = { entries: 0, missing: [], extra: [] };
  const listOf = (name: string) => Array.isArray(permissions[name]) ? permissions[name] : [];
  const want = (descriptor: Deno.PermissionDescriptor) => {
    found.entries++;
    if (!isGranted(descriptor)) found.missing.push(JSON.stringify(descriptor));
  };
  const refuse = (descriptor: Deno.PermissionDescriptor) => {
    if (isGranted(descriptor)) found.extra.push(JSON.stringify(descriptor));
  };
  for (const name of WHOLE) if (permissions[name] !== true) refuse({ name });
  for (const name of ["read", "write"] as const) {
    const paths: string[] = listOf(name);
    const isWithin = (path: string) =>
      paths.some((one) => path === one || path.startsWith(one.endsWith("/") ? one : `${one}/`));
    const neighbours = paths.flatMap((
      path,
    ) => [`${path}-other`, path.replace(/\/[^/]*$/, "") || "/"]);
    for (const path of paths) want({ name, path });
    for (const path of [...neighbours, ...forbidden]) if (!isWithin(path)) refuse({ name, path });
  }
  const hosts: string[] = listOf("net");
  for (const entry of hosts) {
    const host = entry.replace(/\/\d+$/, "");
    if (!host.startsWith("unix:")) {
      want({ name: "net", host });
      const [, name, port] = /^(.*):(\d+)$/.exec(host) ?? [];
      if (port !== undefined) refuse({ name: "net", host: `${name}:${Number(port) ^ 1}` });
      if (/^[a-z]/i.test(host)) refuse({ name: "net", host: `other.${host}` });
    }
  }
  if (permissions.net !== true) { for (const host of HOSTS) refuse({ name: "net", host }); }
  for (const kind of listOf("sys")) want({ name: "sys", kind });
  refuse({ name: "sys", kind: "hostname" });
  refuse({ name: "sys", kind: "networkInterfaces" });
  return found;
}

function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}
