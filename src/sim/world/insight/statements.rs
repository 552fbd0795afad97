//! The statements of the application and the wait events of PostgreSQL, with their shares of the load. Data, no code.
//! The slow-query lines of the application's log name the first three statements.

/// Who sends a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    Api,
    /// The Celery workers.
    Worker,
    /// RDS itself.
    Rds,
}

impl User {
    /// The database role.
    pub const fn role(self) -> &'static str {
        match self {
            Self::Api | Self::Worker => "nextcore_app",
            Self::Rds => "rdsadmin",
        }
    }

    /// `application_name` of the session.
    pub const fn application(self) -> &'static str {
        match self {
            Self::Api => "control-plane",
            Self::Worker => "celery-worker",
            Self::Rds => "autovacuum",
        }
    }

    /// `backend_type` of the session.
    pub const fn session_type(self) -> &'static str {
        match self {
            Self::Api | Self::Worker => "client backend",
            Self::Rds => "autovacuum worker",
        }
    }
}

/// A statement, tokenised.
#[derive(Debug)]
pub struct Statement {
    /// Its text.
    pub sql: &'static str,
    /// Who sends it.
    pub user: User,
    /// Its weight in the load on CPU, on reads, on writes, and on reads into a cold cache.
    pub weights: [f64; 4],
}

impl Statement {
    /// `db.sql_tokenized.id`: forty hex digits that follow from the text.
    pub fn id(&self) -> String {
        let (a, b) = (self.hash(0), self.hash(1));
        format!("{a:016X}{b:016X}{:08X}", (a ^ b) >> 32)
    }

    /// `db.sql_tokenized.db_id`: PostgreSQL's own query id, a signed 64-bit number.
    pub fn query_id(&self) -> String {
        (self.hash(2) as i64).to_string()
    }

    fn hash(&self, salt: u64) -> u64 {
        let start = 0xcbf2_9ce4_8422_2325 ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.sql.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

const fn statement(user: User, weights: [f64; 4], sql: &'static str) -> Statement {
    Statement { sql, user, weights }
}

/// What the application asks of its database. Those of the slow-query log come first.
pub const STATEMENTS: &[Statement] = &[
    statement(User::Api, [3.4, 3.0, 0.0, 4.0], "SELECT id, content FROM documents_chunk ORDER BY embedding <=> $1 LIMIT 10"),
    statement(User::Api, [1.6, 1.5, 0.0, 2.0], "SELECT * FROM assessments_response WHERE assessment_id = $1 ORDER BY created_at DESC"),
    statement(User::Api, [0.4, 0.1, 1.6, 0.1], "UPDATE documents_document SET status = $1 WHERE id = $2"),
    statement(
        User::Api,
        [1.3, 0.8, 0.0, 0.9],
        "SELECT \"policies_policy\".\"id\", \"policies_policy\".\"title\", \"policies_policy\".\"version\", \"policies_policy\".\"updated_at\" \
         FROM \"policies_policy\" WHERE \"policies_policy\".\"organisation_id\" = $1 ORDER BY \"policies_policy\".\"updated_at\" DESC LIMIT 25",
    ),
    statement(
        User::Api,
        [0.7, 0.1, 0.0, 0.1],
        "SELECT \"django_session\".\"session_key\", \"django_session\".\"session_data\", \"django_session\".\"expire_date\" FROM \"django_session\" \
         WHERE (\"django_session\".\"expire_date\" > $1 AND \"django_session\".\"session_key\" = $2) LIMIT 21",
    ),
    statement(
        User::Api,
        [0.6, 0.2, 0.0, 0.4],
        "SELECT COUNT(*) AS \"__count\" FROM \"notifications_notification\" WHERE (\"notifications_notification\".\"recipient_id\" = $1 \
         AND NOT \"notifications_notification\".\"is_read\")",
    ),
    statement(
        User::Api,
        [0.3, 0.1, 1.8, 0.1],
        "UPDATE \"assessments_assessment\" SET \"title\" = $1, \"state\" = $2, \"updated_at\" = $3 WHERE \"assessments_assessment\".\"id\" = $4",
    ),
    statement(User::Api, [0.1, 0.0, 2.2, 0.0], "COMMIT"),
    statement(
        User::Worker,
        [2.6, 0.5, 3.4, 0.3],
        "INSERT INTO \"documents_chunk\" (\"document_id\", \"position\", \"content\", \"embedding\") VALUES ($1, $2, $3, $4), ($5, $6, $7, $8) \
         RETURNING \"documents_chunk\".\"id\"",
    ),
    statement(
        User::Worker,
        [0.8, 1.1, 1.2, 1.4],
        "SELECT \"documents_document\".\"id\", \"documents_document\".\"status\", \"documents_document\".\"s3_key\" FROM \"documents_document\" \
         WHERE \"documents_document\".\"id\" = $1 LIMIT 21 FOR UPDATE",
    ),
    statement(
        User::Worker,
        [1.2, 1.6, 0.0, 1.8],
        "SELECT \"reports_figure\".\"period\", SUM(\"reports_figure\".\"value\") AS \"total\" FROM \"reports_figure\" \
         WHERE \"reports_figure\".\"report_id\" = $1 GROUP BY \"reports_figure\".\"period\"",
    ),
    statement(User::Rds, [1.5, 6.0, 1.0, 0.5], "autovacuum: VACUUM ANALYZE public.documents_chunk"),
];

/// A wait event.
#[derive(Debug)]
pub struct Wait {
    /// `IO:DataFileRead`.
    pub name: &'static str,
    /// `IO`.
    pub kind: &'static str,
    /// Its share of the load on CPU, on reads, on writes, and on reads into a cold cache.
    pub shares: [f64; 4],
}

/// The wait events that this load leads to. For each cause the shares add up to one.
pub const WAITS: &[Wait] = &[
    Wait { name: "CPU", kind: "CPU", shares: [1.0, 0.0, 0.0, 0.0] },
    Wait { name: "IO:DataFileRead", kind: "IO", shares: [0.0, 0.88, 0.0, 0.86] },
    Wait { name: "LWLock:BufferMapping", kind: "LWLock", shares: [0.0, 0.04, 0.0, 0.14] },
    Wait { name: "IO:WALSync", kind: "IO", shares: [0.0, 0.0, 0.46, 0.0] },
    Wait { name: "IO:WALWrite", kind: "IO", shares: [0.0, 0.0, 0.1, 0.0] },
    Wait { name: "LWLock:WALWrite", kind: "LWLock", shares: [0.0, 0.0, 0.18, 0.0] },
    Wait { name: "Lock:transactionid", kind: "Lock", shares: [0.0, 0.0, 0.16, 0.0] },
    Wait { name: "Client:ClientRead", kind: "Client", shares: [0.0, 0.08, 0.1, 0.0] },
];
