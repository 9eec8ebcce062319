/**
 * `libreseed testnet`: runs a DHT of many nodes on this machine.
 *
 * @module
 */

import { defineCommand, switchFlag } from "../flags/command.ts";

function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= max) return value;
    throw new SyntaxError(`takes a whole number up to ${max}, not ${JSON.stringify(text)}`);
  };
}

type Flags = { nodes: number; port: number; ipv6?: boolean };

export default defineCommand<Flags, []>({
  description:
    "Starts a separate DHT on 127.0.0.1, prints the address to pass to --bootstrap, and runs until " +
    "Ctrl-C. Other commands reach it with --allow-local. With --ipv6, there is another DHT on ::1, " +
    "and both addresses are printed, separated by a comma.",
  examples: [
    "libreseed testnet --port 7881",
    "libreseed publish ./my-tool --bootstrap 127.0.0.1:7881 --allow-local",
    "libreseed testnet --ipv6 --port 7881",
    "libreseed publish ./my-tool --bootstrap [::1]:7881 --allow-local",
  ],
  home: "unused",
  parameters: {
    flags: {
      nodes: {
        kind: "parsed",
        parse: wholeNumber(2_000),
        default: "20",
        placeholder: "N",
        brief: "Number of nodes, up to 2000",
      },
      port: {
        kind: "parsed",
        parse: wholeNumber(65_535),
        default: "0",
        placeholder: "P",
        brief: "UDP port of the first node; 0 = any free port",
      },
      ipv6: switchFlag("Also start a DHT of as many nodes on ::1"),
    },
  },
  async run({ flags: { nodes, port, ipv6 }, output, io }) {
    const { signal, clock } = io;
    const { startTestnet } = await import("../../testnet/mod.ts");
    const testnets = new AsyncDisposableStack();
    try {
      const four = testnets.use(await startTestnet({ nodes, port, clock }));
      const six = ipv6
        ? testnets.use(await startTestnet({ nodes, port, clock, hosts: ["::1"] }))
        : undefined;
      const { bootstrap } = four;
      const all = six ? `${bootstrap},${six.bootstrap}` : bootstrap;
      output.result({ bootstrap, ...(six && { bootstrap6: six.bootstrap }), nodes }, all);
      const started = six ? `${nodes} nodes of IPv4 and ${nodes} of IPv6` : `${nodes} nodes`;
      output.notice(`${started}; use --bootstrap ${all} --allow-local, stop with Ctrl-C`);
      if (!signal.aborted) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      }
    } finally {
      await testnets.disposeAsync();
    }
  },
});
