/**
 * `libreseed testnet`: runs a DHT of many nodes on this machine.
 *
 * @module
 */

import { defineCommand } from "../flags/command.ts";

function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= max) return value;
    throw new SyntaxError(`takes a whole number up to ${max}, not ${JSON.stringify(text)}`);
  };
}

type Flags = { nodes: number; port: number };

export default defineCommand<Flags, []>({
  description:
    "Starts a separate DHT on 127.0.0.1, prints the address to pass to --bootstrap, and runs until " +
    "Ctrl-C. Other commands reach it with --allow-local.",
  examples: [
    "libreseed testnet --port 7881",
    "libreseed publish ./my-tool --bootstrap 127.0.0.1:7881 --allow-local",
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
    },
  },
  async run({ flags: { nodes, port }, output, io }) {
    const { signal } = io;
    const { startTestnet } = await import("../../testnet/mod.ts");
    const testnet = await startTestnet({ nodes, port, clock: io.clock });
    try {
      const { bootstrap } = testnet;
      output.result({ bootstrap, nodes }, bootstrap);
      output.notice(`${nodes} nodes; use --bootstrap ${bootstrap} --allow-local, stop with Ctrl-C`);
      if (!signal.aborted) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      }
    } finally {
      await testnet.close();
    }
  },
});
