/**
 * The schema of `state.db`, as a list of migrations. To change the schema, add a migration at the
 * end of {@linkcode migrations}. Never edit an existing migration.
 *
 * @module
 */

/**
 * SQL statements by schema version: `migrations[n]` migrates a database from version n (`PRAGMA
 * user_version`) to n + 1. Times are Unix milliseconds; hashes and keys are raw bytes.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE records (
    target BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT,
    version TEXT,
    public_key BLOB NOT NULL,
    salt BLOB NOT NULL,
    seq INTEGER NOT NULL,
    value BLOB NOT NULL,
    signature BLOB NOT NULL,
    own INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX records_by_name ON records (kind, name, version);

  CREATE TABLE outcomes (
    target BLOB PRIMARY KEY,
    last_attempt_ms INTEGER,
    last_success_ms INTEGER,
    holding INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    responded INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    error TEXT,
    failures INTEGER NOT NULL,
    next_due_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX outcomes_by_due ON outcomes (next_due_ms);

  CREATE TABLE dht_nodes (
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    id_hex TEXT NOT NULL,
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (host, port)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE verified_files (
    path TEXT PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    mtime_ms REAL NOT NULL,
    inode REAL NOT NULL,
    sha256 BLOB NOT NULL,
    info_hash BLOB NOT NULL
  ) STRICT;

  CREATE TABLE pins (
    name TEXT NOT NULL,
    public_key BLOB NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    last_version TEXT,
    PRIMARY KEY (name, public_key)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE follows (
    public_key BLOB PRIMARY KEY,
    since_ms INTEGER NOT NULL,
    seq INTEGER,
    checked_ms INTEGER
  ) STRICT;

  CREATE TABLE seen_packages (
    public_key BLOB NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    manifest TEXT NOT NULL,
    PRIMARY KEY (public_key, name, version)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX seen_packages_by_name ON seen_packages (name);
  `,
  `
  ALTER TABLE outcomes ADD COLUMN port INTEGER;
  `,
  // Column `by_hand` of pins: whether the user created the pin. For pins that are older than this
  // column, the answer is unknown, so these pins count as created by first use.
  `
  ALTER TABLE pins ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0;
  `,
  // Columns of verified files that allow seeding an archive without reading its manifest again.
  `
  ALTER TABLE verified_files ADD COLUMN manifest TEXT;
  ALTER TABLE verified_files ADD COLUMN manifest_mark TEXT;
  ALTER TABLE verified_files ADD COLUMN name TEXT;
  ALTER TABLE verified_files ADD COLUMN version TEXT;
  ALTER TABLE verified_files ADD COLUMN public_key BLOB;
  `,
  // Column `listed` of verified files: whether the package is known to be in its publisher's list.
  `
  ALTER TABLE verified_files ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX verified_files_unlisted ON verified_files (public_key, name, version)
    WHERE listed = 0;
  `,
  // Columns of pins with the highest versions chosen so far, separately for prereleases and for
  // requests with a range. With a single column, a prerelease that the user requested exactly would
  // make every lower stable version look like a downgrade.
  `
  ALTER TABLE pins ADD COLUMN last_prerelease TEXT;
  ALTER TABLE pins ADD COLUMN range_version TEXT;
  ALTER TABLE pins ADD COLUMN range_prerelease TEXT;
  UPDATE pins SET last_prerelease = last_version, last_version = NULL
    WHERE last_version LIKE '%-%';
  `,
  // Column `item` of records: the signed item in the form of `encodeItem` (public key, signature,
  // `seq`, length of the salt, salt, value). This column replaces several columns, one for each
  // part of the signed item.
  `
  CREATE TABLE records_with_items (
    target BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT,
    version TEXT,
    item BLOB NOT NULL,
    own INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
  ) STRICT;
  INSERT INTO records_with_items
    SELECT target, kind, name, version,
        CAST(public_key || signature || unhex(printf('%016X', seq)) ||
          unhex(printf('%02X', length(salt))) || salt || value AS BLOB),
        own, created_ms
      FROM records ORDER BY rowid;
  DROP TABLE records;
  ALTER TABLE records_with_items RENAME TO records;
  CREATE INDEX records_by_name ON records (kind, name, version);
  `,
  // The newest flags that were seen of each publisher's package.
  `
  CREATE TABLE seen_flags (
    public_key BLOB NOT NULL,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    versions TEXT NOT NULL,
    flags TEXT NOT NULL,
    PRIMARY KEY (public_key, name)
  ) STRICT, WITHOUT ROWID;
  `,
  // Identities of publishers, and what `trust.log` also has: newest publisher records, manifests that
  // prove certificates, revocations; and the fetched lists of good archives.
  `
  CREATE TABLE identities (
    root BLOB PRIMARY KEY,
    item BLOB,
    since_ms INTEGER NOT NULL,
    seen_ms INTEGER,
    good_list BLOB
  ) STRICT;

  CREATE TABLE certificates (
    root BLOB NOT NULL,
    key BLOB NOT NULL,
    manifest TEXT NOT NULL,
    PRIMARY KEY (root, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX certificates_by_key ON certificates (key);

  CREATE TABLE revoked_keys (
    root BLOB NOT NULL,
    key BLOB NOT NULL,
    since_ms INTEGER NOT NULL,
    reason TEXT,
    item BLOB NOT NULL,
    PRIMARY KEY (root, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE good_archives (
    root BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (root, hash)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE trust_log (
    id INTEGER PRIMARY KEY CHECK (id = 0),
    read_bytes INTEGER NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // The lists of a followed publisher: one for each key that signs for it, with the `seq` of its announce
  // record. They take the place of the column `seq` of follows.
  `
  CREATE TABLE followed_lists (
    public_key BLOB NOT NULL,
    signing_key BLOB NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (public_key, signing_key)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO followed_lists SELECT public_key, public_key, seq FROM follows WHERE seq IS NOT NULL;
  ALTER TABLE follows DROP COLUMN seq;
  `,
  // Counts the archives of each key without reading their manifests.
  `
  CREATE INDEX verified_files_by_key ON verified_files (public_key, size_bytes);
  `,
  // Archives that were asked for, which are announced individually for a day; and the number of mirrors
  // of each publisher, as estimated at its rendezvous.
  `
  CREATE TABLE asked_archives (
    info_hash BLOB PRIMARY KEY,
    asked_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE publisher_mirrors (
    public_key BLOB PRIMARY KEY,
    mirrors REAL NOT NULL,
    seen_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // The parts of a publisher that are followed: all (empty name), or packages (empty range: all versions).
  // Before, all of a publisher was followed.
  `
  CREATE TABLE follow_scopes (
    public_key BLOB NOT NULL,
    name TEXT NOT NULL,
    range TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (public_key, name, range)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO follow_scopes SELECT public_key, '', '', since_ms FROM follows;
  `,
  // Column `by_hand` of archives that were asked for: whether the user has named them. These are announced
  // whatever the budget.
  `
  ALTER TABLE asked_archives ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0;
  `,
  // The index of the members of archives. Columns of verified files: number of the archive's list in the
  // index, and number of its members; the latter is NULL until the list has been read.
  `
  ALTER TABLE verified_files ADD COLUMN member_list INTEGER;
  ALTER TABLE verified_files ADD COLUMN members INTEGER;
  CREATE INDEX verified_files_by_list ON verified_files (member_list, members)
    WHERE member_list IS NOT NULL;
  CREATE INDEX verified_files_unread ON verified_files (members) WHERE members IS NULL;

  CREATE TABLE members (
    key BLOB NOT NULL,
    list INTEGER NOT NULL,
    offset_bytes INTEGER NOT NULL,
    PRIMARY KEY (key, list)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX members_by_list ON members (list);
  CREATE TRIGGER members_of_deleted AFTER DELETE ON verified_files
    WHEN OLD.member_list IS NOT NULL BEGIN
    DELETE FROM members WHERE list = OLD.member_list;
  END;
  CREATE TRIGGER members_of_changed AFTER UPDATE OF member_list ON verified_files
    WHEN OLD.member_list IS NOT NULL AND OLD.member_list IS NOT NEW.member_list BEGIN
    DELETE FROM members WHERE list = OLD.member_list;
  END;
  `,
  // Archives that were mirrored, and how much peers want them. Those that an earlier version has mirrored
  // count as the user's own, because nothing tells them apart from what a user has fetched.
  `
  CREATE TABLE mirrored_archives (
    info_hash BLOB PRIMARY KEY,
    is_held INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    wanted REAL NOT NULL,
    asked_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // The last complete listing of each seed directory; `other_names` is a JSON list.
  `
  CREATE TABLE directory_listings (
    path TEXT PRIMARY KEY,
    stamp TEXT NOT NULL,
    archives INTEGER NOT NULL,
    other_names TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Descriptions of followed packages; `due_ms` is NULL once the description of the version is known.
  `
  CREATE TABLE package_descriptions (
    public_key BLOB NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    description TEXT,
    due_ms INTEGER,
    PRIMARY KEY (public_key, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX package_descriptions_due ON package_descriptions (due_ms) WHERE due_ms IS NOT NULL;
  `,
  // The plan of announcements reads the order of versions as text, and the time of each manifest by its
  // signer. SQLite can call `version_order` (see `versionOrder`) while it migrates.
  `
  ALTER TABLE verified_files ADD COLUMN version_order TEXT;
  UPDATE verified_files SET version_order = version_order(version) WHERE manifest IS NOT NULL;
  ALTER TABLE verified_files ADD COLUMN timestamp_ms INTEGER GENERATED ALWAYS AS
    (CASE WHEN json_valid(manifest) THEN CAST(manifest ->> 'timestamp' AS INTEGER) END) VIRTUAL;
  CREATE INDEX verified_files_by_version ON verified_files (public_key, name, version_order)
    WHERE manifest IS NOT NULL;
  CREATE INDEX verified_files_by_timestamp ON verified_files (timestamp_ms)
    WHERE timestamp_ms IS NOT NULL;
  CREATE INDEX verified_files_by_info_hash ON verified_files (info_hash);
  CREATE INDEX asked_archives_by_time ON asked_archives (by_hand, asked_ms);
  `,
];
