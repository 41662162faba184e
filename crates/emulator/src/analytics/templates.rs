//! `/{waba_id}/template_analytics`, and groups of templates with theirs.

use super::{Counts, Field};
use crate::{
    Inner, calendar,
    directory::{Directory, TemplateGroup},
    graph::{
        Call, Grant, GraphError, Outcome, Permission, Reply,
        call::text,
        collection::{choose, page},
    },
    sync::{read, write},
};
use http::Method;
use serde_json::{Value, json};

const DAY_S: i64 = 86_400;
/// Meta: 90 days back, ten templates a call, names of 256 and descriptions of 512 characters.
const LOOK_BACK_S: i64 = 90 * DAY_S;
const MOST_IDS: usize = 10;
const LONGEST_NAME: usize = 256;
const LONGEST_DESCRIPTION: usize = 512;

const METRICS: [&str; 5] = ["COST", "CLICKED", "DELIVERED", "READ", "SENT"];

/// `GET /{waba_id}/template_analytics`.
pub(crate) fn template_analytics(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    let d = read(&e.directory);
    let asked = Asked::read(e, &d, call, waba, "template_ids")?;
    let sets = asked.ids.iter().map(|id| {
        let own = d.templates.get(id).filter(|t| t.waba == waba);
        own.map(|t| (t.id, vec![t.id]))
            .ok_or_else(|| GraphError::invalid(format!("{id} is no template of this account")))
    });
    let sets = sets.collect::<Outcome<Vec<_>>>()?;
    Ok(asked.answer(e, "template_id", &sets))
}

/// `GET /{waba_id}/template_group_analytics`.
pub(crate) fn template_group_analytics(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    let d = read(&e.directory);
    let asked = Asked::read(e, &d, call, waba, "template_group_ids")?;
    let sets = asked.ids.iter().map(|id| {
        let own = d.template_groups.get(id).filter(|g| g.waba == waba);
        own.map(|g| (*id, g.templates.clone()))
            .ok_or_else(|| GraphError::invalid(format!("{id} is no template group of this account")))
    });
    let sets = sets.collect::<Outcome<Vec<_>>>()?;
    Ok(asked.answer(e, "template_group_id", &sets))
}

/// What both calls ask for.
struct Asked {
    ids: Vec<u64>,
    start_s: i64,
    end_s: i64,
    metrics: Vec<&'static str>,
}

impl Asked {
    fn read(e: &Inner, d: &Directory, call: &Call, waba: u64, ids: &str) -> Outcome<Self> {
        let now_s = e.ambient.now().seconds();
        Grant::of(d, call, e.ambient.now())?.may(Permission::Management, waba)?;
        if !d.wabas.get(&waba).is_some_and(|w| w.insights) {
            return Err(
                GraphError::new(200_007).details("Set is_enabled_for_insights of the account to true first.")
            );
        }
        let field = Field::from_query("template_analytics", &call.query);
        let (start, end) = (field.moment("start")?, field.moment("end")?);
        match field.get("granularity") {
            Some(g) if g.eq_ignore_ascii_case("DAILY") => {}
            _ => return Err(GraphError::invalid("granularity must be daily")),
        }
        // Meta: moved to the days' limits.
        let start_s = start - start.rem_euclid(DAY_S);
        let end_s = end.saturating_add((-end).rem_euclid(DAY_S)).min(now_s + DAY_S);
        if start >= end || start_s < now_s - LOOK_BACK_S - DAY_S {
            return Err(GraphError::invalid("start must be before end and within the last 90 days"));
        }
        let metrics = field.words("metric_types", &METRICS)?;
        let wanted = field.list(ids);
        if wanted.is_empty() {
            return Err(GraphError::required(ids));
        }
        if wanted.len() > MOST_IDS {
            return Err(GraphError::invalid(format!("{ids} takes at most {MOST_IDS}")));
        }
        let number =
            |id: &String| id.parse().map_err(|_| GraphError::invalid(format!("\"{id}\" in {ids} is no id")));
        Ok(Self { ids: wanted.iter().map(number).collect::<Outcome<_>>()?, start_s, end_s, metrics })
    }

    fn has(&self, metric: &str) -> bool {
        self.metrics.is_empty() || self.metrics.contains(&metric)
    }

    fn answer(&self, e: &Inner, name: &str, sets: &[(u64, Vec<u64>)]) -> Reply {
        let state = e.outbox.lock();
        let mut points = Vec::new();
        for (id, templates) in sets {
            let mut day = self.start_s;
            while day < self.end_s {
                points.push(self.point(e, &state.counts, (name, *id), templates, day));
                day += DAY_S;
            }
        }
        Reply::json(
            &json!({"data": [{"granularity": "DAILY", "product_type": "cloud_api", "data_points": points}],
            "paging": {"cursors": {"before": "MAZDZD", "after": "MjQZD"}}}),
        )
    }

    fn point(
        &self,
        e: &Inner,
        counts: &Counts,
        (name, id): (&str, u64),
        templates: &[u64],
        day: i64,
    ) -> Value {
        let (mut sent, mut delivered, mut read, mut cost) = (0, 0, 0, 0);
        let within = |k: &&super::counts::Key| {
            (day..day + DAY_S).contains(&k.start_s) && templates.contains(&k.template)
        };
        for (key, totals) in counts.by_key.iter().filter(|(k, _)| within(k)) {
            sent += totals.sent;
            delivered += totals.delivered;
            read += totals.read;
            if key.pricing_type == "regular" {
                cost += totals.delivered * e.rates.rate(key.country, key.category);
            }
        }
        let clicks: Vec<(&str, &String, u64)> = counts
            .clicks
            .iter()
            .filter(|(c, _)| c.day_s == day && templates.contains(&c.template))
            .map(|(c, n)| (c.kind, &c.content, *n))
            .collect();
        let mut point = json!({ name: id.to_string(), "start": day, "end": day + DAY_S });
        for (metric, count) in [("SENT", sent), ("DELIVERED", delivered), ("READ", read)] {
            if self.has(metric) {
                point[metric.to_ascii_lowercase()] = json!(count);
            }
        }
        if self.has("CLICKED") && !clicks.is_empty() {
            let rows = clicks
                .iter()
                .map(|(kind, content, n)| json!({"type": kind, "button_content": content, "count": n}));
            point["clicked"] = rows.collect();
        }
        if self.has("COST") {
            let links: u64 =
                clicks.iter().filter(|(kind, ..)| *kind == "unique_url_button").map(|(.., n)| n).sum();
            let each = |n: u64| if n == 0 { Value::Null } else { json!(cost as f64 / 1e6 / n as f64) };
            let mut costs = vec![json!({"type": "amount_spent", "value": cost as f64 / 1e6})];
            for (kind, value) in
                [("cost_per_delivered", each(delivered)), ("cost_per_url_button_click", each(links))]
            {
                let row = json!({"type": kind, "value": value});
                costs.push(if value.is_null() { json!({ "type": kind }) } else { row });
            }
            point["cost"] = json!(costs);
        }
        point
    }
}

/// `/{waba_id}/template_groups`: POST makes one, GET lists them.
pub(crate) async fn template_groups(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    let now = e.ambient.now();
    Grant::of(&read(&e.directory), call, now)?.may(Permission::Management, waba)?;
    if call.method == Method::GET {
        let d = read(&e.directory);
        let own = d.template_groups.iter().filter(|(_, g)| g.waba == waba);
        let rows = own.map(|(id, g)| {
            choose(call, json_of(*id, g), &["id", "name", "description"], "WhatsAppBusinessTemplateGroup")
        });
        return Ok(Reply::json(&page(call, rows.collect::<Outcome<_>>()?)?));
    }
    if call.method != Method::POST {
        return Err(GraphError::unsupported(call.method.as_str(), &waba.to_string()));
    }
    let p = call.parameters().await?;
    let name = text(&p, "name").filter(|n| !n.is_empty()).ok_or_else(|| GraphError::required("name"))?;
    let description = text(&p, "description").unwrap_or_default();
    if name.chars().count() > LONGEST_NAME || description.chars().count() > LONGEST_DESCRIPTION {
        return Err(GraphError::invalid("name takes 256 characters, description 512"));
    }
    let ids = p.get("whatsapp_business_templates").and_then(Value::as_array);
    let ids = ids.ok_or_else(|| GraphError::required("whatsapp_business_templates"))?;
    let id = |v: &Value| v.as_u64().or_else(|| v.as_str()?.parse().ok());
    let mut d = write(&e.directory);
    let templates: Option<Vec<u64>> =
        ids.iter().map(|v| id(v).filter(|id| d.templates.get(id).is_some_and(|t| t.waba == waba))).collect();
    let templates = templates.ok_or_else(|| {
        GraphError::invalid("whatsapp_business_templates must hold ids of templates of this account")
    })?;
    // Meta: names are unique, and a template is in one group at a time.
    if d.template_groups.values().any(|g| g.waba == waba && g.name == name) {
        return Err(GraphError::invalid(format!("There is a template group \"{name}\" already.")));
    }
    if d.template_groups.values().any(|g| g.templates.iter().any(|t| templates.contains(t))) {
        return Err(GraphError::invalid("One of the templates is in a group already."));
    }
    let id = d.new_id();
    d.template_groups.insert(id, TemplateGroup { waba, name, description, templates, made_s: now.seconds() });
    Ok(Reply::json(&json!({"id": id.to_string()})))
}

/// `GET /{template_group_id}`.
pub(crate) fn template_group(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let d = read(&e.directory);
    let grant = Grant::of(&d, call, e.ambient.now())?;
    let g = d.template_groups.get(&id).ok_or_else(|| grant.unknown(&id.to_string()))?;
    grant.may(Permission::Management, g.waba)?;
    let default = ["id", "name", "description", "creation_time", "whatsapp_business_templates"];
    Ok(Reply::json(&choose(call, json_of(id, g), &default, "WhatsAppBusinessTemplateGroup")?))
}

fn json_of(id: u64, g: &TemplateGroup) -> Value {
    json!({"id": id.to_string(), "name": g.name, "description": g.description, "creation_time": calendar::graph_date(g.made_s),
        "whatsapp_business_templates": {"data": g.templates.iter().map(|t| json!({"id": t.to_string()})).collect::<Vec<_>>()}})
}
