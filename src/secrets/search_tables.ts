/**
 * WebAssembly functions that fill the tables of the anchor search, once per instance.
 * `search_program.ts` contains the search, which uses the tables.
 *
 * @module
 */

import {
  AFTER,
  ANY_BYTE,
  BEFORE,
  cores,
  entries,
  FIRST_CLASS,
  heads,
  HERE,
  IDS,
  layout,
  ofClasses,
  pairs,
  records,
  SECOND_BYTE,
  STEP_BYTES,
  TOKEN_CLASS,
  TOKEN_RUN,
  withAnyFirst,
  withAnySecond,
  withTokenFirst,
  withTokenSecond,
} from "./search_memory.ts";
import {
  add,
  and,
  and64,
  call,
  type Code,
  define,
  drop,
  equal,
  ifElse,
  int,
  less,
  load16,
  load32,
  load64,
  load8,
  type Local,
  multiply,
  not,
  or,
  or64,
  sequence,
  shiftLeft,
  shiftRight,
  store16,
  store32,
  store64,
  store8,
  subtract,
  twice,
  when,
  whileTrue,
} from "./wasm_assembler.ts";

/**
 * Function indices of `expand`, `finish` and `look` in the WebAssembly module, for call
 * instructions.
 */
export const [EXPAND, FINISH, LOOK] = [0, 1, 3];

/** Generates code that adds a constant to a local variable. */
export function increase(local: Local, by: number): Code {
  return local.set(add(local.get, int(by)));
}

/** Generates code for the address of the 32-bit element with this index in a table. */
export function indexed(index: Code, base = 0): Code {
  const offset = shiftLeft(index, int(2));
  return base === 0 ? offset : add(offset, int(base));
}

function setBits(address: Local, bits: Code): Code {
  return store32(address.get, or(load32(address.get), bits));
}

/**
 * Generates code that reads one of the bytes in a class of bytes, given the id of the class and the
 * index of the byte.
 */
function byteOf(id: Local, index: Local): Code {
  return load8(add(shiftLeft(id.get, int(8)), index.get), layout.lists);
}

/**
 * Generates a loop over all bytes of a class, given the id of the class. `index` is the loop
 * variable.
 */
function eachByte(id: Local, index: Local, ...statements: Code[]): Code {
  return sequence(
    index.set(int(0)),
    whileTrue(
      less(index.get, load16(shiftLeft(id.get, int(1)), layout.counts)),
      ...statements,
      increase(index, 1),
    ),
  );
}

/**
 * WebAssembly function `expand(table, one, other, bits)`: adds the mask `bits` to the entries of a
 * table of byte pairs. The entries are all pairs of a byte from the class `one` and a byte from the
 * class `other`.
 */
export const expand = () =>
  define("expand", ["table", "one", "other", "bits"], ["i", "j", "address", "row"], (locals) => {
    const { table, one, other, bits, i, j, address, row } = locals;
    const oneByte = (id: Local, base: number, mask: number) =>
      eachByte(
        id,
        i,
        address.set(
          indexed(add(shiftLeft(table.get, int(8)), and(byteOf(id, i), int(mask))), base),
        ),
        setBits(address, bits.get),
      );
    const is = (id: Local, other: number) => equal(id.get, int(other));
    // The masks of the two largest classes (all bytes, token bytes) are only recorded here.
    // `finish` later adds these masks to all pairs of bytes, which is faster.
    const isLarge = [
      is(other, ANY_BYTE),
      is(one, ANY_BYTE),
      is(other, TOKEN_CLASS),
      is(one, TOKEN_CLASS),
    ];
    return sequence(
      ifElse(
        isLarge[0]!,
        oneByte(one, withAnySecond, 255),
        ifElse(
          isLarge[1]!,
          oneByte(other, withAnyFirst, SECOND_BYTE),
          ifElse(
            isLarge[2]!,
            oneByte(one, withTokenSecond, 255),
            when(isLarge[3]!, oneByte(other, withTokenFirst, SECOND_BYTE)),
          ),
        ),
      ),
      when(
        not(isLarge.reduce(or)),
        eachByte(
          other,
          j,
          row.set(or(
            shiftLeft(table.get, int(15)),
            shiftLeft(and(byteOf(other, j), int(SECOND_BYTE)), int(8)),
          )),
          eachByte(
            one,
            i,
            address.set(indexed(or(row.get, byteOf(one, i)), pairs)),
            setBits(address, bits.get),
          ),
        ),
      ),
      int(0),
    );
  });

/** Generates code that hashes a core: the three middle bytes of a window, as one number. */
export function coreOf(threeBytes: Code): Code {
  return shiftRight(multiply(threeBytes, int(0x9e3779b1)), int(16));
}

/** Generates code for the address of the bit mask of a pair of classes of bytes. */
function pairOfClasses(table: Code, one: Local, other: Local): Code {
  return indexed(
    or(
      or(shiftLeft(table, int(10)), shiftLeft(and(one.get, int(31)), int(5))),
      and(other.get, int(31)),
    ),
    ofClasses,
  );
}

const FINISH_VARIABLES = ["one", "other", "bits", "i", "j", "address"] as const;

/**
 * WebAssembly function `finish(table)`: completes a table of byte pairs. It adds the masks of pairs
 * of classes, and of pairs with an arbitrary byte or an arbitrary token byte. The function is
 * separate from `enter`, because V8 recompiles a function that runs for long.
 */
export const finish = () =>
  define("finish", ["table"], FINISH_VARIABLES, (locals) => {
    const { table, one, other, bits, i, j, address } = locals;
    return sequence(
      one.set(int(FIRST_CLASS)),
      whileTrue(
        less(one.get, int(IDS)),
        other.set(int(FIRST_CLASS)),
        whileTrue(
          less(other.get, int(IDS)),
          bits.set(load32(pairOfClasses(table.get, one, other))),
          when(bits.get, drop(call(EXPAND, table.get, one.get, other.get, bits.get))),
          increase(other, 1),
        ),
        increase(one, 1),
      ),
      address.set(shiftLeft(table.get, int(17))),
      table.set(shiftLeft(table.get, int(10))),
      whileTrue(
        less(i.get, int(1024)),
        j.set(add(table.get, i.get)),
        store32(
          j.get,
          or(load32(j.get, withTokenSecond), load32(j.get, withAnySecond)),
          withTokenSecond,
        ),
        increase(i, 4),
      ),
      i.set(int(0)),
      whileTrue(
        less(i.get, int(4 * (SECOND_BYTE + 1))),
        bits.set(load32(add(table.get, i.get), withAnyFirst)),
        other.set(load32(add(table.get, i.get), withTokenFirst)),
        one.set(add(
          table.get,
          and(load32(i.get, layout.tokenMask), int(withTokenSecond - withAnySecond)),
        )),
        j.set(int(0)),
        // Process two pairs of bytes at a time, with 64-bit instructions.
        whileTrue(
          less(j.get, int(1024)),
          store64(
            address.get,
            or64(
              or64(load64(address.get, pairs), twice(bits.get)),
              or64(
                load64(add(one.get, j.get), withAnySecond),
                and64(twice(other.get), load64(j.get, layout.tokenMask)),
              ),
            ),
            pairs,
          ),
          increase(address, 8),
          increase(j, 8),
        ),
        increase(i, 4),
      ),
      int(0),
    );
  });

const ENTER_VARIABLES = [
  ...["at", "anchor", "start", "length", "windowAt", "lead", "run", "record", "bit"] as const,
  ...["offset", "one", "other", "third", "i", "j", "k", "core", "entry", "address"] as const,
  "known",
] as const;

/**
 * WebAssembly function `enter(end)`: reads the list of anchors up to the address `end`, fills the
 * tables, and returns the number of entries in the hash table.
 */
export const enter = () =>
  define("enter", ["end"], ENTER_VARIABLES, (locals) => {
    const { end, at, anchor, start, length, windowAt, lead, run, record, bit, offset } = locals;
    const { one, other, third, i, j, k, core, entry, address, known } = locals;
    /**
     * Generates code that reads the class of bytes at a place in an anchor's window. A place
     * outside of the anchor's text has the class of all bytes.
     */
    const idAt = (place: Code, id: Local) =>
      sequence(
        k.set(add(windowAt.get, place)),
        id.set(int(ANY_BYTE)),
        when(less(k.get, length.get), id.set(load8(add(start.get, k.get)))),
        when(less(subtract(k.get, length.get), run.get), id.set(int(TOKEN_CLASS))),
      );
    const mark = (index: number, place: number) =>
      sequence(
        idAt(add(offset.get, int(place)), one),
        idAt(add(offset.get, int(place + 1)), other),
        address.set(pairOfClasses(int(index), one, other)),
        when(and(and(one.get, other.get), int(FIRST_CLASS)), setBits(address, bit.get)),
        when(
          not(and(and(one.get, other.get), int(FIRST_CLASS))),
          drop(call(EXPAND, int(index), one.get, other.get, bit.get)),
        ),
      );
    const digit = (place: number) => subtract(load8(at.get, place), int(48));
    const readRow = sequence(
      bit.set(shiftLeft(int(1), shiftLeft(digit(0), int(2)))),
      windowAt.set(digit(1)),
      lead.set(and(digit(2), int(1))),
      run.set(multiply(shiftRight(digit(2), int(1)), int(TOKEN_RUN))),
      start.set(add(at.get, int(3))),
      at.set(start.get),
      whileTrue(subtract(load8(at.get), int(10)), increase(at, 1)),
      length.set(subtract(at.get, start.get)),
      increase(at, 1),
      record.set(shiftLeft(anchor.get, int(3))),
      store32(record.get, start.get, records),
      store32(
        record.get,
        or(
          or(length.get, shiftLeft(windowAt.get, int(8))),
          or(shiftLeft(lead.get, int(16)), shiftLeft(run.get, int(24))),
        ),
        records + 4,
      ),
    );
    const enterCores = sequence(
      idAt(int(1), one),
      idAt(int(2), other),
      idAt(int(3), third),
      eachByte(
        one,
        i,
        eachByte(
          other,
          j,
          eachByte(
            third,
            k,
            core.set(or(
              byteOf(one, i),
              or(shiftLeft(byteOf(other, j), int(8)), shiftLeft(byteOf(third, k), int(16))),
            )),
            address.set(shiftLeft(coreOf(core.get), int(1))),
            known.set(load16(address.get, heads)),
            // Different bytes of a class can lead to the same hash. Add each anchor only once per
            // hash to the hash table.
            when(
              or(
                not(known.get),
                subtract(load16(indexed(known.get), entries), anchor.get),
              ),
              increase(entry, 1),
              store32(indexed(entry.get), or(anchor.get, shiftLeft(known.get, int(16))), entries),
              store16(address.get, entry.get, heads),
              core.set(coreOf(core.get)),
              address.set(shiftRight(core.get, int(3))),
              store8(
                address.get,
                or(load8(address.get, cores), shiftLeft(int(1), and(core.get, int(7)))),
                cores,
              ),
            ),
          ),
        ),
      ),
    );
    return sequence(
      at.set(int(layout.rows)),
      whileTrue(
        less(at.get, end.get),
        readRow,
        enterCores,
        offset.set(int(0)),
        whileTrue(
          less(offset.get, int(STEP_BYTES)),
          mark(HERE, 0),
          mark(BEFORE, -2),
          mark(AFTER, 2),
          bit.set(shiftLeft(bit.get, int(1))),
          increase(offset, 1),
        ),
        increase(anchor, 1),
      ),
      ...[HERE, BEFORE, AFTER].map((table) => drop(call(FINISH, int(table)))),
      entry.get,
    );
  });
