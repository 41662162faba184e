//! Meta's description of its API: which calls there are, what they are sent, what they answer.

use serde_json::{Map, Value};

/// What this test needs of Meta's file (MIT), made by `extract.py`: kept here so that it is always checked.
const EXTRACT: &str = include_str!("meta-v23.0.json");

/// The whole file as JSON.
pub(crate) struct File(pub(crate) Value);

/// One path and method.
pub(crate) struct Call {
    /// As the file writes it, without the version: `POST /{Phone-Number-ID}/messages`.
    pub(crate) name: String,
    /// Its examples, by name; a call without any has one without a body.
    pub(crate) examples: Vec<(String, Option<Value>)>,
    /// The names its query may ask for in `fields`, when it has that parameter.
    pub(crate) fields: Vec<String>,
    /// Where the schema of the good answer is, as a JSON pointer; none when the file has none.
    pub(crate) schema: Option<String>,
}

impl File {
    pub(crate) fn read() -> Self {
        Self(serde_json::from_str(EXTRACT).unwrap())
    }

    /// Every path and method, but for the webhooks' own, which are Meta's calls to us.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let mut calls = Vec::new();
        for (path, methods) in self.0["paths"].as_object().unwrap() {
            let short = path.strip_prefix("/{Version}").unwrap();
            for method in ["get", "post", "delete", "put", "patch"] {
                let Some(operation) = methods.get(method) else { continue };
                let at = format!("/paths/{}/{method}", path.replace('~', "~0").replace('/', "~1"));
                let schema = self.schema(&at);
                calls.push(Call {
                    name: format!("{} {short}", method.to_uppercase()),
                    examples: examples(operation),
                    fields: self.fields(operation, schema.as_deref()),
                    schema,
                });
            }
        }
        calls
    }

    /// The pointer a local reference means.
    pub(crate) fn follow<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(target) = value["$ref"].as_str() {
            value = self.0.pointer(target.trim_start_matches('#')).unwrap_or_else(|| panic!("no {target}"));
        }
        value
    }

    fn schema(&self, operation: &str) -> Option<String> {
        let mut response = format!("{operation}/responses/200");
        if let Some(target) = self.0.pointer(&response)?["$ref"].as_str() {
            response = target.trim_start_matches('#').to_owned();
        }
        let schema = format!("{response}/content/application~1json/schema");
        self.0.pointer(&schema).map(|_| schema)
    }

    /// The properties of what is answered, or of what is listed under `data`.
    fn fields(&self, operation: &Value, schema: Option<&str>) -> Vec<String> {
        let takes_fields = |p: &Value| p["name"] == "fields" && p["in"] == "query";
        let parameters = operation["parameters"].as_array();
        if !parameters.is_some_and(|list| list.iter().any(takes_fields)) {
            return Vec::new();
        }
        let whole = schema.and_then(|s| self.0.pointer(s)).map(|s| self.properties(s)).unwrap_or_default();
        let rows = whole.get("data").map(|d| self.follow(d)).filter(|d| d["items"].is_object());
        let row = rows.map(|rows| self.properties(&rows["items"])).unwrap_or(whole);
        row.into_iter().map(|(name, _)| name).collect()
    }

    fn properties(&self, schema: &Value) -> Map<String, Value> {
        let schema = self.follow(schema);
        let mut all = schema["properties"].as_object().cloned().unwrap_or_default();
        for part in ["allOf", "oneOf", "anyOf"].iter().filter_map(|k| schema[*k].as_array()).flatten() {
            all.extend(self.properties(part));
        }
        all
    }
}

fn examples(operation: &Value) -> Vec<(String, Option<Value>)> {
    let json = &operation["requestBody"]["content"]["application/json"];
    let named = json["examples"].as_object().into_iter().flatten();
    let mut all: Vec<_> = named.map(|(name, e)| (name.clone(), Some(e["value"].clone()))).collect();
    if let Some(one) = json.get("example") {
        all.push(("example".to_owned(), Some(one.clone())));
    }
    if all.is_empty() {
        all.push(("call".to_owned(), None));
    }
    all
}
