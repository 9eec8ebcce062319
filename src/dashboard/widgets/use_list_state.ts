/**
 * Filter and order of a list, kept in the page's address. The browser's Back leads to the list as it was.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";
import { useSession } from "../data/mod.ts";
import type { Order } from "./use_rows.ts";

/** Pause after the last key before the address changes (ms). Browsers limit how often it may change. */
const ADDRESS_PAUSE_MS = 400;

/** Filter and order of a list, with their setters. */
export interface ListState {
  typed: string;
  setTyped: (typed: string) => void;
  order: Order;
  setOrder: (order: Order) => void;
}

/**
 * Returns filter and order from the address, and keeps the address up to date.
 *
 * @param first order of an address that names none
 */
export function useListState(
  params: Readonly<Record<string, string | undefined>>,
  first: Order,
): ListState {
  const { clock } = useSession();
  const [typed, setTyped] = useState(params.filter ?? "");
  const [order, setOrder] = useState<Order>(() =>
    params.sort === undefined
      ? first
      : { column: params.sort, descending: params.descending === "true" }
  );
  useEffect(() =>
    clock.after(ADDRESS_PAUSE_MS, () => {
      const query = new URLSearchParams();
      if (typed !== "") query.set("filter", typed);
      if (order.column !== first.column || order.descending !== first.descending) {
        query.set("sort", order.column);
        if (order.descending) query.set("descending", "true");
      }
      const [path] = location.hash.split("?", 1);
      const hash = query.size === 0 ? path! : `${path}?${query}`;
      if (hash !== location.hash) history.replaceState(history.state, "", hash);
    }), [typed, order.column, order.descending]);
  return { typed, setTyped, order, setOrder };
}
