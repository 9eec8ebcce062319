/**
 * The identity that publishes libreseed itself. `upgrade --self` accepts programs from it alone.
 *
 * @module
 */

/**
 * Identity of libreseed's publisher in its written form, `ed25519:` and base64 of 32 bytes. Empty in
 * builds of developers: `upgrade --self` then needs `--from KEY`. `scripts/release.ts` compares it
 * with the key that publishes.
 */
export const BUILT_IN_PUBLISHER: string = "";
