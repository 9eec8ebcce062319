/**
 * The addresses and ports of the engine's sockets, as the launcher tells them.
 *
 * @module
 */

import type { Binding, BindingState } from "../base/mod.ts";

/** A binding, whether it can be used now, and the port for neighbours. */
export class WorkerBinding {
  #binding: Binding | undefined;
  #state: BindingState = { state: "bound" };
  #lanPort: number | undefined;

  #onChange: (state: BindingState) => void = () => {};

  /** The engine's options: no addresses if it uses all of this machine. */
  get options(): {
    binding: Binding | undefined;
    bindingState: BindingState;
    lanPort: number | undefined;
  } {
    return { binding: this.#binding, bindingState: this.#state, lanPort: this.#lanPort };
  }

  /** The addresses and their state; `undefined` if the engine uses all of this machine. */
  get status(): (Binding & BindingState) | undefined {
    return this.#binding && { ...this.#binding, ...this.#state };
  }

  /** Whether the only address is one of IPv6, so that a command's first search needs the DHT of IPv6. */
  get needsIpv6(): boolean {
    return this.#binding?.ipv6 !== undefined && this.#binding.ipv4 === undefined;
  }

  /** Whether sockets may have an address of this machine. */
  readonly uses = (address: string): boolean =>
    !this.#binding || address === this.#binding.ipv4 || address === this.#binding.ipv6;

  /**
   * Calls a function after each change of the state from now on.
   *
   * @param known the state that the caller knows. If it has changed since, the function is called
   */
  follow(known: BindingState, onChange: (state: BindingState) => void): void {
    this.#onChange = onChange;
    if (this.#state !== known) onChange(this.#state);
  }

  /** Sets addresses and ports, before the engine starts. */
  begin(
    binding: Binding | undefined,
    state: BindingState = { state: "bound" },
    lanPort?: number,
  ): void {
    this.#lanPort = lanPort;
    this.#binding = binding;
    this.#state = state;
  }

  /** Sets the state. */
  set(state: BindingState): void {
    this.#state = state;
    this.#onChange(state);
  }
}
