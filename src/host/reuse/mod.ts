/**
 * Reuse: a download takes the members that archives of the seed directory have as well from there, and
 * fetches only the rest.
 *
 * - `reuse.ts`: one download, from the first piece to the offer to the engine. Start reading here.
 * - `member_index.ts`: in which archive a member lies; reads the lists of archives into `state.db`.
 * - `plan.ts`: chooses what to copy from where, from a list that nobody has verified.
 * - `copy_members.ts`: copies, and checks each member's hash.
 * - `reuser.ts`: which downloads reuse, from which archives, and what that saved.
 *
 * Reuse never decides whether bytes are right: the engine checks the pieces, and the archive's hash is
 * verified as after any download.
 *
 * @module
 */

export { Reuser, type ReuserOptions } from "./reuser.ts";
