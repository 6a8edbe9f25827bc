//! The `OpenAPI` 3.1 document, made from the same list as the routes.

use super::problem::Problem;
use super::{Operation, operations};
use crate::infra::words::{Language, Words};
use crate::kernel::scopes::Scope;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// Builds the document; `server` is where the portal answers, for example `https://example.org/sanshe`.
pub fn document(words: &Words, language: Language, server: &str) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>().to_value();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let described = describe(words, language, operation, &mut generator);
        if let Some(methods) = paths
            .entry(operation.address())
            .or_insert_with(|| json!({}))
            .as_object_mut()
        {
            methods.insert(operation.method.to_ascii_lowercase(), described);
        }
    }
    let scopes: Vec<&str> = Scope::ALL.iter().map(Scope::as_str).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": words.say(language, "api-title", &[]),
            "version": "1",
            "description": words.say(language, "api-lede", &[]),
        },
        "servers": [{ "url": server }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": {
                "Problem": {
                    "description": words.say(language, "api-problem", &[]),
                    "content": { "application/problem+json": { "schema": problem } },
                },
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": words.say(language, "api-scopes", &[("scopes", &scopes.join(", "))]),
                },
            },
        },
    })
}

fn describe(
    words: &Words,
    language: Language,
    operation: &Operation,
    generator: &mut SchemaGenerator,
) -> Value {
    let summary = operation.summary(words, language);
    let mut described = json!({
        "operationId": operation.id,
        "summary": summary,
        "tags": [operation.path.split('/').nth(1).unwrap_or_default()],
        "parameters": parameters(operation),
        "responses": responses(words, language, operation, generator),
    });
    let Some(fields) = described.as_object_mut() else {
        return described;
    };
    // An empty requirement: a token may come along, and shows what its person may see besides.
    let security = match operation.scope {
        None => json!([{}, { "token": [] }]),
        Some(scope) => json!([{ "token": [scope.as_str()] }]),
    };
    fields.insert("security".into(), security);
    if operation.method == "POST" {
        fields.insert("requestBody".into(), body(operation));
    }
    described
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let mut list: Vec<Value> = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let schema = match name {
                "code" | "number" => json!({ "type": "string" }),
                _ => json!({ "type": "integer" }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    if operation.method == "GET" {
        list.extend(operation.fields.iter().map(|field| {
            json!({ "name": field.name, "in": "query", "required": field.is_needed, "schema": field.schema() })
        }));
    } else {
        list.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": { "type": "string", "minLength": 1, "maxLength": 200 },
        }));
    }
    if operation.is_versioned {
        list.push(json!({
            "name": "If-Match", "in": "header", "required": true, "schema": { "type": "string" },
        }));
    }
    list
}

fn body(operation: &Operation) -> Value {
    let mut properties = Map::new();
    let mut patterns = Map::new();
    let mut needed = Vec::new();
    for field in &operation.fields {
        if field.is_family {
            patterns.insert(format!("^{}[0-9]+$", field.name), field.schema());
        } else {
            properties.insert(field.name.into(), field.schema());
        }
        if field.is_needed {
            needed.push(field.name);
        }
    }
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "patternProperties": patterns,
        "required": needed,
        "additionalProperties": false,
    });
    let media = match (operation.file, schema.get_mut("properties")) {
        (Some(file), Some(properties)) => {
            if let Some(properties) = properties.as_object_mut() {
                properties.insert(
                    file.into(),
                    json!({ "type": "string", "contentMediaType": "application/octet-stream" }),
                );
            }
            "multipart/form-data"
        }
        _ => "application/json",
    };
    json!({ "required": !needed.is_empty() || operation.file.is_some(), "content": { media: { "schema": schema } } })
}

fn responses(
    words: &Words,
    language: Language,
    operation: &Operation,
    generator: &mut SchemaGenerator,
) -> Value {
    let done = match operation.schema {
        Some(schema) => schema(generator).to_value(),
        None if operation.method == "POST" => generator.subschema_for::<Done>().to_value(),
        None => json!({}),
    };
    let mut responses = Map::new();
    responses.insert(
        "200".into(),
        json!({
            "description": words.say(language, "api-done", &[]),
            "content": { operation.media: { "schema": done } },
        }),
    );
    let mut statuses = vec!["400", "401", "403", "404", "429", "500", "503"];
    if operation.method == "POST" {
        statuses.extend(["409", "413", "415", "422"]);
    } else {
        responses.insert(
            "304".into(),
            json!({ "description": words.say(language, "api-same", &[]) }),
        );
    }
    if operation.export_of.is_some() {
        statuses.push("422");
    }
    if operation.is_versioned {
        statuses.push("428");
    }
    for status in statuses {
        responses.insert(
            status.into(),
            json!({ "$ref": "#/components/responses/Problem" }),
        );
    }
    Value::Object(responses)
}

/// What the answer to an act looks like; `super::done` writes it.
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "describes what is written as JSON")]
struct Done {
    /// Where a program reads the result.
    resource: Option<String>,
    /// Where a person sees it.
    page: Option<String>,
    /// In the reader's language.
    said: Option<String>,
}
