/**
 * The checks of `libreseed doctor`: findings about a home, its machine and its network, each with a
 * repair that the user can make. Runs in the command's process.
 *
 * {@linkcode examine} (`doctor.ts`) is the place to start reading: it runs the checks in order and
 * yields a `Check` for each. A `Check` (`check.ts`) has a subject, a verdict (ok, warn, fail), a finding
 * and advice; `ok`, `warn` and `fail` construct it.
 *
 * - `daemon.ts` finds the process that owns the home's engine, since the network checks depend on it:
 *   with a daemon they read its status, without one they bind the port themselves (`network.ts`).
 * - `home.ts`, `key.ts`, `state.ts`, `archives.ts`, `name_entries.ts` look at files of the home.
 * - `resources.ts`, `permissions.ts`, `clock.ts` look at the machine and the runtime.
 * - `dht_clock.ts` compares the clock with the DHT. It runs last, once the home, the state and the
 *   network are known to work, because it may start an engine.
 *
 * A check changes nothing. Only `home.ts` writes, a probe file that it removes at once. A
 * check that throws is reported as a failure (`checkFailed`), and the next checks still run.
 *
 * Left to others: printing and the exit code (`src/cli/commands/doctor.ts`), every repair.
 *
 * @module
 */

export { examine } from "./doctor.ts";
