//! Templates in the wrong category, and what Meta does about them once a month.
//!
//! Meta: the first time with 24 hours' notice, after that without. On the first of the month marketing
//! that was called utility is moved and stays approved; what should be authentication is refused. Who
//! repeats it creates no utility templates for 7 days, then for 30.

use super::{Category, life};
use crate::{Inner, calendar, directory::Directory, sync::write, webhooks::Task};
use serde_json::json;
use std::sync::Arc;
use tisara_domain::Timestamp;

const DAY_S: i64 = 86_400;

/// The category a template belongs in, when its name says that it is in the wrong one.
pub(super) fn told_by_name(name: &str) -> Option<Category> {
    let marks =
        [("misfiled_marketing", Category::Marketing), ("misfiled_authentication", Category::Authentication)];
    marks.into_iter().find(|(mark, _)| name.contains(mark)).map(|(_, category)| category)
}

/// A template was found to belong in another category.
pub(crate) fn misfiled(e: &Arc<Inner>, d: &mut Directory, id: u64, correct: Category, now: Timestamp) {
    if !e.behaviour().rules.recategorise {
        return;
    }
    let Some(t) = d.templates.get_mut(&id).filter(|t| t.category != correct) else { return };
    t.correct_category = Some(correct);
    let warned = d.wabas.get(&t.waba).is_some_and(|w| w.record.warned);
    let mut at_s = calendar::next_month_begins(now.seconds());
    if !warned {
        if at_s - now.seconds() < DAY_S {
            at_s = calendar::next_month_begins(at_s);
        }
        e.outbox.task(Timestamp::from_seconds(at_s - DAY_S), Task::Notice { template: id, at_s });
    }
    e.outbox.task(Timestamp::from_seconds(at_s), Task::Recategorise { template: id });
}

/// The notice: `new_category` is the present one in it.
pub(crate) fn notice(e: &Arc<Inner>, id: u64, at_s: i64, now: Timestamp) {
    let mut d = write(&e.directory);
    let Some((waba, present, correct)) =
        d.templates.get(&id).and_then(|t| Some((t.waba, t.category, t.correct_category?)))
    else {
        return;
    };
    if let Some(w) = d.wabas.get_mut(&waba) {
        w.record.warned = true;
    }
    let upper = |c: Category| c.name().to_ascii_uppercase();
    let news = json!({"new_category": upper(present), "correct_category": upper(correct), "category_update_timestamp": at_s});
    if let Some(t) = d.templates.get(&id) {
        life::tell(e, &d, t, "template_category_update", news, now);
    }
}

/// The first of the month.
pub(crate) fn recategorised(e: &Arc<Inner>, id: u64, now: Timestamp) {
    let mut d = write(&e.directory);
    let Some(t) = d.templates.get_mut(&id) else { return };
    let Some(correct) = t.correct_category.take() else { return };
    let waba = t.waba;
    if correct == Category::Authentication {
        life::set_status(e, &mut d, id, "REJECTED", Some("INCORRECT_CATEGORY"), now);
    } else {
        life::set_category(e, &mut d, id, correct, now);
    }
    if let Some(w) = d.wabas.get_mut(&waba) {
        w.record.misuses += 1;
        let days = match w.record.misuses {
            1 => 0,
            2 => 7,
            _ => 30,
        };
        w.record.no_utility_until = now.seconds() + days * DAY_S;
    }
}
