/**
 * The search for anchors as a WebAssembly program. JavaScript would be as fast only after V8 has
 * optimised the code, and optimising takes longer than scanning most packages. `anchor_search.ts`
 * explains the algorithm and runs the program.
 *
 * @module
 */

import {
  AFTER,
  BEFORE,
  cores,
  entries,
  heads,
  HERE,
  layout,
  MAX_FOUND,
  MAX_FOUND_AT_ONCE,
  MEMORY_PAGES,
  PAIRS,
  pairs,
  records,
  STEP_BYTES,
  TOKEN_CLASS,
} from "./search_memory.ts";
import { coreOf, enter, expand, finish, increase, indexed, LOOK } from "./search_tables.ts";
import {
  add,
  and,
  assemble,
  call,
  type Code,
  define,
  equal,
  greater,
  int,
  less,
  load16,
  load32,
  load8,
  type Local,
  not,
  or,
  sequence,
  shiftLeft,
  shiftRight,
  store32,
  subtract,
  when,
  whileTrue,
} from "./wasm_assembler.ts";

const LOOK_PARAMETERS = ["window", "from", "to", "end", "count"] as const;
const LOOK_VARIABLES = ["core", "entry", "record", "shape", "first", "i", "ids", "length"] as const;

/**
 * WebAssembly function `look(window, from, to, end, count)`: compares the bytes at the address
 * `window` with the anchors that can have these bytes. Stores each anchor that begins between
 * `from` and `to` and ends before `end`. Adds the number of stored anchors to `count` and returns
 * the sum.
 */
const look = () =>
  define("look", LOOK_PARAMETERS, LOOK_VARIABLES, (locals) => {
    const { window, from, to, end, count, core, entry, record, shape, first, i, ids, length } =
      locals;
    const isAllowed = (id: Code) =>
      load8(add(shiftLeft(id, int(8)), load8(add(first.get, i.get))), layout.allowed);
    const at = add(first.get, and(shiftRight(shape.get, int(16)), int(255)));
    return sequence(
      core.set(coreOf(and(load32(window.get, 1), int(0xffffff)))),
      when(
        and(
          shiftRight(load8(shiftRight(core.get, int(3)), cores), and(core.get, int(7))),
          int(1),
        ),
        entry.set(load16(shiftLeft(core.get, int(1)), heads)),
      ),
      whileTrue(
        entry.get,
        entry.set(load32(indexed(entry.get), entries)),
        record.set(shiftLeft(and(entry.get, int(0xffff)), int(3))),
        entry.set(shiftRight(entry.get, int(16))),
        shape.set(load32(record.get, records + 4)),
        first.set(subtract(window.get, and(shiftRight(shape.get, int(8)), int(255)))),
        length.set(and(shape.get, int(255))),
        i.set(int(0)),
        ids.set(load32(record.get, records)),
        when(
          and(
            less(subtract(at, from.get), subtract(to.get, from.get)),
            not(greater(
              add(add(first.get, length.get), shiftRight(shape.get, int(24))),
              end.get,
            )),
          ),
          whileTrue(
            less(i.get, length.get),
            when(
              not(isAllowed(load8(add(ids.get, i.get)))),
              // On a mismatch, set the index beyond any length, so that the check for the end of
              // the anchor fails.
              i.set(int(0xffff)),
            ),
            increase(i, 1),
          ),
          when(
            equal(i.get, length.get),
            length.set(add(length.get, shiftRight(shape.get, int(24)))),
            whileTrue(
              less(i.get, length.get),
              when(not(isAllowed(int(TOKEN_CLASS))), i.set(int(0xffff))),
              increase(i, 1),
            ),
            when(
              equal(i.get, length.get),
              store32(shiftLeft(count.get, int(3)), shiftRight(record.get, int(3)), layout.found),
              store32(shiftLeft(count.get, int(3)), at, layout.found + 4),
              increase(count, 1),
            ),
          ),
        ),
      ),
      count.get,
    );
  });

const FIND_PARAMETERS = ["word", "wordEnd", "from", "to", "end"] as const;
const FIND_VARIABLES = [
  ...["count", "last", "offset", "word0", "word1", "word2", "word3"] as const,
  ...["bits0", "bits1", "bits2", "bits3"] as const,
] as const;

/**
 * WebAssembly function `find(word, wordEnd, from, to, end)`: searches from `word` to `wordEnd`, 16
 * bytes per round. A round has only one branch, which is rarely taken, because mispredicted
 * branches would dominate the time. Stores the found anchors and returns their number. If the space
 * for results is full, also stores the address from which to continue.
 */
const find = () =>
  define("find", FIND_PARAMETERS, FIND_VARIABLES, (locals) => {
    const { word, wordEnd, from, to, end, count, last, offset } = locals;
    const words = [locals.word0, locals.word1, locals.word2, locals.word3];
    const bits = [locals.bits0, locals.bits1, locals.bits2, locals.bits3];
    const inTable = (table: number, pair: Code) => load32(indexed(pair), pairs + 4 * PAIRS * table);
    const firstHalf = (local: Local) => and(local.get, int(0xffff));
    const secondHalf = (local: Local) => shiftRight(local.get, int(16));
    const sift = words.map((value, i) =>
      bits[i]!.set(
        and(
          and(inTable(HERE, firstHalf(value)), inTable(AFTER, secondHalf(value))),
          inTable(BEFORE, i === 0 ? last.get : secondHalf(words[i - 1]!)),
        ),
      )
    );
    const fold = (local: Local, by: number) =>
      local.set(or(local.get, shiftRight(local.get, int(by))));
    const lookAt = (i: number) => {
      const found = bits[i]!;
      return when(
        found.get,
        fold(found, 16),
        fold(found, 8),
        fold(found, 4),
        offset.set(int(0)),
        whileTrue(
          less(offset.get, int(STEP_BYTES)),
          when(
            and(shiftRight(found.get, offset.get), int(1)),
            count.set(call(
              LOOK,
              subtract(add(word.get, int(STEP_BYTES * i)), offset.get),
              from.get,
              to.get,
              end.get,
              count.get,
            )),
          ),
          increase(offset, 1),
        ),
      );
    };
    return sequence(
      store32(int(layout.next), int(0)),
      last.set(and(load16(subtract(word.get, int(2))), int(0x7fff))),
      whileTrue(
        less(word.get, wordEnd.get),
        ...words.map((value, i) =>
          value.set(and(load32(word.get, STEP_BYTES * i), int(0x7fff7fff)))
        ),
        ...sift,
        last.set(secondHalf(words[3]!)),
        when(
          bits.map(({ get }) => get).reduce(or),
          ...[0, 1, 2, 3].map(lookAt),
          when(
            greater(count.get, int(MAX_FOUND - MAX_FOUND_AT_ONCE)),
            store32(int(layout.next), add(word.get, int(4 * STEP_BYTES))),
            wordEnd.set(int(0)),
          ),
        ),
        increase(word, 4 * STEP_BYTES),
      ),
      count.get,
    );
  });

/**
 * Exports of the WebAssembly module. Parameters are addresses in the memory. `enter` returns the
 * number of entries in the hash table, `find` the number of found anchors.
 */
export interface SearchProgram {
  memory: WebAssembly.Memory;
  enter(end: number): number;
  find(word: number, wordEnd: number, from: number, to: number, end: number): number;
}

let compiled: WebAssembly.Module | undefined;

/** Creates an instance of the search program, with a memory of its own. */
export function startSearchProgram(): SearchProgram {
  compiled ??= new WebAssembly.Module(
    assemble([expand(), finish(), enter(), look(), find()], MEMORY_PAGES),
  );
  return new WebAssembly.Instance(compiled).exports as unknown as SearchProgram;
}
