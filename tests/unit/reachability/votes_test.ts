/** Tests the election of our external address, also among liars. */

import assert from "node:assert/strict";
import { parseAddress } from "../../../src/base/mod.ts";
import { AddressVotes, CHANGES, MAX_VOTERS, MIN_VOTES } from "../../../src/reachability/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const OURS = "5.9.1.2";
const OTHER = "5.9.200.7";

function begin(family: 4 | 6 = 4) {
  const clock = new FakeClock();
  let changes = 0;
  const votes = new AddressVotes(family, clock, () => changes++);
  return {
    clock,
    votes,
    changes: () => changes,
    /** Votes for an address from `count` networks, the first of which is number `from`. */
    vote(address: string, count: number, from = 0) {
      let contradicts = false;
      for (let i = from; i < from + count; i++) {
        contradicts = votes.add(`45.${i}.1.1`, parseAddress(address)!);
      }
      return contradicts;
    },
  };
}

Deno.test("an address wins when enough networks name it", () => {
  const { votes, vote, changes } = begin();
  vote(OURS, MIN_VOTES - 1);
  assert.equal(votes.external, undefined);
  vote(OURS, 1, MIN_VOTES);
  assert.deepEqual(votes.external, { address: OURS, votes: MIN_VOTES, of: MIN_VOTES });
  assert.equal(changes(), 1);
});

Deno.test("a network has one vote, however many of its addresses vote", () => {
  const { votes } = begin();
  for (let i = 1; i < 200; i++) votes.add(`45.1.1.${i}`, parseAddress(OURS)!);
  assert.equal(votes.external, undefined);
  const ofIpv6 = begin(6).votes;
  // The networks of sites (/48) of one provider.
  for (let i = 1; i < 200; i++) ofIpv6.add(`2a00:1:${i}::1`, parseAddress("2a01:2:3::4")!);
  assert.equal(ofIpv6.external, undefined);
});

Deno.test("votes of IPv6 are counted apart, and a port after the address is ignored", () => {
  const { votes } = begin(6);
  const claim = new Uint8Array([...parseAddress("2a01:2:3::4")!, 0x1a, 0xe1]);
  for (let i = 1; i <= MIN_VOTES; i++) {
    votes.add(`2a00:${i}::1`, parseAddress(OURS)!);
    votes.add(`2a00:${i}::1`, claim);
  }
  assert.equal(votes.external?.address, "2a01:2:3::4");
});

Deno.test("voters of one family have no vote on the address of the other", () => {
  const four = begin().votes;
  const six = begin(6).votes;
  for (let i = 1; i <= MAX_VOTERS; i++) {
    four.add(`2a00:${i}::1`, parseAddress(OURS)!);
    six.add(`45.${i}.1.1`, parseAddress("2a01:2:3::4")!);
  }
  assert.equal(four.external?.address, undefined);
  assert.equal(six.external?.address, undefined);
  // The sockets of IPv6 name senders of IPv4 in this form.
  for (let i = 1; i <= MIN_VOTES; i++) four.add(`::ffff:45.${i}.1.1`, parseAddress(OURS)!);
  assert.equal(four.external?.address, OURS);
});

Deno.test("half of the voters cannot elect another address", () => {
  const { votes, vote, changes } = begin();
  vote(OURS, MAX_VOTERS / 2);
  vote(OTHER, MAX_VOTERS / 2, 100);
  assert.equal(votes.external?.address, OURS);
  assert.equal(changes(), 1);
});

Deno.test("a voter that contradicts the majority is reported", () => {
  const { vote } = begin();
  assert.equal(vote(OTHER, MIN_VOTES - 1), false);
  assert.equal(vote(OURS, MAX_VOTERS), false);
  assert.equal(vote(OTHER, 1, 100), true);
});

Deno.test("a majority that flips back and forth changes the address three times, then rarely", async () => {
  const { votes, vote, changes, clock } = begin();
  vote(OURS, MAX_VOTERS);
  const flip = (times: number) => {
    for (let i = 0; i < times; i++) {
      vote(votes.external!.address === OURS ? OTHER : OURS, MAX_VOTERS);
    }
  };
  flip(20);
  assert.equal(changes(), 1 + CHANGES.burst);
  await clock.advance(1_000 / CHANGES.perSecond);
  flip(20);
  assert.equal(changes(), 2 + CHANGES.burst);
});

Deno.test("after a change of the network, new voters decide at once", () => {
  const { votes, vote } = begin();
  vote(OURS, MAX_VOTERS);
  votes.clear();
  assert.equal(votes.external, undefined);
  vote(OTHER, MIN_VOTES);
  assert.deepEqual(votes.external, { address: OTHER, votes: MIN_VOTES, of: MIN_VOTES });
});

Deno.test("local voters, local addresses and claims of a wrong length do not count", () => {
  const { votes } = begin();
  for (let i = 0; i < MAX_VOTERS; i++) {
    votes.add(`192.168.${i}.1`, parseAddress(OURS)!);
    votes.add(`45.${i}.1.1`, parseAddress("10.0.0.1")!);
    votes.add(`45.${i}.1.1`, parseAddress("100.64.0.1")!);
    votes.add(`45.${i}.1.1`, new Uint8Array(5));
    votes.add(`45.${i}.1.1`, new Uint8Array());
    votes.add("not an address", parseAddress(OURS)!);
  }
  assert.equal(votes.external, undefined);
});

Deno.test("a router that takes another port for each destination is noticed", () => {
  const { votes } = begin();
  const claim = (port: number) => Uint8Array.of(...parseAddress(OURS)!, port >> 8, port & 255);
  for (let i = 0; i < MIN_VOTES; i++) votes.add(`45.${i}.1.1`, claim(6_881));
  votes.add("45.9.1.1", claim(40_000));
  assert.equal(votes.external?.portVaries, undefined, "a restart changes the port once");
  for (let i = 1; i <= 4; i++) votes.add(`45.${i + 9}.1.1`, claim(40_000 + i));
  assert.equal(votes.external?.portVaries, true);
});

Deno.test("liars who see ports of their own do not make a router one that varies the port", () => {
  const { votes } = begin();
  const claim = (port: number) => new Uint8Array([...parseAddress(OURS)!, port >> 8, port & 0xff]);
  for (let i = 1; i <= 12; i++) votes.add(`45.${i}.1.1`, claim(6_881));
  for (let i = 1; i <= 4; i++) votes.add(`46.${i}.1.1`, claim(7_000 + i));
  assert.equal(votes.external?.address, OURS);
  assert.equal(votes.external?.portVaries, undefined);
});
