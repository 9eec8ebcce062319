/**
 * Keeping records alive: schedule, name indexes, follows, known nodes.
 *
 * @module
 */

export { AdoptedLists } from "./adopted_lists.ts";
export { askDhtClock, describeClock, usedNames } from "./dht_clock.ts";
export { DhtWatch } from "./dht_watch.ts";
export { FollowKeeper, refreshFollow } from "./follows.ts";
export { KeptNodes } from "./kept_nodes.ts";
export { KeptRecords } from "./kept_records.ts";
export { NameKeeper } from "./name_keeper.ts";
export { RecordOperations } from "./record_operations.ts";
