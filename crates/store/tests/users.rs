//! People, their sessions, links and guesses, and the e-mails they get.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, id, org, read, write};
use tisara_domain::{Duration, throttle::Throttle};
use tisara_store::{
    contract,
    sessions::{Device, Session},
    signing_keys::SigningKey,
    users::{Acceptance, Passkey, Purpose, User},
};

fn user(n: u32, email: &str) -> User {
    User {
        id: id(n),
        email: email.to_owned(),
        email_fold: email.to_lowercase(),
        name: format!("Person {n}"),
        phone: None,
        country: "LK".to_owned(),
        password_hash: "$argon2id$…".to_owned(),
        password_changed_at: at(0),
        created_at: at(0),
    }
}

fn session(n: u32, of: u32) -> Session {
    Session {
        id: id(n),
        user_id: id(of),
        org_id: None,
        ip: "192.0.2.1".to_owned(),
        agent: "Firefox".to_owned(),
        created_at: at(0),
        authenticated_at: at(0),
        last_seen_at: at(0),
        ends_at: at(10_000),
        device: None,
        two_factors: false,
    }
}

contract! {
    /// Two spellings of one address are one person, and an address changes only to a free one.
    async fn an_address_belongs_to_one_person(store) {
        write(store, |tx| {
            assert!(tx.create_user(&user(1, "Nimal@Example.org"))?);
            assert!(!tx.create_user(&user(2, "nimal@example.org"))?);
            assert!(tx.create_user(&user(3, "kamala@example.org"))?);
            assert!(!tx.set_user_email(id(3), "NIMAL@example.org", "nimal@example.org")?);
            assert!(tx.set_user_email(id(3), "Kamala@Example.com", "kamala@example.com")?);
            tx.set_user_profile(id(3), "Kamala", Some("+94771234567"), "IN")?;
            tx.set_password(id(3), "$argon2id$new", at(9))
        }).await;
        assert_eq!(read(store, |tx| tx.find_user(id(1))).await, Some(user(1, "Nimal@Example.org")));
        assert_eq!(read(store, |tx| tx.find_user(id(2))).await, None);
        assert_eq!(read(store, |tx| tx.find_user_by_email("kamala@example.org")).await, None);
        let kamala = read(store, |tx| tx.find_user_by_email("kamala@example.com")).await.unwrap();
        assert_eq!((kamala.name.as_str(), kamala.phone.as_deref(), kamala.country.as_str()), ("Kamala", Some("+94771234567"), "IN"));
        assert_eq!((kamala.password_hash.as_str(), kamala.password_changed_at), ("$argon2id$new", at(9)));
    }
}

contract! {
    /// When somebody agreed stays what it was the first time.
    async fn an_agreement_keeps_its_first_moment(store) {
        let agreed = |seconds| Acceptance { policy: "terms".to_owned(), version: "1".to_owned(), at: at(seconds), ip: "::1".to_owned() };
        write(store, move |tx| {
            tx.accept_policy(id(1), &agreed(1))?;
            tx.accept_policy(id(1), &agreed(2))
        }).await;
        assert_eq!(read(store, |tx| tx.list_acceptances(id(1))).await, [agreed(1)]);
    }
}

contract! {
    /// The first who proves an address has it; the others' links are dead then.
    async fn a_sign_up_is_used_once(store) {
        write(store, |tx| {
            tx.create_sign_up(&[1; 32], "a@example.org", "{}", at(100))?;
            tx.create_sign_up(&[2; 32], "a@example.org", "{\"n\":2}", at(100))?;
            tx.create_sign_up(&[3; 32], "b@example.org", "{}", at(100))
        }).await;
        assert_eq!(write(store, |tx| tx.try_sign_up(&[2; 32], at(1))).await.unwrap().attempts, 1);
        let second = write(store, |tx| tx.try_sign_up(&[2; 32], at(1))).await.unwrap();
        assert_eq!((second.attempts, second.wanted.as_str()), (2, "{\"n\":2}"));
        assert_eq!(write(store, |tx| tx.try_sign_up(&[2; 32], at(100))).await, None);
        assert!(write(store, |tx| tx.end_sign_up(&[2; 32])).await);
        assert!(!write(store, |tx| tx.end_sign_up(&[2; 32])).await);
        assert_eq!(write(store, |tx| tx.try_sign_up(&[1; 32], at(1))).await, None);
        assert!(write(store, |tx| tx.try_sign_up(&[3; 32], at(1))).await.is_some());
    }
}

contract! {
    /// A link opens one thing, once, for a time; a newer one ends it.
    async fn a_link_opens_once(store) {
        write(store, |tx| {
            tx.create_link(&[1; 32], id(1), Purpose::ResetPassword, "", at(100))?;
            tx.create_link(&[2; 32], id(1), Purpose::ResetPassword, "", at(100))?;
            tx.create_link(&[3; 32], id(1), Purpose::ChangeEmail, "new@example.org", at(100))
        }).await;
        assert_eq!(write(store, |tx| tx.use_link(&[1; 32], Purpose::ResetPassword, at(1))).await, None);
        assert_eq!(write(store, |tx| tx.use_link(&[3; 32], Purpose::ResetPassword, at(1))).await, None);
        assert_eq!(write(store, |tx| tx.use_link(&[2; 32], Purpose::ResetPassword, at(100))).await, None);
        let link = write(store, |tx| tx.use_link(&[2; 32], Purpose::ResetPassword, at(99))).await.unwrap();
        assert_eq!(link.user_id, id(1));
        assert_eq!(write(store, |tx| tx.use_link(&[2; 32], Purpose::ResetPassword, at(99))).await, None);
        let link = write(store, |tx| tx.use_link(&[3; 32], Purpose::ChangeEmail, at(99))).await.unwrap();
        assert_eq!(link.detail, "new@example.org");
    }
}

contract! {
    /// Guesses wait longer and longer, each key for itself, and are forgotten after the right one or a day.
    async fn guesses_are_slowed(store) {
        let key = ([1; 32], Throttle { free: 2, first: Duration::from_secs(10), longest: Duration::from_secs(60) });
        let other = ([2; 32], Throttle::NETWORK);
        let guess = async move |seconds| write(store, move |tx| tx.count_guess(&[key, other], at(seconds))).await;
        assert_eq!(guess(0).await, None);
        assert_eq!(guess(0).await, None);
        assert_eq!(guess(0).await, None);
        assert_eq!(guess(5).await, Some(at(10)));
        assert_eq!(guess(10).await, None);
        assert_eq!(guess(29).await, Some(at(30)));
        write(store, |tx| tx.forget_guesses(&[1; 32])).await;
        assert_eq!(guess(29).await, None);
        assert_eq!(guess(29).await, None);
        assert_eq!(guess(29).await, None);
        assert_eq!(guess(30).await, Some(at(39)));
        assert_eq!(guess(29 + 24 * 3600).await, None);
        assert_eq!(guess(29 + 24 * 3600).await, None);
    }
}

contract! {
    /// A session is found by its newest secret until it ends, lies idle, or is ended.
    async fn a_session_opens_with_its_newest_secret(store) {
        const IDLE: Duration = Duration::from_secs(100);
        write(store, |tx| {
            tx.create_session(&session(1, 1), &[1; 32])?;
            tx.create_session(&session(2, 1), &[2; 32])?;
            tx.create_session(&session(3, 2), &[3; 32])
        }).await;
        assert_eq!(read(store, |tx| tx.find_session(&[1; 32], at(1), IDLE)).await, Some(session(1, 1)));
        assert_eq!(read(store, |tx| tx.find_session(&[1; 32], at(100), IDLE)).await, None);
        write(store, |tx| tx.touch_session(id(1), "192.0.2.9", at(90))).await;
        let touched = read(store, |tx| tx.find_session(&[1; 32], at(100), IDLE)).await.unwrap();
        assert_eq!((touched.ip.as_str(), touched.last_seen_at), ("192.0.2.9", at(90)));
        assert_eq!(read(store, |tx| tx.find_session(&[1; 32], at(10_000), Duration::from_secs(99_999))).await, None);
        assert!(write(store, |tx| tx.rotate_session(id(1), &[9; 32], at(95))).await);
        assert_eq!(read(store, |tx| tx.find_session(&[1; 32], at(100), IDLE)).await, None);
        write(store, |tx| tx.set_session_organization(id(1), org())).await;
        let rotated = read(store, |tx| tx.find_session(&[9; 32], at(100), IDLE)).await.unwrap();
        assert_eq!((rotated.authenticated_at, rotated.org_id), (at(95), Some(org())));

        let mine = read(store, |tx| tx.list_sessions(id(1), at(50), IDLE)).await;
        assert_eq!(mine.iter().map(|s| s.id).collect::<Vec<_>>(), [id(2), id(1)]);
        assert!(!write(store, |tx| tx.end_session(id(2), id(1))).await, "another's session");
        assert_eq!(write(store, |tx| tx.end_sessions(id(1), Some(id(1)))).await, 1);
        assert_eq!(read(store, |tx| tx.find_session(&[2; 32], at(50), IDLE)).await, None);
        assert!(write(store, |tx| tx.end_session(id(1), id(1))).await);
        write(store, |tx| tx.end_session_of(&[3; 32])).await;
        assert_eq!(write(store, |tx| tx.end_sessions(id(2), None)).await, 0);
    }
}

contract! {
    /// A browser is known to the person who signed in on it, until all are forgotten or what is old is
    /// thrown away.
    async fn old_things_are_thrown_away(store) {
        write(store, |tx| {
            tx.remember_device(id(1), &[1; 32], at(0))?;
            tx.remember_device(id(1), &[1; 32], at(5))?;
            tx.remember_device(id(2), &[2; 32], at(5))?;
            tx.create_session(&session(1, 1), &[1; 32])?;
            tx.count_guess(&[([1; 32], Throttle::GUESSES)], at(0))?;
            tx.create_sign_up(&[1; 32], "a@example.org", "{}", at(100))?;
            tx.create_link(&[1; 32], id(1), Purpose::ResetPassword, "", at(100))
        }).await;
        assert!(read(store, |tx| tx.knows_device(id(1), &[1; 32])).await);
        assert!(!read(store, |tx| tx.knows_device(id(2), &[1; 32])).await);
        write(store, |tx| tx.forget_devices(id(1))).await;
        assert!(!read(store, |tx| tx.knows_device(id(1), &[1; 32])).await);
        write(store, |tx| tx.purge_people(at(20_000))).await;
        assert!(read(store, |tx| tx.knows_device(id(2), &[2; 32])).await);
        assert_eq!(write(store, |tx| tx.end_sessions(id(1), None)).await, 0);
        assert!(!write(store, |tx| tx.end_sign_up(&[1; 32])).await);
        write(store, |tx| tx.purge_people(at(366 * 24 * 3600))).await;
        assert!(!read(store, |tx| tx.knows_device(id(2), &[2; 32])).await);
    }
}

contract! {
    /// An e-mail is handed to one sender at a time, again after a while, until it is sent.
    async fn an_email_waits_until_it_is_sent(store) {
        const LOCK: Duration = Duration::from_secs(60);
        write(store, |tx| {
            tx.queue_mail(id(1), b"one", at(0))?;
            tx.queue_mail(id(2), b"two", at(1))
        }).await;
        let first = write(store, |tx| tx.claim_mail(at(1), LOCK)).await.unwrap();
        assert_eq!((first.id, first.content.as_slice(), first.attempts, first.created_at), (id(1), &b"one"[..], 1, at(0)));
        assert_eq!(write(store, |tx| tx.claim_mail(at(1), LOCK)).await.unwrap().id, id(2));
        assert_eq!(write(store, |tx| tx.claim_mail(at(60), LOCK)).await, None);
        write(store, |tx| tx.end_mail(id(2))).await;
        write(store, |tx| tx.retry_mail(id(1), at(30))).await;
        assert_eq!(write(store, |tx| tx.claim_mail(at(30), LOCK)).await.unwrap().attempts, 2);
    }
}

contract! {
    /// A second proof is asked for once it was tried; a code works once, and so does a recovery code.
    async fn a_code_works_once(store) {
        assert!(write(store, |tx| tx.begin_second_factor(id(1), b"old")).await);
        assert!(write(store, |tx| tx.begin_second_factor(id(1), b"new")).await);
        let factor = read(store, |tx| tx.find_second_factor(id(1))).await.unwrap();
        assert_eq!((factor.secret.as_slice(), factor.confirmed_at, factor.last_step), (&b"new"[..], None, 0));
        assert!(write(store, |tx| tx.use_code(id(1), 7)).await);
        assert!(!write(store, |tx| tx.use_code(id(1), 7)).await);
        assert!(!write(store, |tx| tx.use_code(id(1), 6)).await);
        assert!(write(store, |tx| tx.confirm_second_factor(id(1), at(3))).await);
        assert!(!write(store, |tx| tx.confirm_second_factor(id(1), at(4))).await);
        assert!(!write(store, |tx| tx.begin_second_factor(id(1), b"other")).await, "one is in use");
        write(store, |tx| tx.put_recovery_codes(id(1), &[[1; 32]])).await;
        write(store, |tx| tx.put_recovery_codes(id(1), &[[2; 32], [3; 32]])).await;
        assert!(!write(store, |tx| tx.use_recovery_code(id(1), &[1; 32])).await);
        assert!(write(store, |tx| tx.use_recovery_code(id(1), &[2; 32])).await);
        assert!(!write(store, |tx| tx.use_recovery_code(id(1), &[2; 32])).await);
        assert_eq!(read(store, |tx| tx.count_recovery_codes(id(1))).await, 1);
        assert!(write(store, |tx| tx.remove_second_factor(id(1))).await);
        assert!(!write(store, |tx| tx.remove_second_factor(id(1))).await);
        assert_eq!(read(store, |tx| tx.count_recovery_codes(id(1))).await, 0);
    }
}

contract! {
    /// A refresh token is changed once; the one before is known again, until its session would have ended.
    async fn a_refresh_token_changes_at_every_use(store) {
        const IDLE: Duration = Duration::from_secs(100);
        let device = Session { device: Some(Device { name: "Desk".to_owned(), key: vec![7; 32] }), ..session(1, 1) };
        let (made, kept) = (device.clone(), device.clone());
        write(store, move |tx| tx.create_session(&made, &[1; 32])).await;
        assert_eq!(read(store, |tx| tx.find_session_by_id(id(1), at(1), IDLE)).await, Some(device));
        assert_eq!(read(store, |tx| tx.find_session_by_id(id(1), at(100), IDLE)).await, None);
        let spend = async move |old: u8, new: u8| {
            let session = kept.clone();
            write(store, move |tx| tx.spend_token(&session, &[old; 32], &[new; 32], "192.0.2.9", at(50))).await
        };
        assert!(spend(1, 2).await);
        assert!(!spend(1, 3).await, "it is changed already");
        assert_eq!(read(store, |tx| tx.find_spent_token(&[1; 32], at(50))).await, Some(id(1)));
        assert_eq!(read(store, |tx| tx.find_spent_token(&[2; 32], at(50))).await, None);
        assert_eq!(read(store, |tx| tx.find_spent_token(&[1; 32], at(10_000))).await, None);
        assert!(write(store, |tx| tx.confirm_session(id(1), at(60))).await);
        let ended = write(store, |tx| tx.end_session_by_id(id(1))).await.unwrap();
        assert_eq!((ended.authenticated_at, ended.last_seen_at, ended.ip.as_str()), (at(60), at(50), "192.0.2.9"));
        assert_eq!(write(store, |tx| tx.end_session_by_id(id(1))).await, None);
        assert!(!write(store, |tx| tx.confirm_session(id(1), at(60))).await);
    }
}

contract! {
    /// The key that signs longest signs now; it is believed a little longer, then thrown away.
    async fn keys_that_sign_follow_each_other(store) {
        let key = |n: u32, signs: i64| SigningKey { id: id(n), secret: vec![n as u8], signs_until: at(signs), ends_at: at(signs + 10) };
        write(store, move |tx| {
            tx.create_signing_key(&key(1, 100))?;
            tx.create_signing_key(&key(2, 200))
        }).await;
        assert_eq!(read(store, |tx| tx.find_current_signing_key(at(50))).await, Some(key(2, 200)));
        assert_eq!(read(store, |tx| tx.find_current_signing_key(at(200))).await, None);
        assert_eq!(read(store, |tx| tx.find_signing_key(id(1), at(105))).await, Some(key(1, 100)));
        assert_eq!(read(store, |tx| tx.find_signing_key(id(1), at(110))).await, None);
        write(store, |tx| tx.purge_people(at(110))).await;
        assert_eq!(read(store, |tx| tx.find_signing_key(id(1), at(0))).await, None);
        assert!(read(store, |tx| tx.find_signing_key(id(2), at(110))).await.is_some());
    }
}

contract! {
    /// A passkey belongs to one person; a question to an authenticator is answered once.
    async fn a_passkey_belongs_to_one_person(store) {
        let passkey = |n: u32, of: u32| Passkey {
            id: id(n), user_id: id(of), name: "Phone".to_owned(), credential_id: vec![n as u8], credential: "{}".to_owned(),
            created_at: at(0), last_used_at: None,
        };
        write(store, move |tx| {
            assert!(tx.create_passkey(&passkey(1, 1))?);
            assert!(tx.create_passkey(&passkey(2, 1))?);
            assert!(!tx.create_passkey(&Passkey { credential_id: vec![1], ..passkey(3, 2) })?, "it is taken");
            assert!(tx.use_passkey(id(2), "{\"n\":1}", at(5))?);
            tx.ask_passkey(&[1; 32], Some(id(1)), "{}", at(100))?;
            tx.ask_passkey(&[2; 32], None, "{}", at(100))
        }).await;
        let used = Passkey { credential: "{\"n\":1}".to_owned(), last_used_at: Some(at(5)), ..passkey(2, 1) };
        assert_eq!(read(store, |tx| tx.list_passkeys(id(1))).await, [passkey(1, 1), used]);
        assert_eq!(read(store, |tx| tx.find_passkey(&[1])).await, Some(passkey(1, 1)));
        assert_eq!(read(store, |tx| tx.find_passkey(&[9])).await, None);
        assert!(!write(store, |tx| tx.remove_passkey(id(2), id(1))).await, "another's");
        assert!(write(store, |tx| tx.remove_passkey(id(1), id(1))).await);
        assert!(!write(store, |tx| tx.use_passkey(id(1), "{}", at(6))).await);
        assert_eq!(write(store, |tx| tx.take_passkey_question(&[1; 32], at(100))).await, None);
        assert_eq!(write(store, |tx| tx.take_passkey_question(&[1; 32], at(99))).await, Some((Some(id(1)), "{}".to_owned())));
        assert_eq!(write(store, |tx| tx.take_passkey_question(&[1; 32], at(99))).await, None);
        write(store, |tx| tx.purge_people(at(100))).await;
        assert_eq!(write(store, |tx| tx.take_passkey_question(&[2; 32], at(99))).await, None);
    }
}

contract! {
    /// A session is proven by a second factor until one of its person's is removed.
    async fn a_session_is_proven_until_a_factor_is_removed(store) {
        let proven = async || {
            let found = read(store, |tx| tx.list_sessions(id(1), at(1), Duration::from_secs(99))).await;
            found.into_iter().map(|s| s.two_factors).collect::<Vec<_>>()
        };
        write(store, |tx| {
            tx.create_user(&user(1, "nimal@example.org"))?;
            tx.create_session(&session(1, 1), &[1; 32])?;
            tx.create_session(&Session { two_factors: true, ..session(2, 1) }, &[2; 32])
        }).await;
        assert_eq!(proven().await, [true, false], "newest first");
        write(store, |tx| tx.note_two_factors(id(1))).await;
        assert_eq!(proven().await, [true, true]);
        write(store, |tx| tx.forget_two_factors(id(1))).await;
        assert_eq!(proven().await, [false, false]);
    }
}

contract! {
    /// An operator takes every second factor away, with sessions and known browsers, of that person only, and it
    /// is on record.
    async fn an_operator_removes_every_second_factor(store) {
        write(store, |tx| {
            for n in [1, 2] {
                tx.create_user(&user(n, &format!("p{n}@example.org")))?;
                tx.begin_second_factor(id(n), b"secret")?;
                tx.confirm_second_factor(id(n), at(1))?;
                tx.put_recovery_codes(id(n), &[[n as u8; 32]])?;
                tx.create_passkey(&Passkey {
                    id: id(n), user_id: id(n), name: "Phone".to_owned(), credential_id: vec![n as u8], credential: "{}".to_owned(),
                    created_at: at(1), last_used_at: None,
                })?;
                tx.create_session(&session(n, n), &[n as u8; 32])?;
                tx.remember_device(id(n), &[n as u8; 32], at(1))?;
                assert!(tx.has_second_factor(id(n))?);
            }
            Ok(())
        }).await;
        let removed = write(store, |tx| tx.remove_second_factors(id(1), "lost phone", at(5))).await;
        assert_eq!((removed.app, removed.passkeys, removed.sessions), (true, 1, 1));
        let left = read(store, |tx| Ok([1, 2].map(|n| {
            let has = tx.has_second_factor(id(n)).unwrap();
            let sessions = tx.list_sessions(id(n), at(6), Duration::from_secs(99)).unwrap().len();
            let known = tx.knows_device(id(n), &[n as u8; 32]).unwrap();
            (has, sessions, known, tx.count_recovery_codes(id(n)).unwrap())
        }))).await;
        assert_eq!(left, [(false, 0, false, 0), (true, 1, true, 1)]);
        let records = read(store, |tx| tx.list_account_records(id(1))).await;
        assert_eq!(records, [(at(5), "second_factors_removed".to_owned(), "lost phone".to_owned())]);
        let again = write(store, |tx| tx.remove_second_factors(id(1), "again", at(6))).await;
        assert_eq!((again.app, again.passkeys), (false, 0));
    }
}

contract! {
    /// Guesses of networks that are quiet for a day are forgotten.
    async fn guesses_of_long_ago_are_thrown_away(store) {
        const DAY: i64 = 24 * 3600;
        write(store, |tx| {
            tx.count_guess(&[([1; 32], Throttle::NETWORK)], at(0))?;
            tx.count_guess(&[([2; 32], Throttle::NETWORK)], at(1))?;
            tx.purge_people(at(DAY))
        }).await;
        let left = read(store, |tx| tx.list("SELECT key FROM throttle", &[], |r| r.get::<Vec<u8>>(0))).await;
        assert_eq!(left, [vec![2; 32]]);
    }
}
