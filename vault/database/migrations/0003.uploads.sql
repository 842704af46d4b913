-- Uploads that live across requests, and how much room those under way have asked for.
-- depends: 0002.negotiation

-- An upload in one request is alive as long as its bytes come, however long that takes.
ALTER TABLE uploads RENAME COLUMN started_at TO alive_at;

-- How long the sender said it will be, if so; and when it ends by itself, if it is resumable.
ALTER TABLE uploads
    ADD COLUMN declared_bytes bigint CHECK (declared_bytes >= 0),
    ADD COLUMN expires_at timestamptz;
CREATE INDEX uploads_by_case ON uploads (case_id);
CREATE INDEX uploads_by_person ON uploads (person_id);
CREATE INDEX renditions_by_depositor ON renditions (deposited_by) INCLUDE (size_bytes);

-- `details` seals what the depositor said, and that each clear column here says the same.
-- `last_header` is that of the last part in the latest attempt to complete the upload. `receipt`
-- seals the answer that completed it, for whoever did not get it.
CREATE TABLE resumable_uploads (
    upload_id    uuid PRIMARY KEY,
    rendition_id uuid NOT NULL UNIQUE,
    document_id  uuid NOT NULL,
    case_id      uuid NOT NULL REFERENCES cases,
    person_id    uuid NOT NULL REFERENCES persons,
    size_bytes   bigint NOT NULL CHECK (size_bytes >= 0),
    part_size    integer NOT NULL CHECK (part_size > 0),
    wrapped_key  bytea NOT NULL,
    details      bytea NOT NULL,
    begun_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    store_write  text,
    last_header  bytea CHECK (octet_length(last_header) = 56),
    receipt      bytea
);
CREATE INDEX resumable_uploads_by_expiry ON resumable_uploads (expires_at);

-- A part that is durable in the store, named by the tag that the store gave it.
CREATE TABLE upload_parts (
    upload_id uuid NOT NULL REFERENCES resumable_uploads ON DELETE CASCADE,
    number    integer NOT NULL CHECK (number BETWEEN 0 AND 9999),
    header    bytea NOT NULL CHECK (octet_length(header) = 56),
    tag       text NOT NULL,
    PRIMARY KEY (upload_id, number)
);

GRANT UPDATE (alive_at, expires_at) ON uploads TO subrosa_app;
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at, store_write, last_header, receipt)
    ON resumable_uploads TO subrosa_app;
GRANT SELECT, INSERT, DELETE ON upload_parts TO subrosa_app;
