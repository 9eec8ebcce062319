/**
 * The schemas of requests and answers of the HTTP API. The compiler compares each schema of an answer with
 * its type in `src/control` (`exact.ts`).
 *
 * @module
 */

export type { AnnouncedJson } from "./announced.ts";
export { dht, event, followed, history, logs, name, publisher } from "./observing.ts";
export { announced, packageDetails, packageEntry, published, record } from "./packages.ts";
export {
  announceBody,
  eventsQuery,
  followBody,
  followQuery,
  logsQuery,
  publisherParams,
  publisherQuery,
  publishQuery,
  versionParams,
} from "./requests.ts";
export { overview, reloaded, setting, status } from "./status.ts";
export { components, errorSchema } from "./components.ts";
