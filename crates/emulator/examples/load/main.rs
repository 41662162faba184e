//! How many sends a second an emulator accepts over real sockets, and how much memory a message takes
//! there. `make bench-emulator` runs it: the emulator as a process on one core, this on another.
//!
//! ```text
//! load serve                                                                  the emulator, as fast as it can
//! load COMMAND [--messages N] [--connections N] [--pipeline N] [--webhooks]   starts COMMAND and loads it
//! ```
//! COMMAND says on stderr where it listens: `load serve`, or `tisara emulate --port 0 --pace max`. Every message
//! goes to another user and carries an id of its own.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a measurement for the terminal stops at the first surprise"
)]

mod connection;
mod receiver;
mod serve;

use connection::Connection;
use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
};
use tisara_domain::{Clock as _, SystemClock};
use tisara_emulator::World;
use tisara_stage::Usage;

/// Sent before counting begins: buffers and maps have their first size then.
const WARM_UP: u64 = 20_000;

struct Arguments {
    command: Vec<String>,
    messages: u64,
    connections: u64,
    pipeline: u64,
    webhooks: bool,
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return serve::run();
    }
    let given = arguments();
    let mut emulator = Emulator::start(&given.command);
    let posts = given.webhooks.then(|| receiver::listen(&emulator));
    load(&emulator, &given, 0, WARM_UP);
    let before = emulator.usage();
    let clock = SystemClock::new();
    let started = clock.now();
    load(&emulator, &given, WARM_UP, given.messages);
    let seconds = clock.now().since(started).as_secs_f64();
    let after = emulator.usage();
    let cpu = after.cpu_s - before.cpu_s;
    let at_end = (after.rss_mb - before.rss_mb) * 1_048_576.0 / given.messages as f64;
    let report = emulator.get("/_emulator/report");
    let count = |name: &str| report[name].as_u64().unwrap_or_default();
    assert_eq!(count("accepted"), WARM_UP + given.messages, "{report}");
    assert_eq!((count("distinct"), count("doubled")), (WARM_UP + given.messages, 0), "{report}");
    println!(
        "{:.0} accepted sends a second of the emulator's core ({:.0} a second by the clock on the wall): {} sends in {cpu:.1} s of work, {seconds:.1} s in all, {} connections, {} at once on each, webhooks {}",
        given.messages as f64 / cpu,
        given.messages as f64 / seconds,
        given.messages,
        given.connections,
        given.pipeline,
        if given.webhooks { "on" } else { "off" },
    );
    println!("{at_end:.0} bytes of memory a message, {} of them still under way", count("under_way"));
    if let Some(posts) = posts {
        let told: u64 =
            report["statuses"].as_object().unwrap().values().map(|s| s["delivered"].as_u64().unwrap()).sum();
        println!(
            "{:.0} statuses a second of that told meanwhile, in {} posts",
            told as f64 / cpu,
            posts.count()
        );
    }
    emulator.child.kill().unwrap();
    emulator.child.wait().unwrap();
}

/// Sends `count` messages over all connections and waits for the answers.
fn load(emulator: &Emulator, given: &Arguments, first: u64, count: u64) {
    thread::scope(|scope| {
        for n in 0..given.connections {
            scope.spawn(move || {
                let mut connection = Connection::open(emulator.address, given.pipeline);
                let end = first + count * (n + 1) / given.connections;
                let mut next = first + count * n / given.connections;
                while next < end {
                    let together = given.pipeline.min(end - next);
                    connection.send(next..next + together);
                    next += together;
                }
            });
        }
    });
}

fn arguments() -> Arguments {
    let mut given =
        Arguments { command: Vec::new(), messages: 1_000_000, connections: 16, pipeline: 1, webhooks: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|n| n.parse().ok()).expect("a number");
        match word.as_str() {
            "--messages" => given.messages = number(),
            "--connections" => given.connections = number(),
            "--pipeline" => given.pipeline = number(),
            "--webhooks" => given.webhooks = true,
            command => given.command = command.split_whitespace().map(str::to_owned).collect(),
        }
    }
    assert!(!given.command.is_empty(), "the first argument is the command that starts the emulator");
    given
}

/// The emulator's process.
struct Emulator {
    child: Child,
    address: SocketAddr,
}

impl Emulator {
    fn start(command: &[String]) -> Self {
        let mut child = Command::new(&command[0]).args(&command[1..]).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.by_ref().map(Result::unwrap).find_map(|line| {
            let (_, rest) = line.split_once("http://")?;
            rest.trim_end_matches('/').parse().ok()
        });
        // What else it says must not fill the pipe.
        thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("the emulator says where it listens") }
    }

    fn get(&self, path: &str) -> serde_json::Value {
        serde_json::from_slice(&connection::ask(self.address, "GET", path, "")).unwrap()
    }

    fn post(&self, path: &str, body: &serde_json::Value) {
        connection::ask(self.address, "POST", path, &body.to_string());
    }

    /// On a machine with other work to do the time it has worked says more than the clock on the wall.
    fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }
}

/// The body of message `n`, as a platform sends it: a template with values and an id of its own.
fn body(n: u64) -> String {
    format!(
        r#"{{"messaging_product":"whatsapp","recipient_type":"individual","to":"+94{:09}","type":"template","template":{{"name":"order_update","language":{{"code":"en_US"}},"components":[{{"type":"body","parameters":[{{"type":"text","text":"Nimal"}},{{"type":"text","text":"860198"}},{{"type":"text","text":"Friday"}}]}},{{"type":"button","sub_type":"url","index":"0","parameters":[{{"type":"text","text":"860198"}}]}}]}},"biz_opaque_callback_data":"campaign_01h455vb4pex5vsknk084sn02q.{n}.1"}}"#,
        700_000_000 + n
    )
}

fn token() -> &'static str {
    World::TOKEN
}
