/**
 * Hooks by which components read data: once, again after an event, or live.
 *
 * @module
 */

import { createContext } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import type { WatchKind } from "../../control/mod.ts";
import type { Api } from "./api.ts";
import type { EventOf, Live } from "./live.ts";
import type { Rate } from "./rates.ts";
import type { Store } from "./store.ts";
import type { BrowserClock } from "./time.ts";

/** State and services that all components of the page share. */
export interface Session {
  api: Api;
  /** The events of all kinds but `log`. */
  live: Live;
  clock: BrowserClock;
  /** The rates of the last minutes. */
  rates: Store<readonly Rate[]>;
  /** Makes a stream of other kinds. */
  open(kinds: readonly WatchKind[]): Live;
}

/** The context in which the shell provides the session. */
export const SessionContext = createContext<Session | undefined>(undefined);

/** Returns the session. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error("The component is outside of the shell");
  return session;
}

/** Returns the value of a store, and draws again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.value);
  useEffect(() => {
    setValue(() => store.value);
    return store.subscribe(() => setValue(() => store.value));
  }, [store]);
  return value;
}

/** Calls a handler with each live event of a kind. */
export function useLive<Kind extends Exclude<WatchKind, "log">>(
  kind: Kind,
  handler: (event: EventOf<Kind>) => void,
): void {
  const { live } = useSession();
  const newest = useRef(handler);
  newest.current = handler;
  useEffect(() => live.on(kind, (event) => newest.current(event)), [live, kind]);
}

/** Data of the daemon, as far as it is there. */
export interface Loaded<T> {
  /** The newest data; absent until it has come. It stays while the daemon is offline. */
  value?: T;
  /** Message why the last request failed; absent if it did not. */
  problem?: string;
  /** Reads the data again. */
  reload: () => void;
}

/** Options of {@linkcode useData}. */
export interface DataOptions {
  /** Read again after an event of one of these kinds. */
  on?: readonly Exclude<WatchKind, "log">[];
  /** Read again after this pause (ms). */
  everyMs?: number;
}

/**
 * Reads data when the component appears, after the daemon's return, and as the options say.
 *
 * @param key changes when other data is to be read, for example another package
 */
export function useData<T>(
  load: (signal: AbortSignal) => Promise<T>,
  key = "",
  { on = [], everyMs }: DataOptions = {},
): Loaded<T> {
  const { live, api, clock } = useSession();
  const [state, setState] = useState<{ key: string; value?: T; problem?: string }>({ key });
  const newest = useRef(load);
  newest.current = load;
  const again = useRef(() => {});
  const kinds = on.join();
  // A pause that changes with the length of what was read must not read it again at once.
  const pause = useRef(everyMs);
  pause.current = everyMs;
  useEffect(() => {
    const ended = new AbortController();
    let isLoading = false;
    let isAsked = false;
    let hasFailed = false;
    let cancel = () => {};
    const run = async () => {
      if (isLoading) {
        isAsked = true;
        return;
      }
      isLoading = true;
      cancel();
      try {
        const value = await newest.current(ended.signal);
        hasFailed = false;
        if (!ended.signal.aborted) setState({ key, value });
      } catch (error) {
        hasFailed = true;
        if (!ended.signal.aborted) {
          setState((old) => ({
            ...(old.key === key ? old : { key }),
            problem: (error as Error).message,
          }));
        }
      }
      isLoading = false;
      if (ended.signal.aborted) return;
      if (pause.current !== undefined) cancel = clock.after(pause.current, () => void run());
      if (isAsked) {
        isAsked = false;
        void run();
      }
    };
    again.current = () => void run();
    const unsubscribes = [
      ...on.map((kind) => live.on(kind, () => void run())),
      // The first opening brings nothing new, unless the first request has failed.
      live.opened.subscribe(() => {
        if (live.opened.value > 1 || hasFailed) void run();
      }),
      api.token.current.subscribe(() => {
        if (api.token.current.value !== undefined) void run();
      }),
    ];
    void run();
    return () => {
      ended.abort();
      cancel();
      for (const unsubscribe of unsubscribes) unsubscribe();
    };
  }, [live, api, clock, key, kinds]);
  const reload = useCallback(() => again.current(), []);
  if (state.key !== key) return { reload };
  const { value, problem } = state;
  return {
    ...(value !== undefined && { value }),
    ...(problem !== undefined && { problem }),
    reload,
  };
}
