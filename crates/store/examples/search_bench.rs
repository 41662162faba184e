//! How fast messages are indexed and found: `cargo run --release -p tisara-store --example search_bench`.
//!
//! Writes a million messages of made-up words in several scripts, as many as natural text would repeat
//! them, into an empty database of each engine, indexes them, and then searches with one thread and
//! with 16 callers. PostgreSQL is measured where `TISARA_TEST_POSTGRES` names a server. `-- 100000`
//! takes another number of messages.
#![expect(clippy::print_stdout, reason = "a measurement for people to read")]

use tisara_domain::{
    Ambient, ContactId, Duration, MessageId, NumberId, OrgId, Rng, ThreadId, id::TypedId,
    message::MessageState,
};
use tisara_store::{
    Engine, Options, Result, Store, Tx, args,
    search::{MessageFilter, Query},
    testing::TestStore,
};

const THREADS: u64 = 100_000;
const SYLLABLES: [&[&str]; 4] = [
    &["ka", "lo", "mi", "te", "ru", "sa", "ne", "vo", "pi", "du"],
    &["ක", "ලා", "මි", "ට", "රු", "ස", "නෙ", "වි", "පො", "දු"],
    &["க", "லா", "மி", "டு", "ரு", "ச", "நெ", "வி", "பொ", "து"],
    &["क", "ला", "मि", "टे", "रु", "स", "ने", "वि", "पो", "दु"],
];

/// The word of that rank: most are rare, as in any language.
fn word(rank: u64) -> String {
    let (script, mut n) = (SYLLABLES[(rank % 4) as usize], rank / 4 + 10);
    let mut word = String::new();
    while n > 0 {
        word.push_str(script[(n % 10) as usize]);
        n /= 10;
    }
    word
}

fn any_word(rng: &Rng) -> String {
    // One over a uniform number spreads ranks about as Zipf's law does.
    let u = (rng.next_u64() % 1_000_000 + 1) as f64 / 1_000_000.0;
    word((60_000_f64.powf(u) - 1.0) as u64)
}

fn id<T: TypedId>(kind: u8, n: u64) -> T {
    let mut bytes = [0; 16];
    bytes[0] = kind;
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    T::from_bytes(bytes)
}

fn write(tx: &mut Tx<'_>, rng: &Rng, n: u64) -> Result<()> {
    let org: OrgId = id(0, 1);
    let words: Vec<String> = (0..rng.next_u64() % 14 + 3).map(|_| any_word(rng)).collect();
    let message: MessageId = id(1, n);
    tx.execute(
        "INSERT INTO message (org_id, id, thread_id, number_id, state, kind, text, content, address, attempt, lease, \
         due_at, created_at) VALUES ($1, $2, $3, $4, $5, 'text', $6, '{}', 'x', 0, 0, 0, $7)",
        args![
            org,
            message,
            id::<ThreadId>(2, n * 7_919 % THREADS),
            id::<NumberId>(3, n % 3),
            MessageState::Received,
            words.join(" "),
            i64::try_from(n).unwrap_or_default()
        ],
    )?;
    tx.execute("INSERT INTO message_unindexed (org_id, message_id) VALUES ($1, $2)", args![org, message])?;
    if n < THREADS {
        let (thread, contact): (ThreadId, ContactId) = (id(2, n), id(4, n));
        tx.execute(
            "INSERT INTO thread (org_id, id, contact_id, number_id, last_message_at, last_line, unread) \
             VALUES ($1, $2, $3, $4, 0, '', 0)",
            args![org, thread, contact, id::<NumberId>(3, n % 3)],
        )?;
        tx.execute(
            "INSERT INTO contact (org_id, id, name, name_fold, consent, reachable, created_at, updated_at) \
             VALUES ($1, $2, 'Nimal', 'nimal', 0, 1, 0, 0)",
            args![org, contact],
        )?;
    }
    Ok(())
}

/// Indexes all; gives the longest transaction.
async fn index(store: &Store, ambient: &Ambient) -> Result<Duration> {
    let org: OrgId = id(0, 1);
    let mut longest = Duration::ZERO;
    loop {
        let waiting = store.read(move |tx| tx.org(org).list_unindexed(2_000)).await?;
        if waiting.messages.is_empty() {
            return Ok(longest);
        }
        let began = ambient.now();
        store.write(move |tx| tx.org(org).index_messages(&waiting.messages)).await?;
        longest = longest.max(ambient.now().since(began));
    }
}

/// Searches `n` times and gives how long each took, sorted.
async fn search(store: &Store, ambient: &Ambient, kind: &str, n: u64) -> Result<Vec<Duration>> {
    let (org, mut took) = (id::<OrgId>(0, 1), Vec::new());
    for _ in 0..n {
        let rng = ambient.rng();
        let text = match kind {
            "word" => format!("\"{}\"", any_word(rng)),
            "prefix" => any_word(rng).chars().take(3).collect(),
            "two words" => format!("{} {}", any_word(rng), any_word(rng)),
            _ => word(rng.next_u64() % 60_000),
        };
        let Ok(query) = Query::parse(&text) else { continue };
        let began = ambient.now();
        store.read(move |tx| tx.org(org).search_messages(&query, MessageFilter::default(), None, 50)).await?;
        took.push(ambient.now().since(began));
    }
    took.sort_unstable();
    Ok(took)
}

fn quantile(took: &[Duration], q: f64) -> f64 {
    took[((took.len() - 1) as f64 * q) as usize].as_secs_f64() * 1_000.0
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let messages: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |n| n.parse())?;
    let ambient = Ambient::real()?;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if engine == Engine::Postgres && std::env::var("TISARA_TEST_POSTGRES").is_err() {
            continue;
        }
        let test = TestStore::new(engine).await;
        let store = Store::open(&test.url, Options::default())?;
        for from in (0..messages).step_by(5_000) {
            let seed = from;
            store
                .write(move |tx| {
                    let rng = Rng::seeded(seed);
                    (from..messages.min(from + 5_000)).try_for_each(|n| write(tx, &rng, n))
                })
                .await?;
        }
        let began = ambient.now();
        let longest = index(&store, &ambient).await?;
        let took = ambient.now().since(began).as_secs_f64();
        let name = engine.as_str();
        println!(
            "{name:8} index: {messages} messages in {took:.1} s, longest batch of 2,000 {:.0} ms",
            longest.as_secs_f64() * 1_000.0
        );
        for kind in ["word", "prefix", "two words", "any of the vocabulary"] {
            search(&store, &ambient, kind, 50).await?;
            let alone = search(&store, &ambient, kind, 300).await?;
            let callers = (0..16).map(|_| {
                let (store, ambient) = (store.clone(), ambient.clone());
                async move { search(&store, &ambient, kind, 100).await }
            });
            let mut many: Vec<Duration> = all_of(callers).await?;
            many.sort_unstable();
            println!(
                "{name:8} {kind}: alone p50 {:.2} ms, p99 {:.2} ms; 16 callers p50 {:.2} ms, p99 {:.2} ms",
                quantile(&alone, 0.5),
                quantile(&alone, 0.99),
                quantile(&many, 0.5),
                quantile(&many, 0.99)
            );
        }
    }
    Ok(())
}

async fn all_of(
    callers: impl Iterator<Item = impl Future<Output = Result<Vec<Duration>>> + Send + 'static>,
) -> std::result::Result<Vec<Duration>, Box<dyn std::error::Error>> {
    let mut tasks = tokio::task::JoinSet::new();
    for caller in callers {
        tasks.spawn(caller);
    }
    let mut all = Vec::new();
    while let Some(done) = tasks.join_next().await {
        all.extend(done??);
    }
    Ok(all)
}
