/**
 * The addresses to which the user has bound the host. Tells the user when they are lost and when they
 * are back.
 *
 * @module
 */

import { type Binding, type BindingState, describeBinding } from "../base/mod.ts";
import type { HostAddress } from "../launcher/mod.ts";
import { HostError } from "./errors.ts";
import type { HostOptions } from "./options.ts";

/** The options that a binding needs. */
type BindingOptions =
  & Pick<HostOptions, "daemon" | "onMoved">
  & {
    settings: Pick<HostOptions["settings"], "bind">;
    launcher: Pick<HostOptions["launcher"], "findBinding" | "networkAddresses">;
    listeners: Pick<HostOptions["listeners"], "onNotice" | "onWarning">;
  };

/** The addresses that a host uses: those to which the user has bound it, or all of this machine. */
export class HostBinding {
  readonly #options: BindingOptions;
  /** The addresses; `undefined` if the host uses all of this machine. */
  readonly binding: Binding | undefined;
  #why: string | undefined;

  private constructor(options: BindingOptions, binding: Binding | undefined) {
    this.#options = options;
    this.binding = binding;
  }

  /**
   * Finds the addresses that the setting `bind` stands for.
   *
   * @throws {HostError} `BIND_NOT_FOUND` if the machine has no such address or interface;
   * `BIND_UNUSABLE` if they cannot be used now, unless the host is a daemon, which waits for them
   */
  static async find(options: BindingOptions): Promise<HostBinding> {
    const { settings: { bind }, launcher, daemon } = options;
    if (bind === undefined) return new HostBinding(options, undefined);
    const found = await launcher.findBinding(bind);
    const detail = { bind };
    if ("problem" in found) {
      const message = `--bind ${bind}: ${found.problem}`;
      throw new HostError("failed", "BIND_NOT_FOUND", message, { detail });
    }
    const { binding, state } = found;
    if (state.state !== "bound" && !daemon) {
      const message = `--bind ${bind}: ${state.why}. Nothing was sent`;
      throw new HostError("network", "BIND_UNUSABLE", message, { detail });
    }
    const bound = new HostBinding(options, binding);
    bound.hear(state);
    return bound;
  }

  /** Returns the addresses that the host uses. */
  async addresses(): Promise<HostAddress[]> {
    if (!this.binding) return await this.#options.launcher.networkAddresses();
    const { ipv4, ipv6 } = this.binding;
    return [
      ...(ipv4 === undefined ? [] : [{ family: "IPv4" as const, address: ipv4 }]),
      ...(ipv6 === undefined ? [] : [{ family: "IPv6" as const, address: ipv6 }]),
    ];
  }

  /** Receives the current state, and reports a change to the user. */
  readonly hear = (state: BindingState): void => {
    const { listeners: { onNotice, onWarning }, onMoved } = this.#options;
    const why = state.state === "bound" ? undefined : state.why;
    if (why === this.#why) return;
    this.#why = why;
    const what = describeBinding(this.binding!);
    if (why === undefined) onNotice(`bound to ${what} again: the network is used as before`);
    else if (state.state === "moved") onWarning(`${why}, and had ${what}: starting anew`);
    else {
      onWarning(
        `${why}. libreseed is bound to ${what}, so it sends and receives nothing until that is mended`,
      );
    }
    if (state.state === "moved") onMoved?.();
  };
}
