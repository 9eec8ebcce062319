/**
 * Tests the alert rules and the Grafana dashboard in `examples/`: with promtool, and with a real
 * Prometheus that scrapes a real daemon.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { isInstalled } from "../support/installed.ts";
import { freePort, runCli, spawnCli, temporaryHome } from "../support/mod.ts";
import { eventually, newPlace } from "../support/place.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const directory = join(root, "examples", "prometheus");
const rulesFile = "libreseed.rules.yml";
const testFile = "libreseed.rules.test.yml";
const hasPromtool = isInstalled("promtool");
const hasPrometheus = hasPromtool && isInstalled("prometheus");

interface Rule {
  alert?: string;
  record?: string;
  expr: string | number;
  annotations?: Record<string, string>;
}

interface Panel {
  id: number;
  type: string;
  title: string;
  datasource?: unknown;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { refId: string; expr: string; datasource: unknown }[];
}

interface Dashboard {
  title: string;
  uid: string;
  id?: number;
  schemaVersion: number;
  panels: Panel[];
  templating: { list: { name: string; type: string; query: unknown }[] };
}

async function readDashboard(): Promise<Dashboard> {
  return JSON.parse(
    await Deno.readTextFile(join(root, "examples", "grafana", "libreseed.json")),
  );
}

async function readRules(): Promise<Rule[]> {
  const { groups } = parse(await Deno.readTextFile(join(directory, rulesFile))) as {
    groups: { rules: Rule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** The metrics that operations.md lists; `metrics_test.ts` asserts that these are all there are. */
async function servedMetrics(): Promise<Set<string>> {
  const page = await Deno.readTextFile(join(root, "docs", "operations.md"));
  const section = page.split("### Metrics")[1]!.split("\n### ")[0]!;
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return new Set(
    rows.flatMap((row) => [...row.split("|")[1]!.matchAll(/`([a-z0-9_]+)`/g)])
      .map(([, name]) => `libreseed_${name}`),
  );
}

/** Lists the expressions of the dashboard, with values for Grafana's variables. */
function expressionsOf({ panels }: Dashboard): string[] {
  return panels.flatMap(({ targets = [] }) => targets).map(({ expr }) =>
    expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*")
  );
}

async function promtool(args: string[], cwd = directory) {
  return await runCli(args, { program: ["promtool"], cwd });
}

Deno.test("the dashboard has the form that Grafana imports, and a variable for the data source", async () => {
  const { title, uid, id, schemaVersion, panels, templating } = await readDashboard();
  assert.deepEqual([title, uid, id, schemaVersion], ["libreseed", "libreseed", undefined, 39]);
  const variables = templating.list.map(({ name, type }) => [name, type]);
  assert.deepEqual(variables, [["datasource", "datasource"], ["instance", "query"]]);
  assert.equal(templating.list[0]!.query, "prometheus");
  const source = { type: "prometheus", uid: "${datasource}" };
  assert.equal(new Set(panels.map((panel) => panel.id)).size, panels.length, "ids are unique");
  const cells = new Set<string>();
  for (const panel of panels) {
    const { x, y, w, h } = panel.gridPos;
    assert(x >= 0 && x + w <= 24 && h > 0, `${panel.title} lies beyond the grid of 24 columns`);
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        assert(!cells.has(`${column},${line}`), `${panel.title} covers another panel`);
        cells.add(`${column},${line}`);
      }
    }
    if (panel.type === "row") continue;
    assert(["stat", "timeseries"].includes(panel.type), panel.type);
    assert.deepEqual(panel.datasource, source, panel.title);
    assert(panel.targets!.length > 0, panel.title);
    for (const { datasource } of panel.targets!) assert.deepEqual(datasource, source, panel.title);
    const letters = panel.targets!.map(({ refId }) => refId);
    assert.equal(new Set(letters).size, letters.length, `${panel.title}: letters of targets`);
  }
});

Deno.test("dashboard and alerts name metrics that the daemon serves, and the dashboard nearly all", async () => {
  const served = await servedMetrics();
  const shown = new Set<string>();
  for (const expression of expressionsOf(await readDashboard())) {
    for (const [name] of expression.matchAll(/\blibreseed_\w+/g)) shown.add(name);
  }
  const watched = (await readRules()).flatMap(({ expr }) => [
    ...String(expr).matchAll(/\blibreseed_\w+/g),
  ]).map(([name]) => name);
  const unknown = [...shown, ...watched].filter((name) => !served.has(name));
  assert.deepEqual(unknown, []);
  // These have no panel: rates that Prometheus computes from counters, and details of a command.
  const left = [
    ...["bound", "peers_known", "upload_bytes_per_second", "download_bytes_per_second"],
    ...["utp_received_packets_total", "utp_sent_packets_total", "utp_kept_bytes"],
  ].map((name) => `libreseed_${name}`);
  assert.deepEqual([...served].filter((name) => !shown.has(name)).sort(), left.sort());
});

Deno.test({
  name: "promtool (of prometheus) accepts configuration, rules and each expression",
  ignore: !hasPromtool,
  async fn() {
    for (const args of [["check", "config", "prometheus.yml"], ["check", "rules", rulesFile]]) {
      const { code, stdout, stderr } = await promtool(args);
      assert.equal(code, 0, stdout + stderr);
    }
    await using home = await temporaryHome();
    const check = async (expressions: string[]) => {
      const rules = expressions.map((expr, i) => ({ record: `test:expression_${i}`, expr }));
      // JSON is YAML.
      const text = JSON.stringify({ groups: [{ name: "dashboard", rules }] });
      await Deno.writeTextFile(join(home.path, "rules.yml"), text);
      return await promtool(["check", "rules", "rules.yml"], home.path);
    };
    const expressions = expressionsOf(await readDashboard());
    assert(expressions.length > 40);
    const { code, stdout, stderr } = await check(expressions);
    assert.equal(code, 0, stdout + stderr);
    assert.equal((await check([...expressions, "rate(libreseed_records"])).code, 1);
  },
});

Deno.test({
  name: "each alert fires and stays silent in the unit tests of the rules (promtool)",
  ignore: !hasPromtool,
  async fn() {
    const good = await promtool(["test", "rules", testFile]);
    assert.equal(good.code, 0, good.stdout + good.stderr);
    // The tests notice an alert that never fires, and one that always does.
    await using home = await temporaryHome();
    await Deno.copyFile(join(directory, testFile), join(home.path, testFile));
    const rules = await readRules();
    const alerts = rules.flatMap(({ alert }) => alert === undefined ? [] : [alert]);
    assert(alerts.length >= 10);
    for (const expr of ["up == 2", "vector(1)"]) {
      const changed = rules.map((rule) => rule.alert === undefined ? rule : { ...rule, expr });
      const text = JSON.stringify({ groups: [{ name: "libreseed", rules: changed }] });
      await Deno.writeTextFile(join(home.path, rulesFile), text);
      const { code, stdout, stderr } = await promtool(["test", "rules", testFile], home.path);
      assert.equal(code, 1, expr);
      const noticed = alerts.filter((name) => (stdout + stderr).includes(`alertname: ${name}, `));
      assert.deepEqual(noticed, alerts, expr);
    }
  },
});

/** Metrics that a daemon in a test network does not have: no router, no IPv6, nothing to measure. */
const ABSENT = new RegExp(
  "libreseed_(dht6_|port_mapped|pinhole_open|reachable|neighbours|peer_discovery_success_ratio)",
);

Deno.test({
  name: "a real Prometheus scrapes a real daemon, and the expressions return data (prometheus)",
  ignore: !hasPrometheus,
  async fn() {
    await using place = await newPlace();
    const home = await place.home();
    const [port, own] = [await freePort(), await freePort()];
    await using daemon = await home.daemon(["--http", `127.0.0.1:${port}`]);
    await home.must(["publish", await place.source("watched", "1.0.0")]);

    const text = await Deno.readTextFile(join(directory, "prometheus.yml"));
    const config = text.replace('127.0.0.1:9881"]', `127.0.0.1:${port}"]`)
      .replaceAll(/_interval: 30s/g, "_interval: 1s");
    assert.notEqual(config, text);
    await Deno.writeTextFile(join(place.path, "prometheus.yml"), config);
    await Deno.copyFile(join(directory, rulesFile), join(place.path, rulesFile));
    await using prometheus = spawnCli([
      `--config.file=${join(place.path, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(place.path, "data")}`,
      `--web.listen-address=127.0.0.1:${own}`,
    ], { program: ["prometheus"], timeoutMs: 600_000 });
    await prometheus.waitForLine(/Server is ready to receive web requests/);

    const ask = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${own}/api/v1/${path}`);
      const { status, data, error } = await response.json();
      assert.equal(status, "success", `${path}: ${error}`);
      return data;
    };
    const query = async (expression: string): Promise<{ value: [number, string] }[]> =>
      (await ask(`query?query=${encodeURIComponent(expression)}`)).result;
    // Rates need two samples, and the success ratio an announcement that is over.
    await eventually(async () => {
      const [samples] = await query("count_over_time(libreseed_dht_announce_success_ratio[1m])");
      return Number(samples?.value[1] ?? 0) >= 3 && true;
    });

    const expressions = expressionsOf(await readDashboard());
    const empty: string[] = [];
    for (const expression of expressions) {
      if ((await query(expression)).length === 0) empty.push(expression);
    }
    assert.deepEqual(empty.filter((expression) => !ABSENT.test(expression)), []);
    const [packages] = await query('libreseed_packages{job="libreseed"}');
    assert.equal(packages!.value[1], "1");

    await eventually(async () => {
      const { groups } = await ask("rules");
      const rules = groups[0].rules as { name: string; health: string; lastError?: string }[];
      assert.deepEqual(rules.filter(({ health }) => health === "err"), []);
      return rules.length === (await readRules()).length &&
        rules.every(({ health }) => health === "ok");
    });
    const { groups } = await ask("rules");
    const firing = groups[0].rules.filter((rule: { state?: string }) => rule.state === "firing");
    assert.deepEqual(firing, []);

    const ended = await daemon.end();
    assert.equal(ended.code, 0);
    await eventually(async () => (await query('up{job="libreseed"} == 0')).length === 1);
    await eventually(async () => {
      const { groups } = await ask("rules");
      return groups[0].rules.some((rule: { name: string; state?: string }) =>
        rule.name === "LibreseedDown" && rule.state === "pending"
      );
    });
    prometheus.kill("SIGTERM");
    await prometheus.status;
  },
});
