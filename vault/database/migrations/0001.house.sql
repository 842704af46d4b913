-- The first schema: people and tokens, cases and seats, agreements, documents, keys, the log.
-- Run by the owner; the application's role gets exactly the rights granted below.
-- depends:

-- `details` seals, under the vault's own key, what a person may do and when a token ends: a row that
-- this vault did not write stands for nobody.
CREATE TABLE persons (
    person_id  uuid PRIMARY KEY,
    details    bytea NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE tokens (
    digest     bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    person_id  uuid NOT NULL REFERENCES persons,
    details    bytea NOT NULL,
    issued_at  timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX tokens_by_person ON tokens (person_id);

-- Wrapped keys. The holder is the id of the case or the person; the nil id holds the key under
-- which entries are sealed that belong to no case or no person.
CREATE TABLE keys (
    holder_id  uuid PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('case', 'person', 'operations')),
    wrapped    bytea NOT NULL,
    created_at timestamptz NOT NULL
);

-- The log's tree: one row per entry, dense from 0, and one head row. See docs/audit-log.md.
CREATE TABLE log_head (
    id     smallint PRIMARY KEY CHECK (id = 1),
    origin text NOT NULL,
    size   bigint NOT NULL CHECK (size >= 0),
    range  bytea NOT NULL CHECK (octet_length(range) % 32 = 0)
) WITH (fillfactor = 50);

CREATE TABLE log_entries (
    index       bigint PRIMARY KEY CHECK (index >= 0),
    case_id     uuid,
    person_id   uuid,
    commitments bytea NOT NULL CHECK (octet_length(commitments) = 128),
    slots       bytea NOT NULL
);
CREATE INDEX log_entries_by_case ON log_entries (case_id, index);

-- What a row says about rights is sealed under the case key beside the columns that SQL needs, and
-- compared whenever the row is read: whoever can write here, but has no root key, can make the
-- vault refuse, and cannot make it open (docs/threat-model.md).

-- `state` seals phase, scope version in force and roster version.
CREATE TABLE cases (
    case_id   uuid PRIMARY KEY,
    state     bytea NOT NULL,
    details   bytea NOT NULL,
    opened_at timestamptz NOT NULL,
    log_index bigint NOT NULL REFERENCES log_entries
);

-- `details` seals the person's id, seat, dates, name and organisation.
CREATE TABLE participants (
    participant_id uuid PRIMARY KEY,
    case_id        uuid NOT NULL REFERENCES cases,
    person_id      uuid NOT NULL REFERENCES persons,
    details        bytea NOT NULL,
    seated_at      timestamptz NOT NULL,
    log_index      bigint NOT NULL REFERENCES log_entries,
    CONSTRAINT participants_one_seat_each UNIQUE (case_id, person_id)
);
CREATE INDEX participants_by_person ON participants (person_id, case_id);

-- `terms` seals the language and its compiled policy.
CREATE TABLE agreements (
    case_id     uuid NOT NULL REFERENCES cases,
    version     integer NOT NULL CHECK (version >= 1),
    terms       bytea NOT NULL,
    proposed_by uuid NOT NULL REFERENCES persons,
    proposed_at timestamptz NOT NULL,
    in_force_at timestamptz,
    log_index   bigint NOT NULL REFERENCES log_entries,
    PRIMARY KEY (case_id, version)
);

-- `details` seals the person's id and the digest that was signed.
CREATE TABLE signatures (
    case_id   uuid NOT NULL,
    version   integer NOT NULL,
    person_id uuid NOT NULL REFERENCES persons,
    details   bytea NOT NULL,
    signed_at timestamptz NOT NULL,
    log_index bigint NOT NULL REFERENCES log_entries,
    PRIMARY KEY (case_id, version, person_id),
    FOREIGN KEY (case_id, version) REFERENCES agreements
);

-- `details` seals title and provenance, and class and origin once more.
CREATE TABLE documents (
    document_id  uuid PRIMARY KEY,
    case_id      uuid NOT NULL REFERENCES cases,
    class        text NOT NULL,
    origin       text NOT NULL,
    label        text NOT NULL,
    details      bytea NOT NULL,
    deposited_by uuid NOT NULL REFERENCES persons,
    deposited_at timestamptz NOT NULL,
    log_index    bigint NOT NULL REFERENCES log_entries
);
CREATE INDEX documents_by_marking
    ON documents (case_id, class, origin, label, deposited_at, document_id);

-- One row per stored object. `headers` pins the 56-byte header of each sealed part in order;
-- `details` seals file name, media type and SHA-256.
CREATE TABLE renditions (
    rendition_id uuid PRIMARY KEY,
    document_id  uuid NOT NULL REFERENCES documents,
    view         text NOT NULL CHECK (view IN ('full', 'redacted')),
    size_bytes   bigint NOT NULL CHECK (size_bytes >= 0),
    part_size    integer NOT NULL CHECK (part_size > 0),
    headers      bytea NOT NULL CHECK (octet_length(headers) % 56 = 0 AND octet_length(headers) > 0),
    wrapped_key  bytea NOT NULL,
    details      bytea NOT NULL,
    deposited_by uuid NOT NULL REFERENCES persons,
    deposited_at timestamptz NOT NULL,
    log_index    bigint NOT NULL REFERENCES log_entries,
    CONSTRAINT renditions_one_per_view UNIQUE (document_id, view)
);

-- What a crash may have left in the store without a rendition: swept by rendition id. One that was
-- given up cannot be completed any more, and stays until its object is known to be gone.
CREATE TABLE uploads (
    rendition_id uuid PRIMARY KEY,
    case_id      uuid NOT NULL REFERENCES cases,
    person_id    uuid NOT NULL REFERENCES persons,
    started_at   timestamptz NOT NULL,
    given_up     boolean NOT NULL DEFAULT false
);

-- Entries are never changed or removed. The rights below say so to the application; the trigger
-- stops the owner's own accidents. Neither stops an administrator: checkpoints outside do.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'log entries are append-only'; END $$;
CREATE TRIGGER log_entries_append_only BEFORE UPDATE OR DELETE ON log_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_entries_no_truncate BEFORE TRUNCATE ON log_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON persons, keys, log_entries, participants, signatures, documents, renditions
    TO subrosa_app;
GRANT SELECT, INSERT, UPDATE (revoked_at) ON tokens TO subrosa_app;
GRANT SELECT, INSERT, UPDATE (state) ON cases TO subrosa_app;
GRANT SELECT, INSERT, UPDATE (in_force_at) ON agreements TO subrosa_app;
GRANT SELECT, INSERT, DELETE, UPDATE (given_up) ON uploads TO subrosa_app;
GRANT SELECT, UPDATE (size, range) ON log_head TO subrosa_app;
