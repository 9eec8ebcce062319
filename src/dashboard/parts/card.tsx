/**
 * Parts of pages: cards, figures, notes and marks.
 *
 * @module
 */

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** Meaning of a mark or a note, which determines its colour. The text says the same. */
export type Tone = "good" | "bad" | "warn" | "plain";

/** A section with a heading. */
export function Card(
  { title, wide = false, tall = false, actions, children }: {
    title: string;
    /** Whether the card takes the whole width. */
    wide?: boolean;
    /** Whether the card reserves place for data that comes later. */
    tall?: boolean;
    /** Buttons beside the heading. */
    actions?: ComponentChildren;
    children: ComponentChildren;
  },
) {
  const id = useId();
  return (
    <section class={`card${wide ? " wide" : ""}${tall ? " tall" : ""}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** A list of names and values. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

/** A name and its value in {@linkcode Facts}. A dash stands for a value that is not there. */
export function Fact(
  { name, wide = false, children }: {
    name: string;
    /** Whether the value is so long that it takes the whole width. */
    wide?: boolean;
    children?: ComponentChildren;
  },
) {
  const isEmpty = children === undefined || children === null || children === "";
  return (
    <div class={wide ? "wide" : undefined}>
      <dt>{name}</dt>
      <dd>{isEmpty ? "–" : children}</dd>
    </div>
  );
}

/** A large figure with its name, and a line of detail that keeps its place while it is empty. */
export function Figure(
  { name, value, detail }: { name: string; value: ComponentChildren; detail?: ComponentChildren },
) {
  return (
    <div class="figure">
      <div class="name">{name}</div>
      <div class="value">{value}</div>
      <div class="detail">{detail ?? "\u00a0"}</div>
    </div>
  );
}

/** A short mark, such as `weak`. */
export function Mark({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`mark ${tone}`}>{children}</span>;
}

/** A note in a page. */
export function Note({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return <div class={`note ${tone}`}>{children}</div>;
}

/** Placeholder for data that has not come yet, or that could not be read. */
export function Waiting({ problem }: { problem?: string }) {
  return problem === undefined
    ? <p class="waiting">Loading …</p>
    : <Note tone="bad">{problem}</Note>;
}
