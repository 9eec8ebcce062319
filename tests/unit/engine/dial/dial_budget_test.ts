import assert from "node:assert/strict";
import { DialBudget, isTestHost } from "../../../../src/engine/dial/dial_budget.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const host = "198.51.100.7";
const MINUTE_MS = 60_000;

function newBudget(options: { isFree?: (host: string) => boolean; remembered?: number } = {}) {
  const clock = new FakeClock();
  const { isFree, remembered = 100 } = options;
  const limits = {
    ports: 8,
    portsForMs: 10 * MINUTE_MS,
    failures: 6,
    failuresForMs: MINUTE_MS,
    answeredForMs: MINUTE_MS,
    remembered,
  };
  return { clock, budget: new DialBudget({ clock, isFree, ownPort: () => 6881, limits }) };
}

Deno.test("ports 80, 443 and those from 1024 are dialled", () => {
  const { budget } = newBudget();
  for (const port of [80, 443, 1_024, 6_881, 65_535]) {
    assert.equal(budget.refusal({ host, port }), undefined, `${port}`);
  }
  for (const port of [0, 1, 22, 25, 53, 79, 81, 444, 1_023, 65_536]) {
    assert.equal(budget.refusal({ host, port }), "port", `${port}`);
  }
});

Deno.test("eight ports of one address are dialled in ten minutes, each without limit while it answers", async () => {
  const { budget, clock } = newBudget();
  for (let port = 2_001; port <= 2_008; port++) {
    assert.equal(budget.refusal({ host, port }), undefined);
    budget.dialled({ host, port });
  }
  assert.equal(budget.refusal({ host, port: 2_009 }), "ports of the address");
  assert.equal(budget.refusal({ host, port: 2_001 }), undefined, "a port that was dialled before");
  assert.equal(budget.refusal({ host: "198.51.100.8", port: 2_009 }), undefined, "another address");
  await clock.advance(10 * MINUTE_MS - 1);
  assert.equal(budget.refusal({ host, port: 2_009 }), "ports of the address");
  budget.dialled({ host, port: 2_001 });
  await clock.advance(1);
  for (let port = 2_009; port <= 2_015; port++) {
    assert.equal(budget.refusal({ host, port }), undefined);
    budget.dialled({ host, port });
  }
  assert.equal(budget.refusal({ host, port: 2_016 }), "ports of the address");
});

Deno.test("the addresses of one /64 network of IPv6 count together, whatever their ports", () => {
  const { budget } = newBudget();
  for (let i = 1; i <= 8; i++) {
    const address = { host: `2a00:1:2:3::${i}`, port: 6_881 };
    assert.equal(budget.refusal(address), undefined);
    budget.dialled(address);
  }
  assert.equal(budget.refusal({ host: "2a00:1:2:3::9", port: 6_881 }), "ports of the address");
  assert.equal(budget.refusal({ host: "2a00:1:2:3::8", port: 6_881 }), undefined);
  assert.equal(budget.refusal({ host: "2a00:1:2:4::9", port: 6_881 }), undefined);
});

Deno.test("failures of one IPv6 address count, whatever text names it, and not for its neighbours", () => {
  const { budget } = newBudget();
  const forms = ["2a00:1:2:3::8", "2A00:1:2:3:0:0:0:8", "2a00:0001:0002:0003:0000:0000:0000:0008"];
  for (let i = 0; i < 6; i++) {
    const address = { host: forms[i % 3]!, port: 6_881 };
    assert.equal(budget.refusal(address), undefined);
    budget.dialled(address);
    budget.failed(address);
  }
  for (const host of forms) assert.equal(budget.refusal({ host, port: 6_881 }), "failures");
  assert.equal(budget.refusal({ host: "2a00:1:2:3::7", port: 6_881 }), undefined);
});

Deno.test("an IPv6 address of ours is not dialled, whatever text names it", () => {
  const { budget } = newBudget();
  budget.learnOurs({ host: "2a00:1:2:3:0:0:0:8", port: 7_001 });
  assert.equal(budget.refusal({ host: "2a00:1:2:3::8", port: 7_001 }), "ourselves");
  assert.equal(budget.refusal({ host: "2a00:1:2:3::8", port: 7_002 }), undefined);
});

Deno.test("an address and port is refused after six failures in a minute", async () => {
  const { budget, clock } = newBudget();
  const address = { host, port: 6_881 };
  for (let i = 0; i < 6; i++) {
    assert.equal(budget.refusal(address), undefined);
    budget.dialled(address);
    budget.failed(address);
    await clock.advance(1_000);
  }
  assert.equal(budget.refusal(address), "failures");
  assert.equal(budget.refusal({ host, port: 6_882 }), undefined, "another port");
  await clock.advance(MINUTE_MS - 6_000);
  assert.equal(budget.refusal(address), undefined, "the first failure is a minute old");
  budget.dialled(address);
  budget.failed(address);
  assert.equal(budget.refusal(address), "failures");
});

Deno.test("an answered dial does not count as a failure", () => {
  const { budget } = newBudget();
  const address = { host, port: 6_881 };
  for (let i = 0; i < 100; i++) {
    assert.equal(budget.refusal(address), undefined);
    assert.equal(budget.mustWait(address), false);
    budget.dialled(address);
    budget.answered(address);
  }
});

Deno.test("a seventh dial waits while six are under way, and is refused once they have failed", async () => {
  const { budget, clock } = newBudget();
  const address = { host, port: 6_881 };
  let passed = 0;
  for (let i = 0; i < 1_000; i++) {
    assert.equal(budget.refusal(address), undefined);
    if (budget.mustWait(address)) continue;
    budget.dialled(address);
    passed++;
  }
  assert.equal(passed, 6);
  assert.equal(budget.mustWait({ host, port: 6_882 }), false, "another port");
  for (let i = 0; i < 5; i++) {
    budget.failed(address);
    assert.equal(budget.refusal(address), undefined);
    assert.ok(budget.mustWait(address), "five failed and one under way are six");
  }
  budget.failed(address);
  assert.equal(budget.refusal(address), "failures");
  await clock.advance(MINUTE_MS);
  assert.equal(budget.refusal(address), undefined);
  assert.equal(budget.mustWait(address), false);
});

Deno.test("earlier failures reduce the number of dials that may be under way", () => {
  const { budget } = newBudget();
  const address = { host, port: 6_881 };
  for (let i = 0; i < 4; i++) {
    budget.dialled(address);
    budget.failed(address);
  }
  for (let i = 0; i < 2; i++) {
    assert.equal(budget.mustWait(address), false);
    budget.dialled(address);
  }
  assert.ok(budget.mustWait(address));
});

Deno.test("dials to an address that answered within a minute do not wait, but its failures still count", async () => {
  const { budget, clock } = newBudget();
  const address = { host, port: 6_881 };
  for (let i = 0; i < 6; i++) budget.dialled(address);
  assert.ok(budget.mustWait(address));
  budget.answered(address);
  for (let i = 0; i < 100; i++) {
    assert.equal(budget.mustWait(address), false);
    budget.dialled(address);
  }
  await clock.advance(MINUTE_MS - 1);
  assert.equal(budget.mustWait(address), false);
  await clock.advance(1);
  assert.ok(budget.mustWait(address), "the answer is a minute old");
  for (let i = 0; i < 6; i++) budget.failed(address);
  assert.equal(budget.refusal(address), "failures");
});

Deno.test("our own addresses are not dialled, whether on this machine or learnt", () => {
  const { budget } = newBudget({ isFree: isTestHost });
  for (const own of ["127.0.0.1", "127.9.9.9", "::1"]) {
    assert.equal(budget.refusal({ host: own, port: 6_881 }), "ourselves");
    assert.equal(budget.refusal({ host: own, port: 6_882 }), undefined);
  }
  assert.equal(budget.refusal({ host, port: 6_881 }), undefined);
  budget.learnOurs({ host, port: 6_881 });
  assert.equal(budget.refusal({ host, port: 6_881 }), "ourselves");
});

Deno.test("a free host is dialled at any port and rate", () => {
  const { budget } = newBudget({ isFree: isTestHost });
  for (const local of ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "::1"]) {
    for (let port = 1; port <= 100; port++) {
      assert.equal(budget.refusal({ host: local, port }), undefined);
      budget.dialled({ host: local, port });
      budget.failed({ host: local, port });
    }
  }
  assert.equal(budget.size, 0);
});

Deno.test("the least recently dialled address is evicted at the limit", () => {
  const { budget } = newBudget({ remembered: 10 });
  const hostOf = (i: number) => `198.51.100.${i}`;
  for (let i = 0; i < 10; i++) budget.dialled({ host: hostOf(i), port: 2_000 });
  for (let port = 2_001; port <= 2_007; port++) budget.dialled({ host: hostOf(0), port });
  budget.dialled({ host: hostOf(99), port: 2_000 });
  assert.equal(budget.size, 10);
  assert.equal(budget.refusal({ host: hostOf(0), port: 3_000 }), "ports of the address");
});

Deno.test("a clock that was set back does not keep an address refused", async () => {
  const { budget, clock } = newBudget();
  for (let port = 2_001; port <= 2_008; port++) budget.dialled({ host, port });
  clock.jump(-24 * 60 * MINUTE_MS);
  await clock.advance(0);
  assert.equal(budget.refusal({ host, port: 2_009 }), undefined);
});

Deno.test("an address to which a peer introduces us is dialled again, whatever failed", async () => {
  const { budget, clock } = newBudget();
  const address = { host, port: 6_881 };
  assert.equal(budget.hasDialled(host), false);
  for (let i = 0; i < 6; i++) {
    budget.dialled(address);
    budget.failed(address);
  }
  assert.equal(budget.refusal(address), "failures");
  budget.forgiveFailures(address);
  assert.equal(budget.refusal(address), undefined);
  assert.equal(budget.hasDialled(host), true);
  await clock.advance(10 * MINUTE_MS);
  assert.equal(budget.hasDialled(host), false);
});

Deno.test("failures of an address are forgiven once a minute, however often peers introduce it", async () => {
  const { budget, clock } = newBudget();
  const address = { host, port: 6_882 };
  const dialAsOftenAsAllowed = () => {
    let dials = 0;
    for (; budget.refusal(address) === undefined; dials++) {
      budget.dialled(address);
      budget.failed(address);
      budget.forgiveFailures(address);
    }
    return dials;
  };
  // The first failure is forgiven, and the six that follow are not.
  assert.equal(dialAsOftenAsAllowed(), 7);
  budget.forgiveFailures(address);
  assert.equal(budget.refusal(address), "failures");
  await clock.advance(MINUTE_MS);
  assert.equal(dialAsOftenAsAllowed(), 7);
});
