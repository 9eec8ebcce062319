/**
 * Runs all benchmarks: `deno run -A scripts/bench/main.ts [--rounds N] [--short] [ROW…]`. Each of the other
 * files that define benchmarks can also be run alone.
 */

import { rows as announceWeek } from "./announce_week.ts";
import { rows as binary } from "./binary.ts";
import { rows as catalog } from "./catalog.ts";
import { rows as dashboard } from "./dashboard.ts";
import { rows as dhtRecords } from "./dht_records.ts";
import { rows as download } from "./download.ts";
import { runBenchmarks } from "./harness.ts";
import { rows as idle } from "./idle.ts";
import { rows as install } from "./install.ts";
import { rows as mirrorSize } from "./mirror_size.ts";
import { rows as mirrors } from "./mirrors.ts";
import { rows as names } from "./names.ts";
import { rows as pack } from "./pack.ts";
import { rows as pieces } from "./pieces.ts";
import { rows as publish } from "./publish.ts";
import { rows as reannounce } from "./reannounce.ts";
import { rows as reannounceWeek } from "./reannounce_week.ts";
import { rows as rendezvous } from "./rendezvous.ts";
import { rows as secrets } from "./secrets.ts";
import { rows as seed } from "./seed.ts";
import { rows as seedMemory } from "./seed_memory.ts";
import { rows as sharedDht } from "./shared_dht.ts";
import { rows as swarm } from "./swarm.ts";
import { rows as update } from "./update.ts";
import { rows as utp } from "./utp.ts";
import { rows as vandal } from "./vandal.ts";
import { rows as worstArchives } from "./worst_archives.ts";

if (import.meta.main) {
  const files = [...pack, ...secrets, ...publish, ...install, ...binary, ...worstArchives];
  const transfers = [...download, ...update, ...swarm, ...seed, ...seedMemory, ...utp, ...pieces];
  const dht = [...sharedDht, ...dhtRecords, ...reannounce, ...reannounceWeek, ...announceWeek];
  const rows = [
    ...dht,
    ...rendezvous,
    ...vandal,
    ...names,
    ...catalog,
    ...files,
    ...transfers,
    ...idle,
    ...mirrors,
    ...mirrorSize,
    ...dashboard,
  ];
  Deno.exit(await runBenchmarks(rows, Deno.args));
}
