-- Deposits that are whole and wait for the malware scan, which nobody but their depositor knows of.
-- depends: 0003.uploads 0005.erasure

-- Its note in `uploads` stays as long as it waits: what is in the store has a name for it, and room
-- that it takes. `details` seals what the depositor said, what becomes of it, and that each clear
-- column here says the same. `receipt` seals the answer, for the depositor to fetch.
CREATE TABLE quarantines (
    upload_id      uuid PRIMARY KEY,
    rendition_id   uuid NOT NULL UNIQUE,
    document_id    uuid NOT NULL,
    case_id        uuid NOT NULL REFERENCES cases,
    person_id      uuid NOT NULL REFERENCES persons,
    size_bytes     bigint NOT NULL CHECK (size_bytes >= 0),
    part_size      integer NOT NULL CHECK (part_size > 0),
    headers        bytea NOT NULL CHECK (octet_length(headers) % 56 = 0 AND octet_length(headers) > 0),
    wrapped_key    bytea NOT NULL,
    details        bytea NOT NULL,
    why            text NOT NULL,
    quarantined_at timestamptz NOT NULL,
    tries          integer NOT NULL CHECK (tries >= 1),
    next_try_at    timestamptz NOT NULL,
    log_index      bigint NOT NULL REFERENCES log_entries,
    ended_index    bigint REFERENCES log_entries,
    receipt        bytea,
    CHECK (receipt IS NULL OR ended_index IS NOT NULL)
);
CREATE INDEX quarantines_waiting ON quarantines (next_try_at) WHERE ended_index IS NULL;
CREATE INDEX quarantines_by_case ON quarantines (case_id);

GRANT SELECT, INSERT, DELETE, UPDATE (why, tries, next_try_at, ended_index, receipt)
    ON quarantines TO subrosa_app;
