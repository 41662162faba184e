//! Both engines have the same tables, and they are the ones of `schema.txt`.
//!
//! After a deliberate change: `UPDATE_SCHEMA=1 cargo test -p tisara-store --test schema`.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};
use tisara_store::{Engine, Result, Tx, args, testing::TestStore};

/// The index of words is made of what each engine has for it; its folder is `forks`.
const OF_ONE_ENGINE: &str = "message_words";

/// What both engines can say of a table.
#[derive(Default)]
struct Table {
    /// `name class [null]`, in their order.
    columns: Vec<String>,
    key: Vec<String>,
    /// By name: `[unique] (columns) [partial]`.
    indexes: BTreeMap<String, String>,
}

fn class(declared: &str) -> &str {
    match declared.to_ascii_lowercase().as_str() {
        "uuid" | "bytea" | "blob" => "bytes",
        "bigint" | "integer" | "smallint" => "integer",
        "text" => "text",
        "double precision" | "real" => "real",
        "tsvector" | "" => "words",
        other => panic!("a type that the two engines may not share: {other}"),
    }
}

fn column(name: &str, declared: &str, nullable: bool) -> String {
    format!("{name} {}{}", class(declared), if nullable { " null" } else { "" })
}

fn index(unique: bool, columns: &[String], partial: bool) -> String {
    let unique = if unique { "unique " } else { "" };
    format!("{unique}({}){}", columns.join(", "), if partial { " partial" } else { "" })
}

fn text(tables: &BTreeMap<String, Table>) -> String {
    let mut out = String::new();
    for (name, table) in tables.iter().filter(|(name, _)| !name.starts_with(OF_ONE_ENGINE)) {
        let _ = writeln!(out, "{name}");
        for column in &table.columns {
            let _ = writeln!(out, "  {column}");
        }
        let _ = writeln!(out, "  key ({})", table.key.join(", "));
        for (index, what) in &table.indexes {
            let _ = writeln!(out, "  index {index} {what}");
        }
        out.push('\n');
    }
    out
}

fn sqlite(tx: &mut Tx<'_>) -> Result<BTreeMap<String, Table>> {
    let names = tx.list(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        &[],
        |r| r.get::<String>(0),
    )?;
    let mut tables = BTreeMap::new();
    for name in names {
        let mut table = Table::default();
        let mut key = Vec::new();
        tx.for_each(
            "SELECT name, type, \"notnull\", pk FROM pragma_table_info($1) ORDER BY cid",
            args![name],
            |r| {
                let column_name: String = r.get(0)?;
                table.columns.push(column(&column_name, r.get(1)?, !r.get::<bool>(2)?));
                match r.get::<i64>(3)? {
                    0 => {}
                    place => key.push((place, column_name)),
                }
                Ok::<(), tisara_store::Error>(())
            },
        )?;
        key.sort();
        table.key = key.into_iter().map(|(_, column)| column).collect();
        let indexes = tx.list(
            "SELECT name, \"unique\", partial FROM pragma_index_list($1) WHERE origin = 'c'",
            args![name],
            |r| Ok((r.get::<String>(0)?, r.get::<bool>(1)?, r.get::<bool>(2)?)),
        )?;
        for (index_name, unique, partial) in indexes {
            let columns =
                tx.list("SELECT name FROM pragma_index_info($1) ORDER BY seqno", args![index_name], |r| {
                    r.get::<String>(0)
                })?;
            table.indexes.insert(index_name, index(unique, &columns, partial));
        }
        tables.insert(name, table);
    }
    Ok(tables)
}

fn postgres(tx: &mut Tx<'_>) -> Result<BTreeMap<String, Table>> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    tx.for_each(
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), \
         CASE WHEN a.attnotnull THEN 0 ELSE 1 END \
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0 \
         AND NOT a.attisdropped ORDER BY c.relname, a.attnum",
        &[],
        |r| {
            let table = tables.entry(r.get(0)?).or_default();
            table.columns.push(column(r.get(1)?, r.get(2)?, r.get(3)?));
            Ok::<(), tisara_store::Error>(())
        },
    )?;
    /// Whether it is the primary key, unique, partial; and its columns.
    type Index = (bool, bool, bool, Vec<String>);
    let mut indexes: BTreeMap<(String, String), Index> = BTreeMap::new();
    tx.for_each(
        "SELECT t.relname, i.relname, CASE WHEN x.indisprimary THEN 1 ELSE 0 END, \
         CASE WHEN x.indisunique THEN 1 ELSE 0 END, CASE WHEN x.indpred IS NULL THEN 0 ELSE 1 END, \
         pg_get_indexdef(i.oid, k.n, true) \
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid, \
         generate_series(1, x.indnkeyatts) AS k(n) \
         WHERE t.relnamespace = current_schema()::regnamespace ORDER BY t.relname, i.relname, k.n",
        &[],
        |r| {
            let entry = indexes.entry((r.get(0)?, r.get(1)?)).or_insert((
                r.get(2)?,
                r.get(3)?,
                r.get(4)?,
                Vec::new(),
            ));
            entry.3.push(r.get::<String>(5)?.trim_matches('"').to_owned());
            Ok::<(), tisara_store::Error>(())
        },
    )?;
    for ((table, name), (primary, unique, partial, columns)) in indexes {
        let table = tables.entry(table).or_default();
        if primary {
            table.key = columns;
        } else {
            table.indexes.insert(name, index(unique, &columns, partial));
        }
    }
    Ok(tables)
}

#[tokio::test]
async fn both_engines_have_the_schema_on_record() {
    let one = TestStore::new(Engine::Sqlite).await.store.read(|tx| Ok(text(&sqlite(tx)?))).await;
    let other = TestStore::new(Engine::Postgres).await.store.read(|tx| Ok(text(&postgres(tx)?))).await;
    let (one, other): (String, String) = (one.map_err(error).unwrap(), other.map_err(error).unwrap());
    same_lines("sqlite", &one, "postgres", &other);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.txt");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &one).unwrap();
    }
    let record = std::fs::read_to_string(&path).unwrap_or_default();
    same_lines("the database", &one, "schema.txt (see the head of this test)", &record);
}

fn error(e: tisara_store::Error) -> String {
    e.to_string()
}

fn same_lines(left: &str, a: &str, right: &str, b: &str) {
    let mut table = "";
    for (n, (x, y)) in a.lines().chain([""; 9]).zip(b.lines().chain([""; 9])).enumerate() {
        if !x.starts_with(' ') && !x.is_empty() {
            table = x;
        }
        assert_eq!(x, y, "{left} and {right} differ in table {table}, line {}", n + 1);
    }
    assert_eq!(a.lines().count(), b.lines().count(), "{left} and {right} differ in length");
}

#[test]
fn both_folders_hold_the_same_migrations() {
    let names = |engine: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let sqlite = names("sqlite");
    assert_eq!(sqlite, names("postgres"));
    for (n, name) in (1_i64..).zip(&sqlite) {
        assert!(name.starts_with(&format!("{n:04}_")) && name.ends_with(".sql"), "{name} is out of line");
    }
    assert_eq!(i64::try_from(sqlite.len()).unwrap(), tisara_store::migrate::newest(), "one is not applied");
}

/// SQLite compares text by its bytes; PostgreSQL does so only where it is told.
#[tokio::test]
async fn text_in_keys_is_compared_by_bytes() {
    let test = TestStore::new(Engine::Postgres).await;
    let locale = test.store.read(|tx| {
        tx.list(
            "SELECT t.relname || '.' || a.attname FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid \
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (x.indkey) \
             JOIN pg_collation c ON c.oid = a.attcollation \
             WHERE t.relnamespace = current_schema()::regnamespace AND c.collname <> 'C'",
            &[],
            |r| r.get::<String>(0),
        )
    });
    assert_eq!(locale.await.map_err(error).unwrap(), Vec::<String>::new());
}
