//! Templates and their versions.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;
use common::{at, furnish, id, org, read, write};
use tisara_store::{
    Store, contract,
    templates::{PutTemplate, TemplatePut},
};

fn template(n: u32, name: &str, language: &str, text: &str) -> PutTemplate {
    PutTemplate {
        id: id(n),
        waba_id: id(1),
        meta_id: format!("30{n}"),
        name: name.to_owned(),
        language: language.to_owned(),
        category: "MARKETING".to_owned(),
        status: "APPROVED".to_owned(),
        quality: "UNKNOWN".to_owned(),
        rejected_reason: None,
        parameter_format: "POSITIONAL".to_owned(),
        components: format!(r#"[{{"type":"BODY","text":"{text}","example":{{"body_text":[["{n}"]]}}}}]"#),
    }
}

async fn put(store: &Store, new: PutTemplate, seconds: i64) -> TemplatePut {
    write(store, move |tx| tx.org(org()).put_template(&new, at(seconds))).await
}

contract! {
    /// Only other words make a new version, and the old ones stay.
    async fn other_components_make_a_new_version(store) {
        furnish(store).await;
        assert_eq!(put(store, template(1, "sale", "en", "Hi {{1}}"), 1).await, TemplatePut { id: id(1), version: 1, new_version: true });
        let mut again = template(2, "sale", "en", "Hi {{1}}");
        again.status = "PAUSED".to_owned();
        assert_eq!(put(store, again, 2).await, TemplatePut { id: id(1), version: 1, new_version: false });
        assert_eq!(put(store, template(3, "sale", "en", "Hello {{1}}"), 3).await, TemplatePut { id: id(1), version: 2, new_version: true });
        let mut named = template(3, "sale", "en", "Hello {{1}}");
        named.parameter_format = "NAMED".to_owned();
        assert_eq!(put(store, named, 4).await.version, 3);

        let t = read(store, |tx| tx.org(org()).find_template(id(1))).await.unwrap();
        assert_eq!((t.version, t.status.as_str(), t.meta_id.as_str(), t.synced_at), (3, "APPROVED", "303", at(4)));
        let first = read(store, |tx| tx.org(org()).get_template_version(id(1), 1)).await;
        assert!(first.components.contains("Hi {{1}}"));
        assert_eq!((first.parameter_format.as_str(), first.created_at), ("POSITIONAL", at(1)));
        assert!(store.read(|tx| tx.org(org()).get_template_version(id(1), 9)).await.is_err());
        assert!(store.read(|tx| tx.org(id(2)).get_template_version(id(1), 1)).await.is_err());
    }
}

contract! {
    /// A template is found by what Meta calls it; lists go by name and language.
    async fn templates_are_found_and_paged(store) {
        furnish(store).await;
        for (n, name, language) in [(1, "sale", "si"), (2, "sale", "en"), (3, "Zebra", "en"), (4, "hello", "en")] {
            put(store, template(n, name, language, "x"), 1).await;
        }
        let by_name = read(store, |tx| tx.org(org()).find_template_by_name(id(1), "sale", "si")).await.unwrap();
        assert_eq!(by_name.id, id(1));
        let by_meta = read(store, |tx| tx.org(org()).find_template_by_meta_id(id(1), "302")).await.unwrap();
        assert_eq!(by_meta.id, id(2));
        assert_eq!(read(store, |tx| tx.org(id(2)).find_template(id(1))).await, None);
        let page = read(store, |tx| tx.org(org()).list_templates(None, 3)).await;
        assert_eq!(page.iter().map(|t| t.id).collect::<Vec<_>>(), [id(3), id(4), id(2)]);
        let last = page[2].clone();
        let rest = read(store, move |tx| tx.org(org()).list_templates(Some(&last), 3)).await;
        assert_eq!(rest.iter().map(|t| t.id).collect::<Vec<_>>(), [id(1)]);
    }
}

contract! {
    /// A template that a whole synchronization did not find is deleted at Meta, yet kept here.
    async fn what_meta_no_longer_lists_is_deleted(store) {
        furnish(store).await;
        put(store, template(1, "old", "en", "x"), 1).await;
        put(store, template(2, "new", "en", "x"), 5).await;
        assert_eq!(write(store, |tx| tx.org(org()).mark_missing_templates(id(1), at(5))).await, 1);
        assert_eq!(write(store, |tx| tx.org(org()).mark_missing_templates(id(1), at(5))).await, 0);
        let t = read(store, |tx| tx.org(org()).find_template(id(1))).await.unwrap();
        assert_eq!(t.status, "DELETED");
    }
}

contract! {
    /// Webhooks change what they name and leave the rest.
    async fn webhooks_change_a_templates_standing(store) {
        furnish(store).await;
        put(store, template(1, "sale", "en", "x"), 1).await;
        let set = |status: Option<(&'static str, Option<&'static str>)>, quality, category| {
            write(store, move |tx| tx.org(org()).set_template_standing(id(1), status, quality, category))
        };
        assert!(set(Some(("REJECTED", Some("SCAM"))), None, None).await);
        assert!(set(None, Some("RED"), Some("UTILITY")).await);
        let t = read(store, |tx| tx.org(org()).find_template(id(1))).await.unwrap();
        assert_eq!((t.status.as_str(), t.rejected_reason.as_deref()), ("REJECTED", Some("SCAM")));
        assert_eq!((t.quality.as_str(), t.category.as_str()), ("RED", "UTILITY"));
        assert!(set(Some(("APPROVED", None)), None, None).await);
        assert_eq!(read(store, |tx| tx.org(org()).find_template(id(1))).await.unwrap().rejected_reason, None);
        assert!(!write(store, |tx| tx.org(id(2)).set_template_standing(id(1), None, Some("RED"), None)).await);
    }
}
