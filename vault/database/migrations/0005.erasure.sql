-- Holds, erasures with their certificates, the cursor of a scrub, and objects that nothing refers to.
-- depends: 0003.uploads

-- `details` seals, under the vault's own key, what is held, why, and whether it was lifted.
CREATE TABLE holds (
    hold_id      uuid PRIMARY KEY,
    case_id      uuid NOT NULL REFERENCES cases,
    document_id  uuid,
    details      bytea NOT NULL,
    placed_at    timestamptz NOT NULL,
    log_index    bigint NOT NULL REFERENCES log_entries,
    lifted_at    timestamptz,
    lifted_index bigint REFERENCES log_entries,
    CHECK ((lifted_at IS NULL) = (lifted_index IS NULL))
);
CREATE INDEX holds_by_case ON holds (case_id);

-- One for each document or case, whatever is tried at once. `details` seals, under the vault's own
-- key, who ordered it and what is still to be done; `inventory` lists the objects that were found.
CREATE TABLE erasures (
    erasure_id      uuid PRIMARY KEY,
    case_id         uuid NOT NULL REFERENCES cases,
    document_id     uuid,
    step            text NOT NULL CHECK (step IN ('ordered', 'destroyed', 'removed', 'certified')),
    details         bytea NOT NULL,
    inventory       text NOT NULL DEFAULT '',
    ordered_at      timestamptz NOT NULL,
    log_index       bigint NOT NULL REFERENCES log_entries,
    certificate     text,
    certified_index bigint REFERENCES log_entries,
    CHECK ((step = 'certified') = (certificate IS NOT NULL)),
    CHECK ((certificate IS NULL) = (certified_index IS NULL)),
    CONSTRAINT erasures_once UNIQUE NULLS NOT DISTINCT (case_id, document_id)
);

-- The operator erases, and is no person. What was asked and granted of a document outlives it.
ALTER TABLE exceptions ALTER COLUMN made_by DROP NOT NULL;
ALTER TABLE exceptions DROP CONSTRAINT exceptions_document_id_fkey;
ALTER TABLE requests DROP CONSTRAINT requests_document_id_fkey;

-- The document that an upload will be, or be a version of: whoever erases it ends the upload.
ALTER TABLE uploads ADD COLUMN document_id uuid;

-- How far the scrub of a case has come; of the nil id, that of the whole vault.
CREATE TABLE scrubs (
    scope_id   uuid PRIMARY KEY,
    started_at timestamptz NOT NULL,
    after_id   uuid NOT NULL,
    renditions bigint NOT NULL CHECK (renditions >= 0),
    bytes      bigint NOT NULL CHECK (bytes >= 0),
    findings   bigint NOT NULL CHECK (findings >= 0)
);

-- When a sweep first met an object that nothing refers to.
CREATE TABLE orphans (
    name          text PRIMARY KEY,
    first_seen_at timestamptz NOT NULL
);

-- What erases is the owner: the role that serves removes no row of a case, and no key.
GRANT SELECT, INSERT, UPDATE (details, lifted_at, lifted_index) ON holds TO subrosa_app;
GRANT SELECT ON erasures TO subrosa_app;
GRANT SELECT, INSERT, DELETE, UPDATE ON scrubs, orphans TO subrosa_app;
