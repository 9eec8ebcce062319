/**
 * The page of the settings: their values, and where each came from.
 *
 * @module
 */

import { useState } from "preact/hooks";
import { useData } from "../data/mod.ts";
import { ActionButton, Card, type PageProps, Table, Waiting } from "../parts/mod.ts";

/** The page of the settings. */
export function SettingsPage({ api }: PageProps) {
  const { value: settings, problem, reload } = useData(api.settings);
  const [filter, setFilter] = useState("");
  const [changedOnly, setChangedOnly] = useState(false);
  const rows = settings?.filter(({ key, where }) =>
    key.includes(filter.trim().toLowerCase()) && !(changedOnly && where === "default")
  );
  const readAgain = async () => {
    const { changed, needRestart } = await api.reload();
    reload();
    const parts = [
      changed.length > 0 && `in effect now: ${changed.join(", ")}`,
      needRestart.length > 0 && `after a restart: ${needRestart.join(", ")}`,
    ].filter((part) => part !== false);
    return parts.length === 0 ? "Nothing has changed" : parts.join("; ");
  };
  return (
    <Card
      title="Settings of the daemon"
      wide
      actions={<ActionButton label="Read the settings again" run={readAgain} />}
    >
      <p>
        Settings are changed in the config file, and take effect when the daemon reads them again.
      </p>
      <div class="filters">
        <label>
          Name{" "}
          <input
            type="search"
            value={filter}
            onInput={({ currentTarget }) => setFilter(currentTarget.value)}
          />
        </label>
        <label>
          <input
            type="checkbox"
            checked={changedOnly}
            onChange={({ currentTarget }) => setChangedOnly(currentTarget.checked)}
          />{" "}
          Only those that are not the default
        </label>
      </div>
      {rows === undefined ? <Waiting problem={problem} /> : (
        <Table
          caption="Settings"
          rows={rows}
          keyOf={({ key }) => key}
          empty="No setting matches"
          columns={[
            { title: "Setting", cell: ({ key }) => <code>{key}</code> },
            { title: "Value", cell: ({ text }) => <code>{text}</code> },
            { title: "Where it came from", cell: ({ where }) => where },
          ]}
        />
      )}
    </Card>
  );
}
