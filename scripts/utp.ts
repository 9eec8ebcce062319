/**
 * `deno task utp [--transfers N] [--first SEED]`: runs seeded uTP transfers of at least 1 MiB over
 * simulated paths (`tests/support/utp_transfers.ts`), by default a thousand. Prints the seeds that
 * fail; the exit code is 1 if there are any.
 */

import { parseScriptArgs } from "./arguments.ts";
import { runTransfer } from "../tests/support/utp_transfers.ts";

const { values } = parseScriptArgs({
  options: {
    transfers: { type: "string", default: "1000" },
    first: { type: "string", default: "1" },
  },
});
const [first, count] = [Number(values.first), Number(values.transfers)];
let failed = 0;
for (let seed = first; seed < first + count; seed++) {
  try {
    await runTransfer(seed);
  } catch (error) {
    failed++;
    console.error(`seed ${seed}: ${(error as Error).message}`);
  }
}
console.log(`${count - failed} of ${count} transfers have arrived whole`);
Deno.exit(failed > 0 ? 1 : 0);
