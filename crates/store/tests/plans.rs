//! Statements that otherwise only the tests of other crates run: `contract!` looks at their plans.

mod common;
use common::{at, id, org, read, write};
use tisara_store::{contract, ledger::follow_ups::Unsettled, users::Purpose};

contract! {
    /// None of them reads more than it is asked for.
    async fn they_have_their_indexes(store) {
        read(store, |tx| {
            tx.list_campaigns_to_tend()?;
            tx.list_all_campaigns(None, 9)?;
            tx.list_all_campaigns(Some((org(), id(1))), 9)?;
            tx.find_noted_hearing()?;
            let mut org = tx.org(org());
            org.count_members()?;
            org.find_journal_entry(1)?;
            org.find_message_contact(id(1))?;
            org.find_number(id(1))?;
            org.find_recipient_contact(id(1), 0)?;
            org.get_contacts(&[id(1)])?;
            org.list_campaigns(None, 9)?;
            org.list_campaigns(Some(id(1)), 9).map(drop)
        })
        .await;
        write(store, |tx| {
            tx.unlock_all_jobs()?;
            tx.end_links(id(1), Purpose::ResetPassword)?;
            let mut org = tx.org(org());
            org.erase_recipients(id(1))?;
            org.recover_messages(id(1), 1, at(1), at(2))?;
            org.settle_message(id(1), at(1), false)?;
            let row = Unsettled { campaign: id(1), seq: 0, began_at: at(0), attempted_at: at(0) };
            org.postpone_settling(row, at(1))
        })
        .await;
    }
}
