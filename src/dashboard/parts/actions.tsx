/**
 * Buttons for actions that change something, with their outcome, and a question before those that cannot
 * be taken back.
 *
 * @module
 */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

/** A button that runs an action and says what came of it. */
export function ActionButton(
  { label, run, confirm, danger = false }: {
    label: string;
    /** Runs the action. Returns a sentence for the user, or throws with one. */
    run: () => Promise<string>;
    /** Question before the action; without it, the action runs at once. */
    confirm?: string;
    danger?: boolean;
  },
) {
  const [asking, setAsking] = useState(false);
  const [isRunning, setRunning] = useState(false);
  const [outcome, setOutcome] = useState<{ text: string; isProblem: boolean }>();
  const start = async () => {
    setAsking(false);
    setRunning(true);
    setOutcome(undefined);
    try {
      setOutcome({ text: await run(), isProblem: false });
    } catch (error) {
      setOutcome({ text: (error as Error).message, isProblem: true });
    }
    setRunning(false);
  };
  return (
    <div class="action">
      <button
        type="button"
        class={danger ? "danger" : undefined}
        aria-disabled={isRunning}
        onClick={() => {
          if (isRunning) return;
          if (confirm === undefined) void start();
          else setAsking(true);
        }}
      >
        {isRunning ? `${label} …` : label}
      </button>
      <span role="status" class={outcome?.isProblem ? "outcome bad" : "outcome"}>
        {outcome?.text}
      </span>
      {asking && (
        <Dialog title={label} onClose={() => setAsking(false)}>
          <p>{confirm}</p>
          <div class="buttons">
            <button type="button" onClick={() => setAsking(false)}>Cancel</button>
            <button type="button" class="danger" onClick={() => void start()}>{label}</button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

/** A modal dialog. The browser keeps the focus in it, and gives the focus back after it. */
export function Dialog(
  { title, onClose, children }: {
    title: string;
    onClose: () => void;
    children: ComponentChildren;
  },
) {
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    element.current!.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={element} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
