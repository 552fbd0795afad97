//! Engines of RDS: their names, and how many connections each allows on a class. Only data.

use crate::model::state::states;

states! {
    /// `Engine` of the RDS API's `DescribeDBInstances` and `DescribeDBClusters`.
    pub enum Engine {
        AuroraMysql = "aurora-mysql",
        AuroraPostgresql = "aurora-postgresql",
        Docdb = "docdb",
        Mariadb = "mariadb",
        Mysql = "mysql",
        Neptune = "neptune",
        Postgres = "postgres",
    }
}

impl Engine {
    /// Its name in a title; one that is not in the list as AWS writes it.
    pub fn title(&self) -> &str {
        match self {
            Self::Unstated => "Database",
            Self::AuroraMysql => "Aurora MySQL",
            Self::AuroraPostgresql => "Aurora PostgreSQL",
            Self::Docdb => "DocumentDB",
            Self::Mariadb => "MariaDB",
            Self::Mysql => "MySQL",
            Self::Neptune => "Neptune",
            Self::Postgres => "PostgreSQL",
            Self::Other(word) => word,
        }
    }

    /// Its name where there is little room.
    pub fn short(&self) -> &str {
        match self {
            Self::Postgres => "Postgres",
            Self::AuroraMysql | Self::AuroraPostgresql => "Aurora",
            other => other.title(),
        }
    }

    /// Instances share a volume that grows by itself: nothing is allocated, and a copy in another zone is a reader.
    pub fn is_aurora(&self) -> bool {
        matches!(self, Self::AuroraMysql | Self::AuroraPostgresql)
    }

    /// Whether it is one of RDS's own: DocumentDB and Neptune answer by the same API.
    pub fn is_ours(&self) -> bool {
        !matches!(self, Self::Docdb | Self::Neptune)
    }

    /// `max_connections` as the engine's default parameter group makes it of a class; `None` = not known.
    pub(crate) fn default_connections(&self, class: &str) -> Option<i64> {
        let by_memory = |bytes_each: i64| Some(memory(class)? / bytes_each);
        match self {
            Self::Postgres | Self::AuroraPostgresql => by_memory(9_531_392).map(|n| n.min(5000)),
            Self::Mysql | Self::Mariadb => by_memory(12_582_880),
            Self::AuroraMysql => aurora_mysql(class),
            _ => None,
        }
    }
}

/// `DBInstanceClassMemory`: RDS keeps a part for itself, so that 8 GiB give about 850 connections of PostgreSQL, not 901.
fn memory(class: &str) -> Option<i64> {
    let (family, size) = split(class)?;
    let gib = match size {
        "micro" if family.starts_with('t') => 1,
        "small" if family.starts_with('t') => 2,
        "medium" if family.starts_with('t') => 4,
        _ => {
            let vcpus = match size {
                "large" => 2,
                "xlarge" => 4,
                size => 4 * size.strip_suffix("xlarge")?.parse::<i64>().ok()?,
            };
            let each = match family.chars().next()? {
                't' | 'm' => 4,
                'r' => 8,
                _ => return None,
            };
            vcpus * each
        }
    };
    Some(gib * 1_073_741_824 * 945 / 1000)
}

/// Family and size of `db.r6g.large`.
fn split(class: &str) -> Option<(&str, &str)> {
    class.strip_prefix("db.")?.split_once('.')
}

/// Aurora MySQL goes by steps of a logarithm.
fn aurora_mysql(class: &str) -> Option<i64> {
    let (family, size) = split(class)?;
    match (family.chars().next()?, size) {
        ('t', "small") => Some(45),
        ('t', "medium") => Some(90),
        ('t', "large") => Some(135),
        ('r', "large") => Some(1000),
        ('r', "xlarge") => Some(2000),
        ('r', "2xlarge") => Some(3000),
        ('r', "4xlarge") => Some(4000),
        ('r', "8xlarge") => Some(5000),
        ('r', "12xlarge" | "16xlarge") => Some(6000),
        ('r', "24xlarge" | "32xlarge") => Some(7000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_limit_is_that_of_engine_and_class() {
        for (engine, class, limit) in [
            ("postgres", "db.t3.large", Some(851)),
            ("postgres", "db.r5.large", Some(1703)),
            ("postgres", "db.m6g.4xlarge", Some(5000)),
            ("aurora-postgresql", "db.r6g.large", Some(1703)),
            ("mysql", "db.t3.large", Some(645)),
            ("mariadb", "db.t4g.micro", Some(80)),
            ("aurora-mysql", "db.t3.medium", Some(90)),
            ("aurora-mysql", "db.r5.2xlarge", Some(3000)),
            ("aurora-mysql", "db.serverless", None),
            ("postgres", "db.serverless", None),
            ("postgres", "db.x2g.large", None),
            ("oracle-ee", "db.m5.large", None),
            ("", "db.t3.large", None),
        ] {
            assert_eq!(Engine::from(engine).default_connections(class), limit, "{engine} {class}");
        }
    }
}
