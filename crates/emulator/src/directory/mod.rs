//! Who exists at present: apps, tokens, portfolios, accounts, numbers, templates.

mod account;
mod app;
mod number;

pub(crate) use account::{InAppSignup, Portfolio, Subscription, TemplateGroup, Waba};
pub(crate) use app::{App, Token};
pub(crate) use number::{Number, QrCode, Refused, Username};
use serde::{Deserialize, Serialize};

use crate::{
    chance,
    commerce::Catalog,
    flows::Flow,
    groups::Group,
    settings::{ObjectId, World},
    templates::Template,
};
use std::collections::{BTreeMap, HashMap};

/// Everything but the users, in memory, found by id.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Directory {
    pub(crate) apps: BTreeMap<u64, App>,
    tokens: HashMap<String, Token>,
    pub(crate) portfolios: BTreeMap<u64, Portfolio>,
    pub(crate) wabas: BTreeMap<u64, Waba>,
    /// Never shrinks: messages refer to a number by its place.
    pub(crate) numbers: Vec<Number>,
    number_places: HashMap<u64, u32>,
    pub(crate) templates: BTreeMap<u64, Template>,
    template_keys: chance::HashedMap<u64>,
    pub(crate) flows: BTreeMap<u64, Flow>,
    pub(crate) catalogs: BTreeMap<u64, Catalog>,
    pub(crate) groups: BTreeMap<String, Group>,
    /// How many groups there ever were, so that no id comes back.
    pub(crate) groups_made: u64,
    pub(crate) template_groups: BTreeMap<u64, TemplateGroup>,
    pub(crate) signups: BTreeMap<u64, InAppSignup>,
    next_id: u64,
}

impl Directory {
    pub(crate) fn of(world: &World) -> Self {
        let mut d = Self { next_id: 900_000_000_000_000, ..Self::default() };
        for app in &world.apps {
            d.apps.insert(app.id.0, App::of(app));
        }
        for token in &world.tokens {
            d.add_token(Token::of(token));
        }
        for portfolio in &world.portfolios {
            d.portfolios.insert(portfolio.id.0, Portfolio::of(portfolio));
            for settings in &portfolio.catalogs {
                d.catalogs
                    .insert(settings.id.0, Catalog { portfolio: portfolio.id.0, settings: settings.clone() });
            }
            for waba in &portfolio.wabas {
                d.wabas.insert(waba.id.0, Waba::of(portfolio.id.0, waba));
                for number in &waba.numbers {
                    d.add_number(Number::of(waba.id.0, number));
                    for group in &number.groups {
                        d.groups_made += 1;
                        d.groups.insert(group.id.clone(), Group::of(number.id.0, group));
                    }
                }
                for template in &waba.templates {
                    let mut t = Template::of(waba.id.0, template);
                    if t.id == 0 {
                        t.id = d.new_id();
                    }
                    d.put_template(t);
                }
                for flow in &waba.flows {
                    let mut f = Flow::of(waba.id.0, flow);
                    if f.id == 0 {
                        f.id = d.new_id();
                    }
                    d.flows.insert(f.id, f);
                }
            }
        }
        d
    }

    /// Whether what refers to something by its place or id finds it.
    pub(crate) fn holds_together(&self) -> bool {
        self.number_places
            .iter()
            .all(|(id, place)| self.numbers.get(*place as usize).is_some_and(|n| n.id == *id))
            && self.template_keys.values().all(|id| self.templates.contains_key(id))
    }

    /// An id nothing has yet.
    pub(crate) fn new_id(&mut self) -> u64 {
        loop {
            self.next_id += 1;
            let id = self.next_id;
            let taken = self.number_places.contains_key(&id)
                || self.wabas.contains_key(&id)
                || self.portfolios.contains_key(&id)
                || self.templates.contains_key(&id)
                || self.flows.contains_key(&id)
                || self.template_groups.contains_key(&id)
                || self.signups.contains_key(&id)
                || self.catalogs.contains_key(&id);
            if !taken {
                return id;
            }
        }
    }

    pub(crate) fn token(&self, token: &str) -> Option<&Token> {
        self.tokens.get(token)
    }

    pub(crate) fn tokens(&mut self) -> impl Iterator<Item = &mut Token> {
        self.tokens.values_mut()
    }

    pub(crate) fn add_token(&mut self, token: Token) {
        self.tokens.insert(token.token.clone(), token);
    }

    pub(crate) fn add_number(&mut self, number: Number) -> u32 {
        let place = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.number_places.insert(number.id, place);
        self.numbers.push(number);
        place
    }

    pub(crate) fn number_place(&self, id: u64) -> Option<u32> {
        self.number_places.get(&id).copied()
    }

    pub(crate) fn number(&self, id: u64) -> Option<&Number> {
        self.numbers.get(self.number_place(id)? as usize)
    }

    pub(crate) fn number_mut(&mut self, id: u64) -> Option<&mut Number> {
        let place = self.number_place(id)?;
        self.numbers.get_mut(place as usize)
    }

    /// Takes a number out of its account; messages on their way keep their reference.
    pub(crate) fn remove_number(&mut self, id: u64) {
        self.number_places.remove(&id);
    }

    pub(crate) fn numbers_of(&self, waba: u64) -> impl Iterator<Item = &Number> {
        self.numbers.iter().filter(move |n| n.waba == waba && self.number_places.contains_key(&n.id))
    }

    pub(crate) fn portfolio_of(&self, waba: u64) -> Option<&Portfolio> {
        self.portfolios.get(&self.wabas.get(&waba)?.portfolio)
    }

    pub(crate) fn template(&self, waba: u64, name: &str, language: &str) -> Option<&Template> {
        self.templates.get(self.template_keys.get(&template_key(waba, name, language))?)
    }

    pub(crate) fn templates_of(&self, waba: u64) -> impl Iterator<Item = &Template> {
        self.templates.values().filter(move |t| t.waba == waba)
    }

    pub(crate) fn put_template(&mut self, template: Template) {
        self.template_keys
            .insert(template_key(template.waba, &template.name, &template.language), template.id);
        self.templates.insert(template.id, template);
    }

    pub(crate) fn remove_template(&mut self, id: u64) -> Option<Template> {
        let t = self.templates.remove(&id)?;
        self.template_keys.remove(&template_key(t.waba, &t.name, &t.language));
        Some(t)
    }
}

/// Meta writes `en-US` for `en_US` in places; both find the same template.
fn template_key(waba: u64, name: &str, language: &str) -> u64 {
    let language = match language.as_bytes() {
        [a, b, b'-', rest @ ..] => chance::hash(0, &[&[*a, *b, b'_'], rest].concat()),
        whole => chance::hash(0, whole),
    };
    chance::join(chance::join(chance::hash(0, name.as_bytes()), waba), language)
}

impl From<ObjectId> for u64 {
    fn from(id: ObjectId) -> Self {
        id.0
    }
}
