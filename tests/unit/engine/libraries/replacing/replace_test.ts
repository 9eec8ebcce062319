import assert from "node:assert/strict";
import {
  applyAll,
  problemsOf,
  replace,
  sourceHash,
  uses,
} from "../../../../../src/engine/libraries/replacing/replace.ts";

class Known {
  greet(name: string): string {
    return `Hello ${name}`;
  }

  wave(): string {
    return "waves";
  }
}

const pinned = sourceHash(Known.prototype.greet);
const reasons = {
  because: "it is too polite",
  report: "docs/upstream/known.md",
  until: "a release is rude",
};

/**
 * Makes an object that stands for the prototype of a library's class, and a replacement of its
 * method `greet`. Each test needs a new object, because replacing a method changes the object.
 */
function release(members: object = {}) {
  const prototype = Object.create(Known.prototype) as Known;
  Object.assign(prototype, members);
  const place = { library: "known", name: "Known.prototype", object: () => prototype };
  const loud = replace(place, "greet", {
    ...reasons,
    pinned,
    parameters: 1,
    by: (greet) => (name) => `${greet.call(prototype, name)}!`,
  });
  return { prototype, place, loud };
}

const bundled = { comparesPins: false };
const unbundled = { comparesPins: true };

Deno.test("applyAll replaces a member whose source text is the pinned one", () => {
  const { prototype, loud } = release();
  applyAll([loud], [], unbundled);
  assert.equal(prototype.greet("you"), "Hello you!");
});

Deno.test("applyAll names a member whose source text has changed, and replaces nothing", () => {
  const { prototype, place, loud } = release({ greet: (name: string) => `Good day ${name}` });
  const calm = replace(place, "wave", {
    ...reasons,
    pinned: sourceHash(Known.prototype.wave),
    parameters: 0,
    by: () => () => "nods",
  });
  assert.throws(
    () => applyAll([calm, loud], [], unbundled),
    /npm:known: Known\.prototype\.greet has/,
  );
  assert.equal(prototype.wave(), "waves");
});

Deno.test("a bundled list compares no source texts, but kinds and numbers of parameters", () => {
  const reprinted = release({ greet: (name: string) => `Good day ${name}` });
  assert.deepEqual(problemsOf([reprinted.loud], [], bundled), []);
  const longer = release({ greet: (name: string, title: string) => `${title} ${name}` });
  assert.match(problemsOf([longer.loud], [], bundled)[0]!, /greet has 2 parameters instead of 1/);
  const gone = release({ greet: undefined });
  assert.match(problemsOf([gone.loud], [], bundled)[0]!, /greet is no function any more/);
});

Deno.test("applyAll refuses to replace a member twice", () => {
  const { prototype, loud } = release();
  assert.throws(() => applyAll([loud, loud], [], bundled), /greet is replaced twice/);
  assert.equal(prototype.greet("you"), "Hello you");
});

Deno.test("applyAll names a member that is called and not there any more", () => {
  const { place } = release({ wave: undefined });
  assert.throws(
    () => applyAll([], [uses(place, ["greet", "wave"])], bundled),
    /prototype\.wave is no/,
  );
});
