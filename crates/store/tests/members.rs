//! Members, roles, teams, invitations, and who sees which thread.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, org, phone, read, write};
use tisara_domain::{Permissions, Region, Role, UserId, Visibility};
use tisara_store::{
    Tx,
    api_keys::ApiKey,
    contacts::NewContact,
    contract,
    inbox::{Seer, ThreadFilter},
    members::{CustomRole, Invitation, RoleRef},
    users::User,
};

const OWNER: RoleRef = RoleRef::Standard(Role::Owner);
const AGENT: RoleRef = RoleRef::Standard(Role::Agent);

fn user(tx: &mut Tx<'_>, n: u32) -> tisara_store::Result<UserId> {
    let email = format!("p{n}@example.org");
    tx.create_user(&User {
        id: id(n),
        email: email.clone(),
        email_fold: email,
        name: format!("Person {n}"),
        phone: None,
        country: "LK".to_owned(),
        password_hash: String::new(),
        password_changed_at: at(0),
        created_at: at(0),
    })?;
    Ok(id(n))
}

fn role(n: u32, name: &str, words: &str) -> CustomRole {
    CustomRole {
        id: id(n),
        name: name.to_owned(),
        permissions: Permissions::from_words(words),
        visibility: Visibility::Own,
        created_at: at(0),
    }
}

fn invitation(n: u32, email: &str) -> Invitation {
    Invitation {
        org_id: org(),
        id: id(n),
        email: email.to_owned(),
        email_fold: email.to_lowercase(),
        role: AGENT,
        invited_by: id(1),
        created_at: at(0),
        expires_at: at(100),
    }
}

contract! {
    /// A member has the permissions of their role, in that organization only.
    async fn a_member_is_what_the_role_says(store) {
        furnish(store).await;
        write(store, |tx| {
            let (owner, helper) = (user(tx, 1)?, user(tx, 2)?);
            assert!(tx.org(org()).create_role(&role(1, "Helper", "contacts.read threads.read"))?);
            assert!(!tx.org(org()).create_role(&role(2, " HELPER", ""))?);
            assert!(tx.org(org()).add_member(owner, OWNER, at(1))?);
            assert!(!tx.org(org()).add_member(owner, AGENT, at(1))?);
            assert!(tx.org(org()).add_member(helper, RoleRef::Custom(id(1)), at(2))?);
            assert!(tx.org(id(2)).add_member(helper, OWNER, at(3))?);
            Ok(())
        }).await;
        let helper = read(store, |tx| tx.org(org()).find_member(id(2))).await.unwrap();
        assert_eq!((helper.permissions.to_words().as_str(), helper.visibility, helper.role_name.as_str()), ("contacts.read threads.read", Visibility::Own, "Helper"));
        assert!(!helper.is_owner());
        let both = read(store, |tx| tx.list_memberships(id(2))).await;
        assert_eq!(both.iter().map(|m| (m.org_id, m.is_owner())).collect::<Vec<_>>(), [(org(), false), (id(2), true)]);
        let page = read(store, |tx| tx.org(org()).list_members(Some(id(1)), 10)).await;
        assert_eq!(page.iter().map(|m| m.email.as_str()).collect::<Vec<_>>(), ["p2@example.org"]);
        assert_eq!(read(store, |tx| tx.org(org()).count_owners()).await, 1);
        assert_eq!(read(store, |tx| tx.org(id(2)).find_member(id(1))).await, None);

        write(store, |tx| {
            let mut tx = tx.org(org());
            tx.lock_owners()?;
            assert!(tx.role_is_used(id(1))?);
            assert!(tx.change_role(&role(1, "Helper 2", "campaigns.read"))?);
            assert!(!tx.change_role(&role(9, "None", ""))?);
            assert!(tx.create_role(&role(3, "Third", ""))?);
            assert!(!tx.change_role(&role(3, "helper 2", ""))?);
            Ok(())
        }).await;
        assert_eq!(read(store, |tx| tx.org(org()).find_member(id(2))).await.unwrap().permissions.to_words(), "campaigns.read");
        assert_eq!(read(store, |tx| tx.org(org()).list_roles()).await.len(), 2);
        assert_eq!(read(store, |tx| tx.org(id(2)).find_role(id(1))).await, None);
        write(store, |tx| {
            let mut tx = tx.org(org());
            assert!(tx.set_member_role(id(2), AGENT)?);
            assert!(!tx.set_member_role(id(7), AGENT)?);
            assert!(tx.delete_role(id(1))? && !tx.delete_role(id(1))?);
            tx.set_organization("Ceylon Teas", Region::US)?;
            tx.put_billing_address("{}", at(1))?;
            tx.put_billing_address("{\"a\":1}", at(2))
        }).await;
        assert_eq!(read(store, |tx| tx.org(org()).find_billing_address()).await.as_deref(), Some("{\"a\":1}"));
        assert_eq!(read(store, |tx| tx.org(id(2)).find_billing_address()).await, None);
        assert_eq!(read(store, |tx| tx.find_organization(org())).await.unwrap().name, "Ceylon Teas");
    }
}

contract! {
    /// An invitation is found by its secret until it runs out, is ended, or a newer one takes its place.
    async fn an_invitation_waits_once_an_address(store) {
        write(store, |tx| {
            tx.org(org()).create_invitation(&invitation(1, "A@example.org"), &[1; 32])?;
            tx.org(org()).create_invitation(&invitation(2, "a@example.org"), &[2; 32])?;
            tx.org(org()).create_invitation(&invitation(3, "b@example.org"), &[3; 32])
        }).await;
        assert_eq!(read(store, |tx| tx.find_invitation(&[1; 32], at(1))).await, None);
        assert_eq!(read(store, |tx| tx.find_invitation(&[2; 32], at(1))).await, Some(invitation(2, "a@example.org")));
        assert_eq!(read(store, |tx| tx.find_invitation(&[2; 32], at(100))).await, None);
        let list = read(store, |tx| tx.org(org()).list_invitations(at(1))).await;
        assert_eq!(list.iter().map(|i| i.id).collect::<Vec<_>>(), [id(3), id(2)]);
        assert!(!write(store, |tx| tx.org(id(2)).end_invitation(id(2))).await);
        assert!(write(store, |tx| tx.org(org()).end_invitation(id(2))).await);
        assert!(read(store, |tx| tx.org(org()).list_invitations(at(100))).await.is_empty());
    }
}

contract! {
    /// Who sees a thread: all; oneself; or the team, and everyone what is nobody's. A removed member
    /// leaves nothing behind that opens a door.
    async fn a_thread_is_seen_by_whom_it_concerns(store) {
        furnish(store).await;
        let threads = write(store, |tx| {
            for n in 1..=3 {
                let user = user(tx, n)?;
                tx.org(org()).add_member(user, AGENT, at(0))?;
            }
            let mut tx = tx.org(org());
            let mut threads = Vec::new();
            for n in 0..3 {
                let contact_id = id(n + 1);
                let contact = NewContact {
                    id: contact_id,
                    phone: phone(n),
                    name: String::new(),
                    email: None,
                    language: None,
                    fields: Vec::new(),
                };
                tx.create_contact(&contact, at(0))?;
                threads.push(tx.upsert_thread(contact_id, id(1), at(0), id(n + 1))?);
            }
            assert!(tx.assign_thread(threads[0], Some(id(1)))?);
            assert!(tx.assign_thread(threads[1], Some(id(2)))?);
            assert!(!tx.assign_thread(id(99), None)?);
            assert!(tx.create_team(id(1), "Day", at(0))? && !tx.create_team(id(2), "day", at(0))?);
            assert!(tx.has_team(id(1))? && !tx.has_team(id(2))?);
            tx.join_team(id(1), id(1))?;
            tx.join_team(id(1), id(1))?;
            tx.join_team(id(1), id(3))?;
            let mut key = ApiKey::unbounded(org(), id(1), "mine", at(0));
            key.created_by = Some(id(1));
            tx.create_api_key(&key, &[1; 32])?;
            tx.create_invitation(&invitation(1, "a@example.org"), &[1; 32])?;
            Ok(threads)
        }).await;
        let seen = async |who: u32, visibility: Visibility| {
            let by = Some(Seer { user: id(who), visibility });
            let threads = threads.clone();
            read(store, move |tx| {
                let mut tx = tx.org(org());
                let listed = tx.list_threads(ThreadFilter { seen_by: by, ..ThreadFilter::default() }, None, 10)?.len();
                let mut found = 0;
                for thread in &threads {
                    found += usize::from(tx.find_thread_seen(*thread, by)?.is_some());
                }
                assert_eq!(listed, found);
                Ok(found)
            }).await
        };
        assert_eq!(seen(1, Visibility::All).await, 3);
        assert_eq!(seen(1, Visibility::Own).await, 1);
        assert_eq!(seen(3, Visibility::Own).await, 0);
        assert_eq!(seen(2, Visibility::Team).await, 2, "one's own and nobody's");
        assert_eq!(seen(3, Visibility::Team).await, 2, "the team's and nobody's");
        let teams = read(store, |tx| tx.org(org()).list_teams()).await;
        assert_eq!(teams[0].members, [id(1), id(3)]);
        assert!(write(store, |tx| tx.org(org()).leave_team(id(1), id(3))).await);
        assert!(!write(store, |tx| tx.org(org()).leave_team(id(1), id(3))).await);
        assert_eq!(seen(3, Visibility::Team).await, 1);

        assert!(write(store, |tx| tx.org(org()).remove_member(id(1), at(5))).await);
        assert!(!write(store, |tx| tx.org(org()).remove_member(id(1), at(5))).await);
        assert_eq!(seen(3, Visibility::Team).await, 2, "what was theirs is nobody's");
        assert_eq!(read(store, |tx| tx.find_api_key(&[1; 32], at(6))).await, None);
        assert_eq!(read(store, |tx| tx.find_invitation(&[1; 32], at(6))).await, None);
        assert!(read(store, |tx| tx.org(org()).list_teams()).await[0].members.is_empty());
        assert!(write(store, |tx| tx.org(org()).delete_team(id(1))).await);
    }
}
