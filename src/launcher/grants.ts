/**
 * Decides what the thread of a command may touch. `command_needs.ts` has the needs of each command:
 * parts of the home, paths of the command line, the network. This file turns the needs into Deno's
 * permission lists.
 *
 * Two rules hold for every entry. A path is a file, a directory that the program owns, or a
 * directory that the user named. `keys/` is never in the list; a thread can open the keys only if
 * it packs a directory that contains the home.
 *
 * @module
 */

import {
  type Binding,
  CONTROL_AUTHORITY,
  directoryOf,
  formatHostPort,
  type HomePaths,
  homePaths,
  isIPv4Host,
  isLocal,
  isPublic,
  isWithin,
  journalOf,
  LOCAL_RANGES,
  parseAddress,
  resolvePath,
  stateFiles,
} from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import type { OnlyServer } from "../gate_thread/mod.ts";
import { type HomePart, type NamedPath, type Needs, needsOf } from "./command_needs.ts";
import { enginePermissions, publicRanges } from "./engine_permissions.ts";
import { GrantList, realPathOf } from "./grant_list.ts";
import type { GrantFacts, Grants } from "./grants_types.ts";
import { KEY_PUBLISHING, type KeyUse } from "./key_uses.ts";
import { mapsPort, usesLan } from "./local_network.ts";

/** Returns what the command line's thread may touch, with the reason for each entry. */
export function grantsFor(facts: GrantFacts): Grants {
  const { line, settings, configPath, cwd, userHome, realPath, stdinPaths = [], program } = facts;
  const list = new GrantList(realPath);
  const needs = line && !line.help ? needsOf(line, { cwd, stdinPaths, program }) : undefined;
  if (needs?.settings && configPath !== undefined) list.add("read", configPath, "the settings");
  const values = settings?.values;
  const home = values && knownHome(values);
  const paths = home === undefined ? undefined : homePaths(home);
  if (needs) grantNamed(list, needs, facts);
  const staging = new Map<string, string>();
  for (const { directory } of needs?.outputs ?? []) {
    const path = resolvePath(directory, `.tmp-held-${facts.random()}`);
    list.readWrite(path, "files that are not complete yet");
    staging.set(directory, path);
  }
  // `loadSettings` refuses a seed directory that contains the key, unless a link leads there.
  const hasKey = values !== undefined && paths !== undefined &&
    isWithin(realPathOf(paths.key, realPath), realPathOf(values.dir, realPath));
  if (needs && values && home !== undefined) {
    for (const form of new Set([home, realPathOf(home, realPath)])) {
      const paths = homePaths(form);
      for (const part of needs.home) grantPart(list, part, paths);
      if (needs.http && values.http) grantPart(list, "http-token", paths);
      grantSockets(list, needs, paths);
      if (needs.webhook && values.webhook !== undefined) {
        list.readWriteAt(paths.webhookSecret, "the secret that signs messages to `webhook`");
      }
    }
    if (!hasKey && needs.home.includes("seed")) list.readWrite(values.dir, "the seed directory");
    if (!hasKey && needs.home.includes("seed-read")) list.read(values.dir, "the seed directory");
    grantAddresses(list, needs, values, facts.binding);
  }
  if (needs?.network === "loopback" || needs?.network === "loopbacks") {
    list.add("net", "127.0.0.1", "the nodes of the test network");
  }
  if (needs?.network === "loopbacks") list.add("net", "[::1]", "the nodes of IPv6");
  const isAtHome = needs && needs.home.length > 0;
  if (isAtHome || needs?.network === "control" || needs?.network === "host") {
    list.add("sys", "uid", "comparing owners of files with this user");
    list.add("sys", "gid", "naming the command that gives files of root back to this user");
  }
  if (isAtHome || needs && needs.outputs.length > 0) {
    list.add("sys", "statfs", "naming a full disk");
  }
  return {
    permissions: list.permissions,
    why: list.entries,
    staging,
    databases: needs?.home.includes("state") && home !== undefined
      ? databasesOf(list, home, realPath)
      : [],
    places: (needs?.outputs ?? []).filter(({ places }) => places).map((one) => one.directory),
    keyPath: needs?.key ? paths?.key : undefined,
    keyUses: keyUsesOf(needs, values),
    keyLine: needs?.key ? { args: line!.args, flags: line!.flags, cwd } : undefined,
    port: values?.port,
    storePath: needs?.home.includes("store") ? paths?.packages : undefined,
    links: needs?.link === undefined ? [] : [needs.link],
    described: needs && values && paths
      ? describedOf(home!, values, userHome).flatMap((one) => [one, realPathOf(one, realPath)])
        .filter((one, at, all) => all.indexOf(one) === at)
      : [],
    isExamined: needs?.probes ?? false,
    wantsEngine: needs?.network === "host" && !hasKey,
    preparesEngine: needs?.engine === true && !hasKey && home !== undefined,
    mapsPort: needs !== undefined && line?.command === "seed" && home !== undefined &&
      mapsPort(values!),
    watchesAddresses: needs !== undefined && line?.command === "seed" && home !== undefined,
    bind: values?.bind,
    lan: needs?.network === "host" && values !== undefined && usesLan(values),
    webhook: needs?.webhook && values?.webhook !== undefined ? serverOf(values.webhook) : undefined,
  };
}

/** Returns the state of the home, by each path to it. */
function databasesOf(
  { entries }: GrantList,
  home: string,
  realPath: GrantFacts["realPath"],
): Grants["databases"] {
  const written = entries.filter(({ permission }) => permission === "write");
  return [...new Set([home, realPathOf(home, realPath)])].map((form) => {
    const { state } = homePaths(form);
    return { path: state, realPath: realPathOf(state, realPath) };
  }).filter(({ path, realPath }) =>
    ![path, realPath].some((one) => written.some(({ what }) => isWithin(journalOf(one), what)))
  );
}

/** Returns the uses of the key. A daemon signs only what comes over HTTP, and only if the user wants it. */
function keyUsesOf(needs: Needs | undefined, values: Settings | undefined): readonly KeyUse[] {
  if (needs?.http && values?.http && values.httpPublish) return KEY_PUBLISHING;
  return needs?.key ?? [];
}

/** Returns the home; `undefined` if none is known: reading the setting throws then. */
function knownHome(values: Settings): string | undefined {
  try {
    // With an unknown home, the seed directory is unknown, too, unless a setting names one.
    void values.dir;
    return values.home;
  } catch {
    return undefined;
  }
}

/** Directories about which a command asks although its thread may not open them. */
function describedOf(
  home: string,
  { dir }: Settings,
  userHome: string | undefined,
): string[] {
  const usual = userHome === undefined ? [] : [resolvePath(userHome, ".libreseed")];
  return [home, directoryOf(homePaths(home).key), dir, ...usual];
}

function grantNamed(
  list: GrantList,
  needs: Needs,
  { roots = [], isFree, realPath }: GrantFacts,
): void {
  const isOwn = (named: NamedPath) => !named.isDerived || !leadsElsewhere(named.path, realPath);
  for (const { path, why } of needs.reads.filter(isOwn)) list.read(path, why);
  for (const { path, why } of needs.writes.filter(isOwn)) list.readWrite(path, why);
  // A directory with files in it is never unpacked to, so the thread has no use for the files.
  const { target } = needs;
  if (target !== undefined && isFree(target)) list.readWrite(target, "the directory to unpack to");
  // The launcher makes the link. An existing link at the path may lead anywhere, so its target is
  // not granted.
  if (needs.link !== undefined) list.add("read", needs.link, "the link to a stored package");
  if (!needs.roots) return;
  for (const path of roots) list.read(path, "a lock file or link that refers to the store");
}

/**
 * Whether a link at the path leads to a file of another name. Deno follows links, so a link in a
 * stranger's directory could open any file of the user to the thread. A target of the same name is
 * taken to be a file of the same kind.
 */
function leadsElsewhere(path: string, realPath: GrantFacts["realPath"]): boolean {
  const nameOf = (path: string) => path.slice(directoryOf(path).length).toLowerCase();
  const real = realPath(path);
  return real !== undefined && nameOf(real).replace(/^\//, "") !== nameOf(path).replace(/^\//, "");
}

/** Grants a part of the home. The seed directory may be elsewhere, and is granted by the caller. */
function grantPart(list: GrantList, part: HomePart, paths: HomePaths): void {
  switch (part) {
    case "tmp":
      return list.readWriteAt(paths.tmp, "temporary files of the home");
    case "state":
      for (const path of stateFiles(paths.state)) {
        // With a journal of its own, the thread could have SQLite remove any file.
        if (path === journalOf(paths.state)) {
          list.add("read", path, "seeing whether the state is there");
        } else list.readWriteAt(path, "the state database");
      }
      return list.readWriteAt(paths.aside, "damaged files that were replaced");
    case "store":
      return list.readWriteAt(paths.packages, "the store of installed packages");
    case "store-read":
      return list.add("read", paths.packages, "names of installed packages, for suggestions");
    case "list-lock":
      return list.readWriteAt(paths.listLock, "the lock of the publisher's list");
    case "searched":
      return list.readWriteAt(paths.searched, "the archives that were searched for secrets");
    case "http-token":
      list.readWriteAt(paths.httpToken, "the token of the HTTP API");
      return list.readWriteAt(paths.newHttpToken, "a new token before it gets its name");
    case "lock":
      return list.readWriteAt(paths.lock, "the lock of the home's host");
  }
}

function grantSockets(list: GrantList, { network }: Needs, paths: HomePaths): void {
  if (network !== "control" && network !== "host") return;
  list.socketAt(paths.control, "the control socket");
  list.add("read", paths.lock, "the process that holds the home's lock");
  if (network !== "host") return;
  list.readWriteAt(paths.bind, "binding the control socket privately");
  list.socketAt(paths.bound, "binding the control socket privately");
}

function grantAddresses(
  list: GrantList,
  { network, http, probes }: Needs,
  values: Settings,
  binding: Binding | undefined,
): void {
  if (network !== "control" && network !== "host") return;
  list.add("net", CONTROL_AUTHORITY, "the address in requests to the control socket");
  if (network !== "host") return;
  const names = values.dht ? values.bootstrap.map(({ host }) => host) : [];
  for (const name of names.filter(isName)) list.add("net", name, "looking up a bootstrap node");
  if (http && values.http) list.add("net", formatHostPort(values.http), "the HTTP page");
  // Without the addresses that the settings name, nothing may be sent.
  if (!probes || values.bind !== undefined && !binding) return;
  grantProbes(list, values, binding);
}

/**
 * Permits testing the port, and sending to the bootstrap nodes. The addresses of a name are unknown
 * here, so a node that is named by its name opens all addresses that the engine may reach.
 */
function grantProbes(list: GrantList, values: Settings, binding: Binding | undefined): void {
  const { dht, bootstrap, allowLocal } = values;
  const { net } = enginePermissions({ ...values, binding, seedDirectory: values.dir });
  const isRange = (entry: string) => publicRanges().includes(entry) || LOCAL_RANGES.includes(entry);
  const isNamed = dht && bootstrap.some(({ host }) => isName(host));
  for (const entry of (net as string[]).filter((entry) => isNamed || !isRange(entry))) {
    list.add("net", entry, "testing port and bootstrap nodes");
  }
  if (isNamed || !dht) return;
  for (const node of bootstrap.filter(({ host }) => isIPv4Host(host))) {
    const address = parseAddress(node.host)!;
    if (isPublic(address) || allowLocal && isLocal(address)) {
      list.add("net", formatHostPort(node), "testing the bootstrap node");
    }
  }
}

/** Returns the server of a webhook's URL. */
function serverOf(webhook: string): OnlyServer {
  const { protocol, hostname, port } = new URL(webhook);
  const kind = protocol === "https:" ? "https" : "http";
  const host = hostname.replace(/^\[|\]$/g, "");
  return { kind, host, port: Number(port || (kind === "https" ? 443 : 80)) };
}

function isName(host: string): boolean {
  return !isIPv4Host(host) && !host.includes(":");
}
