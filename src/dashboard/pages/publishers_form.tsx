/**
 * The form by which a publisher is followed by its key.
 *
 * @module
 */

import { useId, useRef, useState } from "preact/hooks";
import type { Api } from "../data/mod.ts";
import { typedKeyOf } from "../listing/mod.ts";
import { Card, formatCount } from "../parts/mod.ts";

type Outcome = { text: string; isProblem: boolean };

/** The form. It keeps what was typed until the publisher is followed. */
export function FollowForm({ api, onFollowed }: { api: Api; onFollowed: () => void }) {
  const [key, setKey] = useState("");
  const [name, setName] = useState("");
  const [range, setRange] = useState("");
  const [keyProblem, setKeyProblem] = useState<string>();
  const [rangeProblem, setRangeProblem] = useState<string>();
  const [isRunning, setRunning] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  const keyField = useRef<HTMLInputElement>(null);
  const nameField = useRef<HTMLInputElement>(null);
  const submit = async () => {
    if (isRunning) return;
    setOutcome(undefined);
    const typed = typedKeyOf(key);
    setKeyProblem("problem" in typed ? typed.problem : undefined);
    const needsName = range.trim() !== "" && name.trim() === "";
    setRangeProblem(
      needsName ? "Versions are those of a package: name the package too." : undefined,
    );
    if ("problem" in typed) return keyField.current?.focus();
    if (needsName) return nameField.current?.focus();
    setRunning(true);
    try {
      const { packages, warning } = await api.follow({
        publisher: typed.publisher,
        ...(name.trim() !== "" && { name: name.trim() }),
        ...(range.trim() !== "" && { range: range.trim() }),
      });
      setOutcome({
        text: warning ?? `Followed: ${formatCount(packages, "version")} in its list`,
        isProblem: false,
      });
      setKey("");
      setName("");
      setRange("");
      onFollowed();
    } catch (error) {
      setOutcome({ text: (error as Error).message, isProblem: true });
    }
    setRunning(false);
  };
  return (
    <Card title="Follow a publisher">
      <form
        class="follow"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field
          label="Publisher's key"
          hint="ed25519:…"
          value={key}
          onValue={setKey}
          problem={keyProblem}
          field={keyField}
          wide
        />
        <Field
          label="Package (all, if empty)"
          value={name}
          onValue={setName}
          field={nameField}
        />
        <Field
          label="Versions (all, if empty)"
          hint="^1.2.0"
          value={range}
          onValue={setRange}
          problem={rangeProblem}
        />
        <div class="action">
          <button type="submit" aria-disabled={isRunning}>
            {isRunning ? "Reading its list …" : "Follow"}
          </button>
          <span role="status" class={outcome?.isProblem ? "outcome bad" : "outcome"}>
            {outcome?.text}
          </span>
        </div>
      </form>
    </Card>
  );
}

function Field(
  { label, hint, value, onValue, problem, field, wide = false }: {
    label: string;
    hint?: string;
    value: string;
    onValue: (value: string) => void;
    problem?: string;
    field?: { current: HTMLInputElement | null };
    wide?: boolean;
  },
) {
  const id = useId();
  return (
    <div class={wide ? "field wide" : "field"}>
      <label for={id}>{label}</label>
      <input
        id={id}
        ref={field}
        type="text"
        value={value}
        placeholder={hint}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        maxLength={256}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
      <span id={`${id}-problem`} class="field-problem" role="alert">{problem}</span>
    </div>
  );
}
