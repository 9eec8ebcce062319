/**
 * Data of the daemon for the pages: typed requests, live events, the token.
 *
 * - `api.ts` has a method for each operation of the HTTP API that the pages use.
 * - `live.ts` keeps the stream of events open.
 * - `hooks.ts` has what components call: `useData`, `useLive`, `useSession`. Start reading here.
 *
 * @module
 */

export { Api, type Followable, type VersionOf } from "./api.ts";
export {
  type DataOptions,
  type Loaded,
  type Session,
  SessionContext,
  useData,
  useLive,
  useSession,
  useStore,
} from "./hooks.ts";
export { type Connection, type EventOf, Live } from "./live.ts";
export { gatherRates, type Rate, withRate } from "./rates.ts";
export { Store } from "./store.ts";
export { type BrowserClock, browserClock } from "./time.ts";
export { Token } from "./token.ts";
