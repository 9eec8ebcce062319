/**
 * The page of the publishers: those that this home follows, mirrors or has met, and their keys.
 *
 * @module
 */

import { useMemo, useState } from "preact/hooks";
import type { PublisherJson } from "../../control/mod.ts";
import { type Api, useData } from "../data/mod.ts";
import { searchTextOf, wordsOf } from "../listing/mod.ts";
import {
  ActionButton,
  Card,
  Fact,
  Facts,
  formatAgo,
  formatCount,
  formatDate,
  formatNumber,
  Mark,
  type PageProps,
  Waiting,
} from "../parts/mod.ts";
import { FilterField, Foreign, ForeignLines, useLimited, useNow } from "../widgets/mod.ts";
import { FollowForm } from "./publishers_form.tsx";

/** Pause before the publishers are read again (ms), besides after each change of packages. */
const PAUSE_MS = 30_000;
/** Number of publishers from which on there is a filter. */
const MIN_FILTERED = 6;

/** The page of the publishers. */
export function PublishersPage({ api }: PageProps) {
  const { value: publishers, problem, reload } = useData(api.publishers, "", {
    on: ["packages"],
    everyMs: PAUSE_MS,
  });
  return (
    <div class="stack">
      <FollowForm api={api} onFollowed={reload} />
      {publishers === undefined
        ? <Waiting problem={problem} />
        : publishers.length === 0
        ? (
          <p class="empty">
            No publisher is known yet: paste the key of one above to follow it.
          </p>
        )
        : <Publishers api={api} publishers={publishers} reload={reload} />}
    </div>
  );
}

interface ListProps {
  api: Api;
  reload: () => void;
}

function Publishers(
  { publishers, ...props }: ListProps & { publishers: readonly PublisherJson[] },
) {
  const [typed, setTyped] = useState("");
  const found = useMemo(() => {
    const words = wordsOf(typed);
    const textOf = ({ publisher, follows, keys, ended, revoked }: PublisherJson) => {
      const gone = [...ended, ...revoked].map(({ key }) => key);
      return searchTextOf(publisher, ...keys, ...gone, ...follows.map(({ name }) => name));
    };
    return words.length === 0 ? publishers : publishers.filter((entry) => {
      const text = textOf(entry);
      return words.every((word) => text.includes(word));
    });
  }, [publishers, typed]);
  const { rows, more } = useLimited(found, "publisher");
  const all = formatCount(publishers.length, "publisher");
  return (
    <>
      {publishers.length >= MIN_FILTERED && (
        <FilterField
          label="Filter"
          hint="key or package"
          typed={typed}
          onTyped={setTyped}
          count={found.length === publishers.length
            ? all
            : `${formatNumber(found.length)} of ${all}`}
        />
      )}
      {rows.map((entry) => <Publisher key={entry.publisher} entry={entry} {...props} />)}
      {found.length === 0 && (
        <p class="empty">
          No publisher matches: clear the filter to see all.
        </p>
      )}
      {more}
    </>
  );
}

function Publisher({ entry, ...props }: ListProps & { entry: PublisherJson }) {
  const { publisher, own, follows, listed, seeded, mirrored, checkedMs } = entry;
  const { keys, ended, revoked } = entry;
  const nowMs = useNow(30_000);
  const hasRoot = keys.some((key) => key !== publisher);
  const isFollowed = follows.length > 0;
  return (
    <Card title={own ? "This home's publisher" : publisher}>
      <p class="marks">
        {own && <Mark tone="good">own</Mark>}
        {isFollowed && <Mark tone="good">followed</Mark>}
        {isFollowed && mirrored && <Mark tone="good">mirrored</Mark>}
        {ended.length > 0 && <Mark>key ended</Mark>}
        {revoked.length > 0 && <Mark tone="bad">key revoked</Mark>}
        {!own && !isFollowed && <Mark>not followed</Mark>}
      </p>
      <Facts>
        {own && (
          <Fact name="Key" wide>
            <code>{publisher}</code>
          </Fact>
        )}
        <Fact name="Versions listed">{formatNumber(listed)}</Fact>
        <Fact name="Seeded here">{formatNumber(seeded)}</Fact>
        {!own && (
          <Fact name="List read">
            {checkedMs === undefined ? "never" : (
              <time dateTime={new Date(checkedMs).toISOString()}>
                {formatAgo(checkedMs, nowMs)}
              </time>
            )}
          </Fact>
        )}
        {hasRoot && (
          <Fact name={keys.length === 1 ? "Signs with" : "Signs with one of"} wide>
            {keys.map((key) => <code key={key}>{key}</code>)}
          </Fact>
        )}
        {ended.length > 0 && (
          <Fact name="Signed until" wide>
            {ended.map(({ key, untilMs }) => (
              <div key={key}>
                {formatDate(untilMs)}: <code>{key}</code>
              </div>
            ))}
          </Fact>
        )}
        {revoked.length > 0 && (
          <Fact name="Revoked keys" wide>
            {revoked.map((each) => <Revoked key={each.key} revoked={each} />)}
          </Fact>
        )}
      </Facts>
      {isFollowed && <Follows entry={entry} {...props} />}
      {!own && !isFollowed && (
        <ActionButton
          label="Follow"
          run={async () => {
            await props.api.follow({ publisher });
            props.reload();
            return "Followed";
          }}
        />
      )}
    </Card>
  );
}

function Revoked({ revoked: { key, sinceMs, reason } }: { revoked: PublisherJson["revoked"][0] }) {
  return (
    <div>
      <code>{key}</code> in wrong hands since {formatDate(sinceMs)}
      {reason !== undefined && (
        <>
          : <ForeignLines text={reason} />
        </>
      )}
    </div>
  );
}

function Follows(
  { entry: { publisher, follows }, api, reload }: ListProps & { entry: PublisherJson },
) {
  return (
    <ul class="follows" aria-label="What is followed">
      {follows.map(({ name, range, sinceMs }) => (
        <li key={`${name} ${range}`}>
          <span>
            {name === undefined ? "Everything" : <Foreign text={name} />}{" "}
            {range !== undefined && <code>{<Foreign text={range} />}</code>}{" "}
            <span class="quiet">since {formatDate(sinceMs)}</span>
          </span>
          <ActionButton
            label="Unfollow"
            confirm={"New versions are not downloaded any more. Packages that are here stay, and " +
              "are seeded on."}
            run={async () => {
              await api.unfollow({ publisher, name, range });
              reload();
              return "Unfollowed";
            }}
          />
        </li>
      ))}
    </ul>
  );
}
