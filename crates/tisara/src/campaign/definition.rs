//! The campaign that a command line describes: names become ids, values become bindings.

use crate::{
    cli::CampaignStart,
    exit::Failure,
    remote::{Api, Page},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// The most pages of any list that are looked through for a name.
const PAGES_MAX: usize = 100;

#[derive(Debug, Deserialize)]
struct Number {
    id: String,
    #[serde(default)]
    waba: String,
    #[serde(default)]
    display_phone: String,
}

#[derive(Debug, Deserialize)]
struct Template {
    id: String,
    #[serde(default)]
    waba: String,
    name: String,
    language: String,
}

/// A label or a field.
#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    name: String,
}

/// The body of `POST /campaigns`.
///
/// # Errors
/// When something named does not exist, or a value is not written as it should be.
pub async fn of(api: &Api, args: &CampaignStart) -> Result<Value, Failure> {
    let number = number(api, args).await?;
    let template = template(api, args, &number).await?;
    let mut bindings = Vec::new();
    for (place, values) in [("header", &args.header), ("body", &args.body)] {
        for value in values {
            bindings.push(binding(api, place, value).await?);
        }
    }
    let audience = match &args.label {
        None => json!({ "kind": "all" }),
        Some(label) => {
            json!({ "kind": "label", "label": named(api, "/api/v1/labels", "label", label).await? })
        }
    };
    let mut definition = json!({
        "name": args.name,
        "number": number.id,
        "template": template.id,
        "audience": audience,
        "bindings": bindings,
    });
    if args.without_consent {
        definition["require_consent"] = Value::Bool(false);
    }
    Ok(definition)
}

async fn number(api: &Api, args: &CampaignStart) -> Result<Number, Failure> {
    let mut numbers: Vec<Number> = all(api, "/api/v1/numbers").await?;
    if let Some(wanted) = &args.number {
        numbers.retain(|n| n.id == *wanted);
    }
    let list: Vec<String> = numbers.iter().map(|n| format!("{}  {}", n.id, n.display_phone)).collect();
    match (numbers.pop(), numbers.is_empty()) {
        (Some(number), true) => Ok(number),
        (Some(_), false) => {
            Err(Failure::usage(format!("there are several numbers:\n  {}", list.join("\n  ")))
                .todo("Say which one sends, with --number."))
        }
        (None, _) => Err(Failure::usage("there is no such number")
            .todo("Connect one first: POST /api/v1/numbers/connect with Meta's account id and a token.")),
    }
}

async fn template(api: &Api, args: &CampaignStart, number: &Number) -> Result<Template, Failure> {
    let mut templates: Vec<Template> = all(api, "/api/v1/templates").await?;
    templates.retain(|t| number.waba.is_empty() || t.waba == number.waba);
    let known: Vec<String> = templates.iter().map(|t| format!("{} ({})", t.name, t.language)).collect();
    templates.into_iter().find(|t| t.name == args.template && t.language == args.language).ok_or_else(|| {
        Failure::usage(format!("there is no template {} in {}", args.template, args.language)).todo(
            match known.len() {
                0 => "There are none yet: POST /api/v1/templates/sync takes them over from Meta.".to_owned(),
                _ => format!("There are: {}", known.join(", ")),
            },
        )
    })
}

/// `1=name`, `first_name=field:First name`, `2=text:MAY25`, each with `|fallback` behind it if wanted.
async fn binding(api: &Api, place: &str, written: &str) -> Result<Value, Failure> {
    let wrong = || {
        Failure::usage(format!("--{place} {written}: this is not PLACE=SOURCE")).todo(
            "As in 1=name, 2=text:MAY25, 1=field:City; with |words behind it for people without a value.",
        )
    };
    let (name, source) = written.split_once('=').ok_or_else(wrong)?;
    let (source, fallback) = match source.split_once('|') {
        Some((source, fallback)) => (source, Some(fallback)),
        None => (source, None),
    };
    let source = match source.split_once(':') {
        None if source == "name" || source == "phone" => json!({ "kind": source }),
        Some(("text", text)) => json!({ "kind": "text", "text": text }),
        Some(("field", field)) => {
            json!({ "kind": "field", "field": named(api, "/api/v1/fields", "field", field).await? })
        }
        _ => return Err(wrong()),
    };
    let mut binding = json!({ "place": place, "name": name, "source": source });
    if let Some(fallback) = fallback {
        binding["fallback"] = Value::from(fallback);
    }
    Ok(binding)
}

async fn named(api: &Api, path: &str, what: &str, name: &str) -> Result<String, Failure> {
    let all: Vec<Named> = all(api, path).await?;
    let list: Vec<&str> = all.iter().map(|n| n.name.as_str()).collect();
    let list = list.join(", ");
    let found = all.iter().find(|n| n.name == name || n.id == name);
    found.map(|n| n.id.clone()).ok_or_else(|| {
        Failure::usage(format!("there is no {what} {name}")).todo(match list.is_empty() {
            true => format!("There is no {what} at all yet."),
            false => format!("There are: {list}"),
        })
    })
}

async fn all<T: DeserializeOwned>(api: &Api, path: &str) -> Result<Vec<T>, Failure> {
    let mut items = Vec::new();
    let mut next = None::<String>;
    for _ in 0..PAGES_MAX {
        let after = next.map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let page: Page<T> = api.get(&format!("{path}?limit=200{after}")).await?;
        items.extend(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(items)
}
