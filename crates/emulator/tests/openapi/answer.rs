//! How an answer differs from its schema.

use super::file::File;
use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ROOT: &str = "https://openapi.example/file";

/// The file as a set of schemas.
pub(crate) struct Schemas<'a> {
    file: &'a File,
    registry: Registry<'a>,
}

impl<'a> Schemas<'a> {
    pub(crate) fn of(file: &'a File) -> Self {
        let registry = Registry::new().add(ROOT, &file.0).unwrap().prepare().unwrap();
        Self { file, registry }
    }

    /// The schema at a JSON pointer.
    pub(crate) fn validator(&self, pointer: &str) -> Validator {
        // Braces of paths are not allowed in a reference.
        let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
        jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .with_registry(&self.registry)
            .offline()
            .build(&json!({ "$ref": format!("{ROOT}#{fragment}") }))
            .unwrap_or_else(|error| panic!("{pointer}: {error}"))
    }

    /// What breaks the schema, and what the schema has no word for.
    pub(crate) fn differences(
        &self,
        validator: &Validator,
        pointer: &str,
        answer: &Value,
    ) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for error in validator.iter_errors(answer) {
            let rule = error.schema_path().to_string();
            let rule = rule.rsplit('/').next().unwrap_or_default().to_owned();
            found.insert(format!("answer{}: breaks {rule}", plain(&error.instance_path().to_string())));
        }
        let schema = self.file.0.pointer(pointer).unwrap();
        self.undescribed(&[schema], answer, "answer", &mut found);
        found
    }

    fn undescribed(&self, schemas: &[&'a Value], answer: &Value, at: &str, found: &mut BTreeSet<String>) {
        let schemas = self.flat(schemas);
        match answer {
            Value::Object(answer) => {
                let open =
                    |s: &&Value| s.get("properties").is_none() || s["additionalProperties"].is_object();
                if schemas.iter().all(open) {
                    return;
                }
                for (name, value) in answer {
                    let next: Vec<_> = schemas.iter().filter_map(|s| s["properties"].get(name)).collect();
                    let at = format!("{at}/{name}");
                    if next.is_empty() {
                        found.insert(format!("{at}: not described"));
                    } else {
                        self.undescribed(&next, value, &at, found);
                    }
                }
            }
            Value::Array(rows) => {
                let next: Vec<_> = schemas.iter().filter_map(|s| s.get("items")).collect();
                for row in rows.iter().filter(|_| !next.is_empty()) {
                    self.undescribed(&next, row, &format!("{at}/[]"), found);
                }
            }
            _ => {}
        }
    }

    /// The schemas with all their alternatives.
    fn flat(&self, schemas: &[&'a Value]) -> Vec<&'a Value> {
        let mut all = Vec::new();
        for schema in schemas {
            let schema = self.file.follow(schema);
            let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|k| schema[*k].as_array()).flatten();
            all.extend(self.flat(&parts.collect::<Vec<_>>()));
            all.push(schema);
        }
        all
    }
}

/// A JSON pointer with `[]` for every index.
fn plain(pointer: &str) -> String {
    let steps = pointer.split('/').map(|s| if s.parse::<usize>().is_ok() { "[]" } else { s });
    steps.collect::<Vec<_>>().join("/")
}
