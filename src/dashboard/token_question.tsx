/**
 * The question for the token of the HTTP API.
 *
 * @module
 */

import { useState } from "preact/hooks";
import { type Token, useStore } from "./data/mod.ts";
import { Dialog } from "./parts/mod.ts";

const reasons = {
  read: "This daemon shows nothing without a token, because the page was not opened on the " +
    "machine of the daemon, or under another name than localhost.",
  change: "Changes need a token.",
  refused: "The daemon does not know this token. It may have been replaced.",
};

/** Asks for the token. After a change, the user repeats the action. */
export function TokenQuestion({ token }: { token: Token }) {
  const reason = useStore(token.asked);
  const [text, setText] = useState("");
  if (reason === undefined) return null;
  const form = (
    <form
      class="token"
      onSubmit={(event) => {
        // The policy of the page forbids to send forms.
        event.preventDefault();
        if (text.trim() !== "") token.give(text.trim());
      }}
    >
      <p>{reasons[reason]}</p>
      <p>
        <code>libreseed token show</code>{" "}
        prints the token on the machine of the daemon. This tab keeps the token until it is closed.
      </p>
      <label for="token">Token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        spellcheck={false}
        required
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <div class="buttons">
        {reason !== "read" && (
          <button type="button" onClick={() => token.dismiss()}>Go on without</button>
        )}
        <button type="submit" class="first">Use the token</button>
      </div>
    </form>
  );
  return reason === "change"
    ? <Dialog title="Token" onClose={() => token.dismiss()}>{form}</Dialog>
    : <section class="card" aria-label="Token">{form}</section>;
}
