//! The command line. The help texts are the manual: they say what a command does, show an example, and
//! name the exit codes.

use crate::{org::Org, staff::Staff, user::User};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{net::SocketAddr, path::PathBuf};
use tisara_server::contacts::import::{ColumnTo, Target};
use url::Url;

/// What stands below every `--help` of the program itself.
const AFTER_HELP: &str = "\
Exit codes:
  0    done
  1    the command failed, or its result is not what was promised
  2    a mistake in the command line, the configuration or a given file
  3    the surroundings are not ready: database, port, folder, disk, server
  130  stopped by Ctrl-C before the work was done; what was done is kept

Try it without a Meta account:   tisara demo
Set up a server:                 tisara doctor --example > tisara.toml
                                 tisara doctor
                                 tisara serve
Configuration: ./tisara.toml (or --config FILE), each setting also as an environment variable, as
TISARA_SERVER__LISTEN=0.0.0.0:8080.";

/// WhatsApp CRM and campaign platform that anyone may host: no message lost, none sent twice, and it can
/// prove it.
#[derive(Debug, Parser)]
#[command(name = "tisara", version, after_help = AFTER_HELP, arg_required_else_help = true)]
#[command(subcommand_required = true, max_term_width = 100)]
pub struct Cli {
    /// The configuration file; without it ./tisara.toml, if there is one.
    #[arg(long, global = true, value_name = "FILE", env = "TISARA_CONFIG")]
    pub config: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server: API, webhooks, sending.
    ///
    /// Brings the database to this release first, then serves until Ctrl-C or SIGTERM. Killing it at
    /// any moment loses nothing: the next start takes up every campaign where it was.
    ///
    /// Example: TISARA_SERVER__LISTEN=0.0.0.0:8080 tisara serve
    Serve(Serve),

    /// Show it all on this machine: emulator, server, contacts, a campaign, a report.
    ///
    /// Starts a stand-in for Meta's API and a server beside it, makes an organization with a number and
    /// templates, imports contacts through the API, sends them a campaign with a live progress bar and
    /// prints a table that adds up: what was lost or doubled is counted by the emulator, not by us.
    /// Then it keeps serving until Ctrl-C. Nothing leaves this machine.
    ///
    /// Examples:
    ///   tisara demo --contacts 10000 --pace max
    ///   tisara demo --file contacts.csv --region LK
    ///   tisara demo --once --json --database postgres://tisara@localhost/tisara_demo
    #[command(verbatim_doc_comment)]
    Demo(Demo),

    /// Run the stand-in for Meta's Cloud API alone.
    ///
    /// It refuses what Meta refuses, sends signed webhooks, and is scripted under /_emulator.
    ///
    /// Example: tisara emulate --port 4300 --webhook-url http://127.0.0.1:8080/webhooks/whatsapp
    Emulate(Emulate),

    /// Bring the database to this release. `serve` does it by itself; this does only that.
    Migrate(Place),

    /// Check the configuration and everything around the server; each line says what to do.
    ///
    /// Exit code 0 when nothing failed (warnings are allowed), 2 for mistakes in the configuration, 3
    /// when something around the server is not ready.
    Doctor(Doctor),

    /// Count the rows of every campaign and put right the counters that differ.
    ///
    /// Every counter is changed together with the rows it counts, so there should never be a difference;
    /// this proves it. Stop the server first: rows and counters must stand still.
    ///
    /// Exit code 1 when --check found differences.
    ///
    /// Example: tisara repair --check
    Repair(Repair),

    /// Write everything into one file, as it is at one moment. The server may go on working.
    ///
    /// Works on both databases and needs no tool of theirs. Files being imported are not in it, nor is the key
    /// that seals the access tokens, unless asked for: keep a copy of it elsewhere.
    ///
    /// Example: tisara backup /backup/tisara-2026-11-22
    Backup(Backup),

    /// Put a backup into an empty database, of either kind. Stop the server first.
    ///
    /// What was waiting to be sent when the backup was made may have been sent since. So nothing of it is sent
    /// before you say so: campaigns are paused, replies are uncertain. What webhooks tell still counts.
    ///
    /// Examples: tisara restore /backup/tisara-2026-11-22 --check
    ///           tisara restore /backup/tisara-2026-11-22 --database postgres://tisara@localhost/tisara
    #[command(verbatim_doc_comment)]
    Restore(Restore),

    /// Contacts of an organization, through a running server.
    #[command(subcommand)]
    Contacts(Contacts),

    /// Campaigns of an organization, through a running server.
    #[command(subcommand)]
    Campaign(Campaign),

    /// Organizations of this installation, straight in its database.
    #[command(subcommand)]
    Org(Org),
    /// The operator's own people, who may visit organizations, straight in the database.
    #[command(subcommand)]
    Staff(Staff),
    /// Accounts of people, straight in the database: for somebody who cannot sign in any more.
    #[command(subcommand)]
    User(User),
}

/// Where the data is, instead of what the configuration says.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// Address of the database: sqlite:PATH or postgres://… (instead of storage.database_url).
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,

    /// The data folder (instead of storage.data_dir).
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// `tisara serve`.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub place: Place,

    /// Address and port to listen on (instead of server.listen).
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,

    /// Print the configuration as it is in force, secrets hidden, and end.
    #[arg(long)]
    pub print_config: bool,
}

/// `tisara demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Make up this many contacts instead of reading a file.
    #[arg(long, value_name = "N", conflicts_with = "file", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub contacts: Option<u32>,

    /// Import this CSV or XLSX file. Without --file and --contacts a small sample is used.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// The country whose numbers are written without country code, as two letters.
    #[arg(long, value_name = "CC", default_value = "LK")]
    pub region: String,

    /// Use this database instead of SQLite in a temporary folder. Give the demo a database of its own.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,

    /// Keep the data in this folder instead of a temporary one.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// End as soon as every message is settled, instead of serving on.
    #[arg(long)]
    pub once: bool,

    /// Print the result as one JSON object on stdout.
    #[arg(long)]
    pub json: bool,

    /// Messages a second: a number, or max.
    #[arg(long, value_name = "max|N", default_value = "80", value_parser = pace)]
    pub pace: Pace,

    /// Decides the made-up contacts and what the emulated people do.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Address and port of the server; without it 127.0.0.1:8080, or any free port if that is taken.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
}

/// How fast to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// So many a second.
    PerSecond(u32),
    /// As fast as the machine can.
    Max,
}

fn pace(text: &str) -> Result<Pace, String> {
    match text.parse() {
        Ok(n) if n > 0 => Ok(Pace::PerSecond(n)),
        _ if text == "max" => Ok(Pace::Max),
        _ => Err("a number of messages a second above 0, or max".to_owned()),
    }
}

/// `tisara emulate`.
#[derive(Debug, Args)]
pub struct Emulate {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 4300)]
    pub port: u16,

    /// Address to listen on. The emulator has no sign-in: keep it to yourself.
    #[arg(long, default_value = "127.0.0.1")]
    pub host: std::net::IpAddr,

    /// Decides everything that is left to chance.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Where webhooks go, as http://127.0.0.1:8080/webhooks/whatsapp.
    #[arg(long, value_name = "URL")]
    pub webhook_url: Option<Url>,

    /// Messages a second that a number may send: a number, or max.
    #[arg(long, value_name = "max|N", value_parser = pace)]
    pub pace: Option<Pace>,

    /// A JSON file with the emulator's settings: its world, its rules, its faults.
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,

    /// Print the settings as JSON, to be changed and given back with --settings, and end.
    #[arg(long)]
    pub print_settings: bool,

    /// A clock that stands at this moment and moves only by POST /_emulator/clock/advance, as
    /// 2026-01-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub clock: Option<tisara_domain::Timestamp>,

    /// Play the calls of this file on a standing clock, write the report and end. Each line is a call
    /// in JSON: {"path": "/_emulator/clock/advance", "body": {"ms": 5000}}, with "method" when it is
    /// not POST. The same seed and script give the same report, byte for byte.
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,

    /// Where the report of a script goes, instead of the terminal.
    #[arg(long, value_name = "FILE", requires = "script")]
    pub report: Option<PathBuf>,
}

/// `tisara doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub place: Place,

    /// Print a configuration file with every setting, its meaning and its default, and end.
    #[arg(long)]
    pub example: bool,

    /// Leave out what needs the network outside (Meta's API).
    #[arg(long)]
    pub offline: bool,
}

/// `tisara repair`.
#[derive(Debug, Args)]
pub struct Repair {
    #[command(flatten)]
    pub place: Place,

    /// Only compare; change nothing.
    #[arg(long)]
    pub check: bool,

    /// Print what was found as one JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// `tisara backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to write; there must be none of that name.
    pub file: PathBuf,

    #[command(flatten)]
    pub place: Place,

    /// Put the key that seals the access tokens into the file too: then whoever has it can read them.
    #[arg(long)]
    pub include_key: bool,

    /// Print what is in it as one JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// `tisara restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    pub file: PathBuf,

    #[command(flatten)]
    pub place: Place,

    /// Only read the file and check that it is whole; change nothing.
    #[arg(long)]
    pub check: bool,

    /// Throw away what is in the database.
    #[arg(long)]
    pub replace: bool,

    /// Restore although the right key is missing; every number must then be connected again.
    #[arg(long)]
    pub without_key: bool,

    /// Print what was restored and what is held as one JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// A running server and the key to it.
#[derive(Debug, Clone, Args)]
pub struct Remote {
    /// The server's address.
    #[arg(long, value_name = "URL", env = "TISARA_SERVER", default_value = "http://127.0.0.1:8080")]
    pub server: Url,

    /// An API key of the organization, as `tisara org create` prints it. Better given in the
    /// environment, where no list of processes shows it.
    #[arg(long, value_name = "KEY", env = "TISARA_KEY", hide_env_values = true)]
    pub key: String,
}

/// `tisara contacts …`.
#[derive(Debug, Subcommand)]
pub enum Contacts {
    /// Import a CSV or XLSX file.
    ///
    /// Phone numbers are read in any usual way of writing. Rows that cannot be taken are written to an
    /// error file with row, column and reason; all others are imported.
    ///
    /// Examples: tisara contacts import contacts.csv --label newsletter
    ///           tisara contacts import list.xlsx --column "Tel no"=phone --column City=field
    #[command(verbatim_doc_comment)]
    Import(Import),
}

/// `tisara contacts import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The file.
    pub file: PathBuf,

    #[command(flatten)]
    pub remote: Remote,

    /// Where to write the rows that were refused [default: FILE with .errors.csv, if there are any]
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,

    /// The country whose numbers are written without country code [default: the organization's].
    #[arg(long, value_name = "CC")]
    pub region: Option<String>,

    /// What a column holds, where its heading does not tell: phone, name, first_name, last_name, email,
    /// language, labels, consent, field or ignore. HEADING may also be the column's number from 1; may be
    /// given several times.
    #[arg(long, value_name = "HEADING=WHAT", value_parser = column)]
    pub column: Vec<ColumnTo>,

    /// A label for every contact of the file; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub label: Vec<String>,

    /// Where these people agreed to get marketing messages, as "shop form 2026". Rows whose consent
    /// column says yes are put on record with it.
    #[arg(long, value_name = "SOURCE", requires = "consent_wording")]
    pub consent_source: Option<String>,

    /// The words they agreed to.
    #[arg(long, value_name = "WORDS", requires = "consent_source")]
    pub consent_wording: Option<String>,

    /// Everybody in the file agreed, whatever a consent column says.
    #[arg(long, requires = "consent_source")]
    pub everybody_agreed: bool,

    /// Read, check and count; write nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Print the result as one JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Reads `HEADING=WHAT`.
fn column(text: &str) -> Result<ColumnTo, String> {
    let (heading, what) = text.rsplit_once('=').ok_or("write it as HEADING=WHAT, as \"Tel no\"=phone")?;
    let to = Target::named(what.trim())
        .ok_or_else(|| format!("a column cannot hold {what}; use one of {}", Target::NAMES.join(", ")))?;
    Ok(ColumnTo { column: heading.trim().to_owned(), to, field: None, kind: None })
}

/// `tisara campaign …`.
#[derive(Debug, Subcommand)]
pub enum Campaign {
    /// Create a campaign and start it.
    ///
    /// Example: tisara campaign start --name "May sale" --template seasonal_sale --language en_US \
    ///            --body 1=name --body 2=text:MAY25 --label vip --watch
    #[command(verbatim_doc_comment)]
    Start(CampaignStart),

    /// Follow a campaign until every recipient is decided.
    Watch(CampaignOne),

    /// Print what became of everybody: the sum that adds up, with every reason, and how Meta priced it.
    ///
    /// With --csv: who got it, who did not and why, as a list for a spreadsheet.
    Report(CampaignReport),

    /// List the recipients of whom nobody knows whether they got it, or decide them.
    ///
    /// Example: tisara campaign uncertain campaign_01h… --decide send-again
    Uncertain(CampaignUncertain),

    /// Let a paused campaign go on.
    ///
    /// A campaign that came out of a backup goes on only with --after-restore, since what waits in it may have
    /// been sent between the backup and the restore. --dry-run prints how many messages it would send.
    ///
    /// Example: tisara campaign resume campaign_01h455vb4pex5vsknk084sn02q --after-restore --dry-run
    Resume(CampaignResume),
}

/// `tisara campaign start`.
#[derive(Debug, Args)]
pub struct CampaignStart {
    #[command(flatten)]
    pub remote: Remote,

    /// A name for the campaign.
    #[arg(long)]
    pub name: String,

    /// The template's name at Meta.
    #[arg(long)]
    pub template: String,

    /// The template's language.
    #[arg(long, default_value = "en_US")]
    pub language: String,

    /// The number to send from, by its id; needed when there are several.
    #[arg(long, value_name = "NUMBER")]
    pub number: Option<String>,

    /// Only contacts with this label [default: all contacts].
    #[arg(long)]
    pub label: Option<String>,

    /// A value of the body: PLACE=SOURCE, where SOURCE is name, phone, field:NAME or text:WORDS, with
    /// |WORDS behind it for people who have none, as "1=name|friend".
    #[arg(long, value_name = "PLACE=SOURCE")]
    pub body: Vec<String>,

    /// A value of the header, written as for --body.
    #[arg(long, value_name = "PLACE=SOURCE")]
    pub header: Vec<String>,

    /// Send also to contacts whose consent to marketing is not on record.
    #[arg(long)]
    pub without_consent: bool,

    /// Stay and follow it.
    #[arg(long)]
    pub watch: bool,

    /// Print the result as one JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// One campaign.
#[derive(Debug, Args)]
pub struct CampaignOne {
    /// Its id, as campaign_01h….
    pub campaign: String,

    #[command(flatten)]
    pub remote: Remote,

    /// Print the result as one JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// `tisara campaign report`.
#[derive(Debug, Args)]
pub struct CampaignReport {
    #[command(flatten)]
    pub one: CampaignOne,

    /// Print the recipients as CSV instead.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,

    /// With --csv: only those in this state, as failed, skipped, uncertain or read.
    #[arg(long, requires = "csv")]
    pub state: Option<String>,

    /// With --csv: only those for this reason, as opted_out or 131026.
    #[arg(long, requires = "csv")]
    pub reason: Option<String>,
}

/// `tisara campaign uncertain`.
#[derive(Debug, Args)]
pub struct CampaignUncertain {
    #[command(flatten)]
    pub one: CampaignOne,

    /// What is to become of them: send-again (they may get it twice), give-up (they may never get it), or
    /// mark-sent (you know that they got it).
    #[arg(long, value_enum, value_name = "DECISION")]
    pub decide: Option<Decide>,

    /// Decide only this recipient, by its place in the list; may be given again.
    #[arg(long, value_name = "SEQ", requires = "decide")]
    pub seq: Vec<i64>,
}

/// A decision about uncertain recipients.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Decide {
    /// Send again.
    SendAgain,
    /// Count as failed.
    GiveUp,
    /// Count as sent.
    MarkSent,
}

/// `tisara campaign resume`.
#[derive(Debug, Args)]
pub struct CampaignResume {
    #[command(flatten)]
    pub one: CampaignOne,

    /// It was restored from a backup, and what waits in it was not sent meanwhile, or may be sent again.
    #[arg(long)]
    pub after_restore: bool,

    /// With --after-restore: only say what would be sent.
    #[arg(long, requires = "after_restore")]
    pub dry_run: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_pace_is_a_number_or_max() {
        assert_eq!(pace("80"), Ok(Pace::PerSecond(80)));
        assert_eq!(pace("max"), Ok(Pace::Max));
        assert!(pace("0").is_err() && pace("fast").is_err());
    }
}
