/**
 * The checks of `libreseed doctor`: findings about a home, the machine and the network, with advice
 * for each problem. Runs in the command's thread.
 *
 * Start reading in `doctor.ts`: {@linkcode examine} runs the checks in order and yields a `Check`
 * for each. A `Check` (`check.ts`) has a subject, a verdict (ok, warn, fail), a finding and advice;
 * the functions `ok`, `warn` and `fail` make one.
 *
 * - `daemon.ts` finds the process that runs the home's engine. The network checks (`network.ts`)
 *   use the status of a running daemon; without a daemon they bind the port themselves.
 * - `home.ts`, `key.ts`, `state.ts`, `archives.ts`, `name_entries.ts` examine files of the home.
 * - `resources.ts`, `permissions.ts`, `clock.ts` examine the machine and the runtime.
 * - `dht_clock.ts` compares the clock with the DHT. It runs last, and only if the home, the state
 *   and the network work, because it may start an engine.
 *
 * No check changes anything. The only file written is a probe file of `home.ts`, which is removed
 * at once. A check that throws is reported as a failure (`checkFailed`), and the following checks
 * still run.
 *
 * Left to others: printing and the exit code (`src/cli/commands/doctor.ts`), and all repairs.
 *
 * @module
 */

export { examine } from "./doctor.ts";
