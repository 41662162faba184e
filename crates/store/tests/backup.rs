//! Backups: everything comes back, on either engine; nothing damaged is taken; nothing that waited is sent.
#![expect(clippy::unwrap_used, reason = "a test may fail; clippy knows only functions marked as tests")]

mod common;
use common::{at, furnish, id, org, phone, read, write};
use std::{io::Read as _, path::Path};
use tisara_domain::{
    CampaignId, CampaignState, MessageId, NumberId, campaign::CampaignEvent, settle::Decision,
};
use tisara_store::{
    Engine, Store, Tx, args,
    backup::{About, BackupError, inspect, key_id},
    campaigns::CampaignError,
    contacts::NewContact,
    contract,
    testing::TestStore,
};

fn about() -> About {
    About { now: at(500), version: "0.0.0", key_id: key_id(b"key"), key: Some(b"key".to_vec()) }
}

/// A campaign in a state, with recipients in these states: (state, attempt).
fn campaign(tx: &mut Tx<'_>, n: u32, state: &str, recipients: &[(i64, i64)]) -> tisara_store::Result<()> {
    let campaign: CampaignId = id(n);
    tx.execute(
        "INSERT INTO campaign (org_id, id, name, number_id, template_id, template_version, state, definition, planned, \
         created_at) VALUES ($1, $2, 'Avurudu', $3, $4, 1, $5, $6, $7, 0)",
        args![
            org(),
            campaign,
            id::<NumberId>(1),
            id::<tisara_domain::TemplateId>(1),
            state,
            r#"{"audience":{"kind":"all"},"bindings":[],"require_consent":false}"#,
            recipients.len() as i64
        ],
    )?;
    for (seq, (state, attempt)) in recipients.iter().enumerate() {
        tx.execute(
            "INSERT INTO recipient (org_id, campaign_id, seq, contact_id, address, state, reason, attempt) \
             VALUES ($1, $2, $3, $4, '+94771234567', $5, 0, $6)",
            args![org(), campaign, seq as i64, id::<tisara_domain::ContactId>(1), *state, *attempt],
        )?;
    }
    tx.org(org()).repair_counts(campaign)
}

fn message(tx: &mut Tx<'_>, n: u32, state: i64, attempt: i64) -> tisara_store::Result<()> {
    tx.execute(
        "INSERT INTO message (org_id, id, thread_id, number_id, state, kind, text, content, address, attempt, lease, \
         due_at, created_at) VALUES ($1, $2, $3, $4, $5, 'text', 'ආයුබෝවන්', '{}', '+94771234567', $6, 1, 0, 0)",
        args![org(), id::<MessageId>(n), id::<tisara_domain::ThreadId>(1), id::<NumberId>(1), state, attempt],
    )?;
    Ok(())
}

async fn fill(store: &Store) {
    furnish(store).await;
    write(store, |tx| {
        campaign(tx, 1, "completed", &[(4, 1), (6, 2), (7, -3)])?;
        message(tx, 1, 7, 1)?;
        for n in 0..3_000_i64 {
            tx.execute(
                "INSERT INTO journal (waba, received_at, body) VALUES ($1, $2, $3)",
                args![(n % 2 == 0).then_some("101"), n, vec![0, 255, b'\'', n as u8]],
            )?;
        }
        Ok(())
    })
    .await;
}

/// All frames of a backup but its header and end, sorted: engines read their rows in another order.
fn content(path: &Path) -> Vec<Vec<u8>> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    let mut rest = &bytes[b"TISARA-BACKUP\n".len()..];
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let len = 5 + u32::from_le_bytes(rest[1..5].try_into().unwrap()) as usize;
        frames.push(rest[..len].to_vec());
        rest = &rest[len..];
    }
    frames.retain(|f| f[0] != b'H' && f[0] != b'E');
    frames.sort();
    frames
}

/// What was one engine's comes back on either, to the last byte, and what a database numbers itself goes on.
#[tokio::test]
async fn everything_comes_back_on_either_engine() {
    let dir = tempfile::tempdir().unwrap();
    for from in [Engine::Sqlite, Engine::Postgres] {
        let source = TestStore::new(from).await;
        fill(&source.store).await;
        let path = dir.path().join(from.as_str());
        let made = source.store.back_up(&path, about()).await.unwrap();
        assert_eq!(inspect(&path).unwrap(), made);
        for to in [Engine::Sqlite, Engine::Postgres] {
            let target = TestStore::new(to).await;
            let (restored, _) = target.store.restore(&path, false, at(600)).await.unwrap();
            assert_eq!((restored.tables, restored.key), (made.tables.clone(), Some(b"key".to_vec())));
            let again = dir.path().join(format!("{}-{}", from.as_str(), to.as_str()));
            target.store.back_up(&again, about()).await.unwrap();
            assert_eq!(content(&again), content(&path), "{from:?} to {to:?}");
            let next = write(&target.store, |tx| {
                tx.get(
                    "INSERT INTO journal (received_at, body) VALUES (0, $1) RETURNING id",
                    args![vec![1_u8]],
                    |r| r.get::<i64>(0),
                )
            })
            .await;
            assert_eq!(next, 3_001);
        }
    }
}

/// Every table of the schema is in a backup, but those that are made from others.
#[tokio::test]
async fn no_table_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let test = TestStore::new(Engine::Sqlite).await;
    let made = test.store.back_up(&dir.path().join("b"), about()).await.unwrap();
    let schema = include_str!("../schema.txt");
    let tables: Vec<&str> = schema.lines().filter(|l| !l.is_empty() && !l.starts_with(' ')).collect();
    let made_anew = ["migration", "message_index", "message_search", "message_unindexed"];
    let tables: Vec<&str> = tables.into_iter().filter(|name| !made_anew.contains(name)).collect();
    assert_eq!(made.tables.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), tables);
}

contract! {
    /// Only an empty database is restored into, unless told otherwise; a refusal changes nothing.
    async fn what_is_there_is_not_lost(store) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b");
        fill(store).await;
        store.back_up(&path, about()).await.unwrap();
        assert!(matches!(store.back_up(&path, about()).await, Err(BackupError::File { .. })), "never written over");
        write(store, |tx| tx.execute("DELETE FROM message", &[])).await;
        let refused = store.restore(&path, false, at(600)).await.unwrap_err();
        assert!(refused.to_string().contains("not empty"), "{refused}");
        assert_eq!(read(store, |tx| tx.org(org()).find_message(id(1))).await, None);
        store.restore(&path, true, at(600)).await.unwrap();
        assert!(read(store, |tx| tx.org(org()).find_message(id(1))).await.is_some());
    }
}

#[tokio::test]
async fn a_damaged_backup_is_refused_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("b");
    let test = TestStore::new(Engine::Sqlite).await;
    fill(&test.store).await;
    test.store.back_up(&path, about()).await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 0x10;
    let damaged = [
        whole[..whole.len() / 2].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        changed,
        b"no".to_vec(),
        vec![],
    ];
    for (n, bytes) in damaged.into_iter().enumerate() {
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(inspect(&path), Err(BackupError::Damaged { .. })), "{n}");
        let empty = TestStore::new(Engine::Sqlite).await;
        assert!(empty.store.restore(&path, false, at(600)).await.is_err());
        assert!(read(&empty.store, |tx| tx.org(org()).find_message(id(1))).await.is_none());
    }
}

contract! {
    /// What was waiting or under way when the backup was made is not sent before a person says so.
    async fn a_restored_copy_sends_nothing_by_itself(store) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b");
        furnish(store).await;
        write(store, |tx| {
            let person = NewContact {
                id: id(1),
                phone: phone(1),
                name: "Nimal".to_owned(),
                email: None,
                language: None,
                fields: vec![],
            };
            tx.org(org()).create_contact(&person, at(0))?;
            campaign(tx, 1, "running", &[(0, 0), (0, 0), (0, 0), (3, 1)])?;
            // The first row of its chunk had been handed out.
            tx.execute(
                "INSERT INTO chunk (org_id, campaign_id, no, number_id, next_seq, end_seq, state, lease, leased_from) \
                 VALUES ($1, $2, 0, $3, 1, 4, 1, 7, 0)",
                args![org(), id::<CampaignId>(1), id::<NumberId>(1)],
            )?;
            campaign(tx, 2, "planning", &[(0, 0)])?;
            campaign(tx, 3, "paused", &[(0, 0)])?;
            campaign(tx, 4, "completed", &[(4, 1)])?;
            campaign(tx, 5, "draft", &[])?;
            message(tx, 1, 0, 0)?;
            message(tx, 2, 1, 1)?;
            message(tx, 3, 4, 1)?;
            tx.queue_mail(id(1), b"sealed", at(0))
        })
        .await;
        store.back_up(&path, about()).await.unwrap();
        let (_, held) = store.restore(&path, true, at(600)).await.unwrap();
        assert_eq!((held.campaigns, held.waiting, held.uncertain, held.messages), (3, 4, 1, 2));
        assert_eq!(held.mails, 1);
        let far = at(10_000_000);
        assert_eq!(write(store, move |tx| tx.claim_mail(far, std::time::Duration::ZERO)).await, None);
        let due_or_out = write(store, move |tx| {
            let mut org = tx.org(org());
            let due =
                org.list_unsettled(id(1), far, 10)?.len() + org.list_unsettled_messages(id(1), far, 10)?.len();
            Ok(due
                + org.reserve_messages(id(1), 9, 10, far)?.len()
                + org.reserve_retries(id(1), 9, 10, far)?.len()
                + org.reserve_window(id(1), 9, 10)?.rows.len())
        })
        .await;
        assert_eq!(due_or_out, 0);

        // Neither is it let go by mistake.
        let resumed = store
            .write(|tx| tx.org(org()).move_campaign(id(1), CampaignEvent::Resume, at(700)))
            .await;
        assert!(matches!(resumed, Err(CampaignError::Restored)));
        let listed = read(store, |tx| tx.org(org()).list_restored_campaigns(10)).await;
        let shown: Vec<_> = listed.iter().map(|c| (c.released.sends, c.released.uncertain, c.released.plans)).collect();
        assert_eq!(shown, [(2, 1, false), (1, 0, true), (1, 0, false)]);

        // Let go, it sends exactly what was shown.
        for n in [1, 2] {
            store.write(move |tx| tx.org(org()).resume_restored_campaign(id(n))).await.unwrap();
        }
        let state = |n| read(store, move |tx| Ok(tx.org(org()).find_campaign(id(n))?.unwrap().state));
        assert_eq!((state(1).await, state(2).await), (CampaignState::Running, CampaignState::Planning));
        assert_eq!(write(store, |tx| tx.org(org()).reserve_window(id(1), 9, 10)).await.rows.len(), 2);
        let again = store.write(|tx| tx.org(org()).resume_restored_campaign(id(1))).await;
        assert!(matches!(again, Err(CampaignError::NotRestored)));

        let messages = read(store, |tx| tx.org(org()).list_uncertain_messages(id(1), None, 10)).await;
        assert_eq!(messages.iter().map(|m| (m.id, m.due_at)).collect::<Vec<_>>(), [(id(1), None), (id(2), None)]);
        let decide = |n, decision| write(store, move |tx| tx.org(org()).decide_message(id(n), decision, at(800)));
        assert!(decide(1, Decision::SendAgain).await);
        assert!(decide(2, Decision::GiveUp).await);
        assert!(!decide(2, Decision::SendAgain).await);
        let out = write(store, |tx| tx.org(org()).reserve_messages(id(1), 9, 10, at(800))).await;
        assert_eq!(out.iter().map(|m| (m.id, m.attempt)).collect::<Vec<_>>(), [(id(1), 2)]);
    }
}
