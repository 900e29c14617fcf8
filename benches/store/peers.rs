//! The databases in the race, as tables of numbers and bytes.

use std::path::Path;

use fjall::{Database as Fjall, Keyspace, KeyspaceCreateOptions, PersistMode};
use redb::{Database as Redb, Durability, ReadableDatabase, ReadableTable, TableDefinition};
use rusqlite::{Connection, OptionalExtension, params};

/// Rows in the order of their keys, each key once.
pub type Rows = Vec<(u64, Vec<u8>)>;

/// A database with one table.
pub trait Peer {
    /// Replaces rows in one durable transaction.
    fn put(&mut self, rows: &[(u64, Vec<u8>)]);
    /// Reads rows and replaces them, in one durable transaction.
    fn rewrite(&mut self, keys: &[u64], change: &mut dyn FnMut(u64, Option<&[u8]>) -> Vec<u8>);
    /// The value of a key.
    fn get(&self, key: u64) -> Option<Vec<u8>>;
}

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Redb,
    Sqlite,
    /// Synced with `fsync`.
    Fjall,
    /// Synced with `fdatasync`.
    FjallData,
}

impl Kind {
    /// Those that everything is tried with.
    pub const ALL: [Self; 3] = [Self::Redb, Self::Sqlite, Self::Fjall];

    pub fn name(self) -> &'static str {
        match self {
            Self::Redb => "redb",
            Self::Sqlite => "sqlite",
            Self::Fjall => "fjall",
            Self::FjallData => "fjall SyncData",
        }
    }

    /// What it is set to.
    pub fn settings(self) -> &'static str {
        match self {
            Self::Redb => "redb 4.5, Durability::Immediate",
            Self::Sqlite => "SQLite of rusqlite 0.41, WAL, synchronous=FULL, INTEGER PRIMARY KEY",
            Self::Fjall => "fjall 3.1, persist(SyncAll)",
            Self::FjallData => "fjall 3.1, persist(SyncData)",
        }
    }

    /// Opens the database in a folder, or makes one there.
    pub fn open(self, dir: &Path) -> Box<dyn Peer> {
        match self {
            Self::Redb => {
                let database = Redb::create(dir.join("redb")).expect("redb opens");
                let peer = RedbPeer(database);
                peer.put_all(&[]);
                Box::new(peer)
            }
            Self::Sqlite => {
                let connection = Connection::open(dir.join("sqlite")).expect("sqlite opens");
                connection
                    .execute_batch(
                        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
                         CREATE TABLE IF NOT EXISTS rows(key INTEGER PRIMARY KEY, value BLOB);",
                    )
                    .expect("sqlite takes the settings");
                Box::new(SqlitePeer(connection))
            }
            Self::Fjall | Self::FjallData => {
                let database = Fjall::builder(dir.join("fjall")).open().expect("fjall opens");
                let table = database
                    .keyspace("rows", KeyspaceCreateOptions::default)
                    .expect("fjall makes a keyspace");
                let mode = match self {
                    Self::FjallData => PersistMode::SyncData,
                    _ => PersistMode::SyncAll,
                };
                Box::new(FjallPeer { database, table, mode })
            }
        }
    }
}

const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rows");

struct RedbPeer(Redb);

impl RedbPeer {
    fn put_all(&self, rows: &[(u64, Vec<u8>)]) {
        let mut transaction = self.0.begin_write().expect("redb begins");
        transaction.set_durability(Durability::Immediate).expect("redb is durable");
        {
            let mut table = transaction.open_table(TABLE).expect("redb has the table");
            for (key, value) in rows {
                table.insert(key, value.as_slice()).expect("redb inserts");
            }
        }
        transaction.commit().expect("redb commits");
    }
}

impl Peer for RedbPeer {
    fn put(&mut self, rows: &[(u64, Vec<u8>)]) {
        self.put_all(rows);
    }

    fn rewrite(&mut self, keys: &[u64], change: &mut dyn FnMut(u64, Option<&[u8]>) -> Vec<u8>) {
        let mut transaction = self.0.begin_write().expect("redb begins");
        transaction.set_durability(Durability::Immediate).expect("redb is durable");
        {
            let mut table = transaction.open_table(TABLE).expect("redb has the table");
            for &key in keys {
                let value = {
                    let old = table.get(key).expect("redb reads");
                    change(key, old.as_ref().map(|old| old.value()))
                };
                table.insert(key, value.as_slice()).expect("redb inserts");
            }
        }
        transaction.commit().expect("redb commits");
    }

    fn get(&self, key: u64) -> Option<Vec<u8>> {
        let transaction = self.0.begin_read().expect("redb begins");
        let table = transaction.open_table(TABLE).expect("redb has the table");
        let value = table.get(key).expect("redb reads");
        value.map(|value| value.value().to_vec())
    }
}

struct SqlitePeer(Connection);

const SELECT: &str = "SELECT value FROM rows WHERE key = ?1";
const REPLACE: &str = "INSERT OR REPLACE INTO rows(key, value) VALUES(?1, ?2)";

impl Peer for SqlitePeer {
    fn put(&mut self, rows: &[(u64, Vec<u8>)]) {
        let transaction = self.0.transaction().expect("sqlite begins");
        {
            let mut replace = transaction.prepare_cached(REPLACE).expect("the statement is right");
            for (key, value) in rows {
                replace.execute(params![*key as i64, value]).expect("sqlite inserts");
            }
        }
        transaction.commit().expect("sqlite commits");
    }

    fn rewrite(&mut self, keys: &[u64], change: &mut dyn FnMut(u64, Option<&[u8]>) -> Vec<u8>) {
        let transaction = self.0.transaction().expect("sqlite begins");
        {
            let mut select = transaction.prepare_cached(SELECT).expect("the statement is right");
            let mut replace = transaction.prepare_cached(REPLACE).expect("the statement is right");
            for &key in keys {
                let value = {
                    let mut found = select.query([key as i64]).expect("sqlite reads");
                    let row = found.next().expect("sqlite reads");
                    let old = row.map(|row| row.get_ref(0).expect("a column"));
                    change(key, old.map(|old| old.as_blob().expect("bytes")))
                };
                replace.execute(params![key as i64, value]).expect("sqlite inserts");
            }
        }
        transaction.commit().expect("sqlite commits");
    }

    fn get(&self, key: u64) -> Option<Vec<u8>> {
        let mut select = self.0.prepare_cached(SELECT).expect("the statement is right");
        select.query_row([key as i64], |row| row.get(0)).optional().expect("sqlite reads")
    }
}

struct FjallPeer {
    database: Fjall,
    table: Keyspace,
    mode: PersistMode,
}

impl Peer for FjallPeer {
    fn put(&mut self, rows: &[(u64, Vec<u8>)]) {
        let mut batch = self.database.batch().durability(Some(self.mode));
        for (key, value) in rows {
            batch.insert(&self.table, key.to_be_bytes(), value.as_slice());
        }
        batch.commit().expect("fjall commits");
    }

    fn rewrite(&mut self, keys: &[u64], change: &mut dyn FnMut(u64, Option<&[u8]>) -> Vec<u8>) {
        let mut batch = self.database.batch().durability(Some(self.mode));
        for &key in keys {
            let old = self.table.get(key.to_be_bytes()).expect("fjall reads");
            batch.insert(&self.table, key.to_be_bytes(), change(key, old.as_deref()));
        }
        batch.commit().expect("fjall commits");
    }

    fn get(&self, key: u64) -> Option<Vec<u8>> {
        let value = self.table.get(key.to_be_bytes()).expect("fjall reads");
        value.map(|value| value.to_vec())
    }
}
