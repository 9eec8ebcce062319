/**
 * Keeps the host's records alive in the DHT, and implements the operations on records.
 *
 * - `record_operations.ts` implements the operations `lookUp`, `keptItem`, `store`, `announce`,
 *   `nameEntry` and `indexName` of the control socket. Start reading here.
 * - `kept_records.ts` connects the table of records in `state.db` with the schedule in the worker, which
 *   re-announces each record at its due time (`src/dht/announce`).
 * - `announcing.ts` decides what is announced individually, within `announce-budget`: `announce_plan.ts`
 *   selects, without input or output, what `plan_reader.ts` reads from the state, by the costs that
 *   `announce_costs.ts` measures. `turns.ts` announces the others one after the other. `publishers.ts` and
 *   `mirror_draw.ts` decide which mirror keeps what.
 * - `name_keeper.ts` rewrites the indexes of the names that this home uses, at the times of
 *   `name_schedule.ts`. The DHT key of a name index changes every day.
 * - `adopted_lists.ts` keeps the lists of other publishers whose packages are seeded here.
 * - `follow_keeper.ts` reads the lists of followed publishers with `follow_refresh.ts`, and mirrors their
 *   packages. `followed_descriptions.ts` reads the descriptions of these.
 * - `kept_nodes.ts` saves the routing table's nodes, `dht_watch.ts` reports changes of the DHT's state,
 *   and `dht_clock.ts` compares the clock with the DHT.
 *
 * Commands sign records (`src/publishing`). The worker thread does the lookups and puts.
 *
 * @module
 */

export { Announcing } from "./announcing.ts";
export { AdoptedLists } from "./adopted_lists.ts";
export { askDhtClock, describeClock, usedNames } from "./dht_clock.ts";
export { DhtWatch } from "./dht_watch.ts";
export { followPublisher } from "./follow.ts";
export { FollowKeeper } from "./follow_keeper.ts";
export { FollowedDescriptions } from "./followed_descriptions.ts";
export { refreshFollow } from "./follow_refresh.ts";
export { KeptNodes } from "./kept_nodes.ts";
export { KeptRecords } from "./kept_records.ts";
export { NameKeeper } from "./name_keeper.ts";
export { RecordOperations } from "./record_operations.ts";
