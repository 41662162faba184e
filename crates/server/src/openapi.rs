//! The description of `/api/v1`, generated from the code.
//!
//! `openapi.json` at the root of the repository is a committed copy: a test compares it, and
//! `UPDATE_OPENAPI=1` rewrites it. The TypeScript client comes from it.

use crate::{
    auth::{Access, access},
    edge::{Code, FieldProblem, Problem, ReachedLimit},
};
use http::StatusCode;
use std::collections::BTreeSet;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Content, ContentBuilder, HttpMethod, Ref, RefOr, Required, ResponseBuilder,
        extensions::ExtensionsBuilder,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
        schema::{ObjectBuilder, Type},
        security::{
            ApiKey as Cookie, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
        },
    },
};

/// The frame; paths and schemas come from the routers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tisara",
        version = "1",
        description = "Contacts, templates, campaigns and conversations over WhatsApp. Ids are opaque texts, moments \
                       are RFC 3339 in UTC, lists page by `next` and `after`. Every refusal is an RFC 9457 document \
                       with a `code` from a closed list. Writes take an `Idempotency-Key`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem, FieldProblem, ReachedLimit, Code)),
    modifiers(&ApiKey)
)]
pub(crate) struct Document;

struct ApiKey;

impl Modify for ApiKey {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key of the organization: `tsr_live_…`."))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
        let cookie = ApiKeyValue::with_description(
            "__Host-tisara",
            "The session of a browser, set by POST /sign-in. Without https its name is `tisara`.",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(Cookie::Cookie(cookie)));
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The access token of a person's device, from POST /tokens."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        document.security = Some(vec![SecurityRequirement::new("api_key", Vec::<String>::new())]);
    }
}

/// Operations that ask Meta and answer by what it says.
const CALLS_META: &[&str] = &["/api/v1/numbers/connect", "/api/v1/numbers/{id}", "/api/v1/templates/sync"];

/// Adds to every operation what holds for all: the refusals, and the key that makes writes safe to
/// repeat.
pub(crate) fn complete(document: &mut openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let allowed = method_of(&method).and_then(|method| access(&method, path));
            tell_access(operation, allowed);
            if !matches!(method, HttpMethod::Get) && allowed.is_some_and(Access::is_kept) {
                let key = ParameterBuilder::new()
                    .name("Idempotency-Key")
                    .parameter_in(ParameterIn::Header)
                    .required(Required::False)
                    .description(Some("The same key with the same request does it once and answers alike."))
                    .schema(Some(
                        ObjectBuilder::new().schema_type(Type::String).max_length(Some(255)).build(),
                    ))
                    .build();
                operation.parameters.get_or_insert_default().push(RefOr::T(key));
            }
            for status in refusals(operation, path, &method, allowed) {
                let Some(meanings) = Code::meanings(status) else { continue };
                let refusal = ResponseBuilder::new()
                    .description(meanings)
                    .content("application/problem+json", problem())
                    .build();
                operation.responses.responses.insert(status.as_str().to_owned(), RefOr::T(refusal));
            }
        }
    }
}

/// The statuses with which an operation may refuse. `make api-check` finds one that is missing here.
fn refusals(
    operation: &Operation,
    path: &str,
    method: &HttpMethod,
    access: Option<Access>,
) -> BTreeSet<StatusCode> {
    use StatusCode as S;
    let is_read = matches!(method, HttpMethod::Get);
    let has = |kind: ParameterIn| {
        let parameters = operation.parameters.iter().flatten();
        parameters
            .filter_map(|p| if let RefOr::T(p) = p { Some(p) } else { None })
            .any(|p| p.parameter_in == kind)
    };
    let mut refusals = BTreeSet::from([
        S::TOO_MANY_REQUESTS,
        S::INTERNAL_SERVER_ERROR,
        S::SERVICE_UNAVAILABLE,
        S::INSUFFICIENT_STORAGE,
    ]);
    let is_public = access == Some(Access::Public);
    if !is_public || !is_read {
        // Signed in wrongly, not allowed, from another site; not in this state.
        refusals.extend([S::UNAUTHORIZED, S::FORBIDDEN, S::CONFLICT]);
    }
    if !is_public || path.contains('{') || is_read {
        refusals.insert(S::NOT_FOUND);
    }
    if operation.request_body.is_some() {
        refusals.extend([S::PAYLOAD_TOO_LARGE, S::UNSUPPORTED_MEDIA_TYPE]);
    }
    // The one header that operations describe is Idempotency-Key.
    if operation.request_body.is_some() || has(ParameterIn::Query) || has(ParameterIn::Header) {
        refusals.extend([S::BAD_REQUEST, S::UNPROCESSABLE_ENTITY]);
    }
    if CALLS_META.contains(&path) {
        refusals.insert(S::BAD_GATEWAY);
    }
    refusals
}

/// Says by what one may call an operation, and with which permission.
fn tell_access(operation: &mut Operation, access: Option<Access>) {
    let by = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
    operation.security = match access {
        Some(Access::Public) => Some(Vec::new()),
        Some(access) if access.is_for_people() => Some(vec![by("session"), by("token")]),
        _ => Some(vec![by("api_key"), by("session"), by("token")]),
    };
    if let Some(permission) = access.and_then(Access::permission) {
        let extension = ExtensionsBuilder::new().add("x-permission", permission.as_str()).build();
        operation.extensions.get_or_insert_default().merge(extension);
    }
}

fn method_of(method: &HttpMethod) -> Option<http::Method> {
    Some(match method {
        HttpMethod::Get => http::Method::GET,
        HttpMethod::Post => http::Method::POST,
        HttpMethod::Put => http::Method::PUT,
        HttpMethod::Patch => http::Method::PATCH,
        HttpMethod::Delete => http::Method::DELETE,
        _ => return None,
    })
}

fn problem() -> Content {
    ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Problem")))).build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}
