/**
 * Examines a home, the machine and the network: runs all checks in order and yields their results.
 * The checks are in the other files of this folder. No check repairs anything.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import { homePaths, ownUid } from "../control/mod.ts";
import type { Grant, HomeExamination, LauncherRequests } from "../launcher/mod.ts";
import { LazyState } from "../store/mod.ts";
import { checkArchives } from "./archives.ts";
import { type Check, checkFailed, ok } from "./check.ts";
import { checkClock } from "./clock.ts";
import { checkBinding, checkBindingOf } from "./binding.ts";
import { checkDaemon } from "./daemon.ts";
import { checkClockByDht } from "./dht_clock.ts";
import { checkHome, checkSeedDirectory, checkTemporaries } from "./home.ts";
import { checkKey } from "./key.ts";
import { checkHomeLinks } from "./links.ts";
import { checkKnownRevocations } from "./known_revocations.ts";
import { checkNameEntries } from "./name_entries.ts";
import { checkDht, checkDhtOf, checkPorts } from "./network.ts";
import { checkPermissions, describeEnginePermissions } from "./permissions.ts";
import { checkDisk, checkOpenFiles } from "./resources.ts";
import { checkGate } from "./gate.ts";
import { checkReachability } from "./reachability.ts";
import { checkState } from "./state.ts";

/** Options of {@linkcode examine}, which runs all checks. */
export interface DoctorOptions {
  settings: Settings;
  clock: Clock;
  launcher: LauncherRequests;
  /** Permissions of this thread, with the reasons. */
  grants?: readonly Grant[];
  /** Cancels the checks, for instance while they wait for answers of DHT nodes. */
  signal?: AbortSignal;
  /** User id that should own the files of the home; by default the user id of this process. */
  uid?: number;
}

/**
 * Names of the checks whose failure does not make the home unusable. After any other failure, the
 * checks that open `state.db` are skipped.
 */
const notOfHome: readonly string[] = ["clock", "archives"];

/**
 * Runs all checks in order and yields their results. A check that throws yields a failure, and the
 * following checks still run.
 */
export async function* examine(options: DoctorOptions): AsyncGenerator<Check> {
  const { settings, clock, launcher, signal } = options;
  const { home, dir } = settings;
  const own = options.uid ?? ownUid();
  const { check, status, isTaken } = await checkDaemon(home, clock, launcher.describe, signal, own);
  yield check;
  let examined: Promise<HomeExamination> | undefined;
  const examination = () => examined ??= launcher.examineHome(home, dir);
  const { bind } = settings;
  let checkedBinding: ReturnType<typeof checkBinding> | undefined;
  const bound = () =>
    bind === undefined ? undefined : checkedBinding ??= checkBinding(bind, launcher.findBinding);
  const checks: (() => Promise<Check | Check[]>)[] = [
    async () => checkHome(home, await examination(), own),
    () => checkKey(home, own, clock.now(), launcher),
    async () => checkHomeLinks(await examination()),
    () => checkSeedDirectory(dir),
    () => checkArchives(dir, { signal }),
    () => checkState(home),
    async () => checkTemporaries(dir, await examination(), clock.now()),
    async () => checkClock(home, await examination(), clock.now()),
    async () => checkDisk(await examination()),
    () => checkOpenFiles(dir, settings.maxConnections + settings.maxIncoming, status?.pid),
    () => checkPermissions(options.grants),
    async () => {
      const { binding } = await bound() ?? {};
      return describeEnginePermissions(settings, status, status ? status.binding : binding);
    },
  ];
  let isSound = true;
  for (const run of checks) {
    const found = await runCheck(run);
    isSound &&= found.every(({ name, verdict }) => verdict !== "fail" || notOfHome.includes(name));
    yield* found;
  }
  // `state.db` is opened once, and only if the checks above found the home and the database
  // undamaged.
  using state = new LazyState(homePaths(home).state, clock, () => {});
  if (isSound) {
    yield* await runCheck(() => checkKnownRevocations(home, state.open, clock, launcher));
    yield* await runCheck(() => checkNameEntries(home, state.open, clock, launcher));
  }
  const clockByDht = () =>
    runCheck(() => checkClockByDht(settings, state.open, clock, launcher, signal));
  if (status) {
    if (status.binding) yield checkBindingOf(status.binding);
    yield ok("tcp port", `${status.port} is the daemon's`);
    const dht = checkDhtOf(status, settings.dht);
    yield dht;
    const gate = checkGate(status);
    if (gate) yield gate;
    const reachability = checkReachability(status, settings);
    if (reachability) yield reachability;
    if (settings.dht && dht.verdict === "ok" && isSound) yield* await clockByDht();
    return;
  }
  if (isTaken) {
    // Do not probe the port: the process that holds the home's lock may be about to bind it.
    yield ok("port and dht", "not looked at: they belong to that process");
    return;
  }
  let address: string | undefined;
  const binding = await bound();
  if (binding) {
    yield binding.check;
    // Bootstrap nodes are asked over IPv4. Without an address that is bound, nothing may be sent.
    address = binding.binding?.ipv4;
    if (address === undefined) return;
  }
  const { checks: ports, udp } = await checkPorts(settings.port, launcher.findPortOwner, address);
  yield* ports;
  const found = [];
  try {
    found.push(...await runCheck(() => checkDht(udp, settings, clock, signal)));
    yield* found;
  } finally {
    udp?.close();
  }
  const isFree = [...ports, ...found].every(({ verdict }) => verdict === "ok");
  if (settings.dht && isFree && isSound) yield* await clockByDht();
}

async function runCheck(run: () => Promise<Check | Check[]>): Promise<Check[]> {
  try {
    return [await run()].flat();
  } catch (error) {
    return [checkFailed(error)];
  }
}
