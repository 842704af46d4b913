-- Negotiation and exceptions: provenance as a marking, drafts that are amended, commented on and
-- withdrawn, notice, seats that change, requests and consents, the ledger of exceptions, notices.
-- depends: 0001.house

-- Policies compiled before provenance was a marking cannot be read any more, and provenance was
-- sealed, so that SQL cannot fill the column: a vault with cases begins anew.
DO $$ BEGIN
    IF EXISTS (SELECT FROM cases) THEN
        RAISE EXCEPTION USING ERRCODE = 'SV001', MESSAGE = 'cases of the first schema';
    END IF;
END $$;

ALTER TABLE documents ADD COLUMN provenance text NOT NULL
    CHECK (provenance IN ('pre-existing', 'made-for-mediation'));
DROP INDEX documents_by_marking;
CREATE INDEX documents_by_marking
    ON documents (case_id, class, origin, provenance, label, deposited_at, document_id);

-- A person's public keys, the latest of which signs. `details` seals person and key under the
-- vault's own key.
CREATE TABLE signing_keys (
    key_id        uuid PRIMARY KEY,
    person_id     uuid NOT NULL REFERENCES persons,
    details       bytea NOT NULL,
    registered_at timestamptz NOT NULL
);
CREATE INDEX signing_keys_by_person ON signing_keys (person_id, registered_at);

-- A draft that its proposer took back, or amended by another.
CREATE TABLE withdrawals (
    case_id      uuid NOT NULL,
    version      integer NOT NULL,
    person_id    uuid NOT NULL REFERENCES persons,
    details      bytea NOT NULL,
    withdrawn_at timestamptz NOT NULL,
    log_index    bigint NOT NULL REFERENCES log_entries,
    PRIMARY KEY (case_id, version),
    FOREIGN KEY (case_id, version) REFERENCES agreements
);

-- `details` seals what was said, and of which clause.
CREATE TABLE comments (
    comment_id   uuid PRIMARY KEY,
    case_id      uuid NOT NULL,
    version      integer NOT NULL,
    person_id    uuid NOT NULL REFERENCES persons,
    details      bytea NOT NULL,
    commented_at timestamptz NOT NULL,
    log_index    bigint NOT NULL REFERENCES log_entries,
    FOREIGN KEY (case_id, version) REFERENCES agreements
);
CREATE INDEX comments_by_version ON comments (case_id, version, commented_at);

-- When a version reached a person, and when the person read it. `details` seals the digest.
CREATE TABLE readings (
    case_id   uuid NOT NULL,
    version   integer NOT NULL,
    person_id uuid NOT NULL REFERENCES persons,
    how       text NOT NULL CHECK (how IN ('delivered', 'read')),
    details   bytea NOT NULL,
    noted_at  timestamptz NOT NULL,
    log_index bigint NOT NULL REFERENCES log_entries,
    PRIMARY KEY (case_id, version, person_id, how),
    FOREIGN KEY (case_id, version) REFERENCES agreements
);

-- A seat ended, prolonged or stepped down from; the latest counts. Their number and that of the
-- participants make the roster version sealed in the case's state, so that none can be taken away.
CREATE TABLE seat_changes (
    change_id      uuid PRIMARY KEY,
    case_id        uuid NOT NULL REFERENCES cases,
    participant_id uuid NOT NULL REFERENCES participants,
    details        bytea NOT NULL,
    changed_at     timestamptz NOT NULL,
    log_index      bigint NOT NULL REFERENCES log_entries
);
CREATE INDEX seat_changes_by_case ON seat_changes (case_id, log_index);

-- Somebody asks for an exception; those whom the document belongs to answer.
CREATE TABLE requests (
    request_id   uuid PRIMARY KEY,
    case_id      uuid NOT NULL REFERENCES cases,
    document_id  uuid NOT NULL REFERENCES documents,
    details      bytea NOT NULL,
    requested_by uuid NOT NULL REFERENCES persons,
    requested_at timestamptz NOT NULL,
    log_index    bigint NOT NULL REFERENCES log_entries
);
CREATE INDEX requests_by_document ON requests (document_id, requested_at);

CREATE TABLE answers (
    request_id  uuid NOT NULL REFERENCES requests,
    person_id   uuid NOT NULL REFERENCES persons,
    details     bytea NOT NULL,
    answered_at timestamptz NOT NULL,
    log_index   bigint NOT NULL REFERENCES log_entries,
    PRIMARY KEY (request_id, person_id)
);

-- What deviates from the agreement in force, one line each, numbered densely from 1: granted,
-- ended, clawed back, lifted. The last number is sealed in the case's state.
CREATE TABLE exceptions (
    case_id     uuid NOT NULL REFERENCES cases,
    number      integer NOT NULL CHECK (number >= 1),
    document_id uuid NOT NULL REFERENCES documents,
    details     bytea NOT NULL,
    made_by     uuid NOT NULL REFERENCES persons,
    made_at     timestamptz NOT NULL,
    log_index   bigint NOT NULL REFERENCES log_entries,
    PRIMARY KEY (case_id, number)
);

-- What a person must be told; `details` seals it.
CREATE TABLE notices (
    notice_id uuid PRIMARY KEY,
    case_id   uuid NOT NULL REFERENCES cases,
    person_id uuid NOT NULL REFERENCES persons,
    details   bytea NOT NULL,
    made_at   timestamptz NOT NULL,
    log_index bigint NOT NULL REFERENCES log_entries
);
CREATE INDEX notices_by_person ON notices (case_id, person_id, made_at);

GRANT SELECT, INSERT ON signing_keys, withdrawals, comments, readings, seat_changes, requests,
    answers, exceptions, notices TO subrosa_app;
GRANT UPDATE (label, details) ON documents TO subrosa_app;
