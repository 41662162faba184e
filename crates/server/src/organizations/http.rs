//! Organizations: mine, a new one, the present one with its billing address.

use super::{
    name,
    view::{MemberView, OrganizationView},
};
use crate::{
    app::App,
    auth::{Caller, Person, second_factor_required},
    edge::{ApiError, Body, FieldProblem, Result, Routes, routes},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use tisara_domain::{OrgId, Region, Role};
use tisara_store::{members::RoleRef, organizations::NewOrganization};
use utoipa::ToSchema;

/// One person owns no more than that; more is a mistake or abuse.
const OWNED_MAX: usize = 50;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_organizations, create_organization))
        .routes(routes!(choose_organization))
        .routes(routes!(get_organization, change_organization))
        .routes(routes!(require_second_factor))
        .routes(routes!(get_billing_address, put_billing_address))
}

/// An organization and what the person is in it.
#[derive(Serialize, ToSchema)]
struct MyOrganization {
    organization: OrganizationView,
    member: MemberView,
}

/// Where a person works.
#[derive(Serialize, ToSchema)]
struct MyOrganizations {
    items: Vec<MyOrganization>,
}

/// The organizations that you work in.
#[utoipa::path(get, path = "/organizations", tag = "organizations",
    responses((status = 200, body = MyOrganizations)))]
async fn list_organizations(State(app): State<App>, person: Person) -> Result<Json<MyOrganizations>> {
    let found = app
        .store
        .read(move |tx| {
            let mut items = Vec::new();
            for member in tx.list_memberships(person.user)? {
                if let Some(organization) = OrganizationView::find(tx, member.org_id)? {
                    items.push(MyOrganization { organization, member: member.into() });
                }
            }
            Ok::<_, ApiError>(items)
        })
        .await?;
    Ok(Json(MyOrganizations { items: found }))
}

/// A business that begins.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrganizationInput {
    name: String,
    /// The country of phone numbers that are written without `+`, in two letters.
    default_region: String,
}

fn region(text: &str) -> Result<Region> {
    text.parse()
        .map_err(|e: tisara_domain::phone::RegionError| ApiError::field("default_region", e.to_string()))
}

/// Makes an organization. You own it, and this session works in it from now on.
#[utoipa::path(post, path = "/organizations", tag = "organizations", request_body = OrganizationInput,
    responses((status = 201, body = OrganizationView)))]
async fn create_organization(
    State(app): State<App>,
    person: Person,
    Body(input): Body<OrganizationInput>,
) -> Result<(StatusCode, Json<OrganizationView>)> {
    let now = app.ambient.now();
    let new = NewOrganization {
        id: app.ambient.id::<OrgId>(),
        name: name(&input.name)?,
        default_region: region(&input.default_region)?,
        data_key: app.vault.new_data_key().map_err(ApiError::internal)?,
        created_at: now,
    };
    let made = app
        .store
        .write(move |tx| {
            super::keep_staff_apart(tx, person)?;
            let owned = tx.list_memberships(person.user)?.iter().filter(|member| member.is_owner()).count();
            if owned >= OWNED_MAX {
                return Err(ApiError::refused(
                    crate::edge::Code::WrongState,
                    format!("You own {OWNED_MAX} organizations already."),
                ));
            }
            tx.create_organization(&new)?;
            tx.org(new.id).add_member(person.user, RoleRef::Standard(Role::Owner), now)?;
            tx.set_session_organization(person.session, new.id)?;
            Ok(new.clone())
        })
        .await?;
    tracing::info!(org = %made.id, user = %person.user, "an organization was made");
    Ok((StatusCode::CREATED, Json(OrganizationView::new(made, false))))
}

/// Which organization.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Choice {
    #[schema(value_type = String)]
    organization: OrgId,
}

/// Chooses the organization that this session works in. A request may name another one in the header
/// `Tisara-Organization`.
#[utoipa::path(put, path = "/sessions/current/organization", tag = "organizations", request_body = Choice,
    responses((status = 204)))]
async fn choose_organization(
    State(app): State<App>,
    person: Person,
    Body(choice): Body<Choice>,
) -> Result<StatusCode> {
    app.store
        .write(move |tx| {
            if tx.org(choice.organization).find_member(person.user)?.is_none() {
                return Err(ApiError::NotFound("organization"));
            }
            Ok(tx.set_session_organization(person.session, choice.organization)?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The organization of this request.
#[utoipa::path(get, path = "/organization", tag = "organizations",
    responses((status = 200, body = OrganizationView)))]
async fn get_organization(State(app): State<App>, caller: Caller) -> Result<Json<OrganizationView>> {
    let found = app.store.read(move |tx| OrganizationView::find(tx, caller.org)).await?;
    Ok(Json(found.ok_or(ApiError::NotFound("organization"))?))
}

/// What is to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrganizationChange {
    name: Option<String>,
    default_region: Option<String>,
}

/// Changes the organization.
#[utoipa::path(patch, path = "/organization", tag = "organizations", request_body = OrganizationChange,
    responses((status = 200, body = OrganizationView)))]
async fn change_organization(
    State(app): State<App>,
    caller: Caller,
    Body(change): Body<OrganizationChange>,
) -> Result<Json<OrganizationView>> {
    let new_name = change.name.as_deref().map(name).transpose()?;
    let new_region = change.default_region.as_deref().map(region).transpose()?;
    let changed = app
        .store
        .write(move |tx| {
            let mut org = tx.find_organization(caller.org)?.ok_or(ApiError::NotFound("organization"))?;
            org.name = new_name.clone().unwrap_or(org.name);
            org.default_region = new_region.unwrap_or(org.default_region);
            tx.org(caller.org).set_organization(&org.name, org.default_region)?;
            OrganizationView::find(tx, caller.org)?.ok_or(ApiError::NotFound("organization"))
        })
        .await?;
    Ok(Json(changed))
}

/// Whether a second factor is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecondFactorRule {
    required: bool,
}

/// Asks for a second factor of every member, or no longer. From then on people whose session was proven by a
/// password alone get `second_factor_required` for everything here; keys are not concerned. Only somebody
/// whose own session was proven by one can switch it on. Needs a password entered a moment ago.
#[utoipa::path(put, path = "/organization/second-factor", tag = "organizations", request_body = SecondFactorRule,
    responses((status = 200, body = OrganizationView)))]
async fn require_second_factor(
    State(app): State<App>,
    caller: Caller,
    person: Person,
    Body(rule): Body<SecondFactorRule>,
) -> Result<Json<OrganizationView>> {
    let changed = app
        .store
        .write(move |tx| {
            if rule.required && !person.two_factors {
                return Err(second_factor_required(tx.has_second_factor(person.user)?));
            }
            tx.org(caller.org).require_second_factor(rule.required)?;
            OrganizationView::find(tx, caller.org)?.ok_or(ApiError::NotFound("organization"))
        })
        .await?;
    tracing::info!(org = %caller.org, user = %person.user, required = rule.required, "a second factor is asked for, or not");
    Ok(Json(changed))
}

/// Where invoices go.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BillingAddress {
    /// Person or company.
    name: String,
    /// Street and house, one to three lines.
    lines: Vec<String>,
    city: String,
    /// State or province.
    #[serde(default)]
    region: String,
    #[serde(default)]
    postal_code: String,
    /// Two letters.
    country: String,
    /// The company's number for taxes.
    #[serde(default)]
    tax_id: String,
}

impl BillingAddress {
    fn check(mut self) -> Result<Self> {
        let mut problems = Vec::new();
        let mut tidy = |field: &str, text: &mut String, needed: bool| {
            *text = text.trim().to_owned();
            let fits = text.chars().count() <= 200 && !text.chars().any(char::is_control);
            if !fits || (needed && text.is_empty()) {
                problems.push(FieldProblem::new(field, "1 to 200 characters"));
            }
        };
        tidy("name", &mut self.name, true);
        for (n, line) in self.lines.iter_mut().enumerate() {
            tidy(&format!("lines[{n}]"), line, true);
        }
        tidy("city", &mut self.city, true);
        tidy("region", &mut self.region, false);
        tidy("postal_code", &mut self.postal_code, false);
        tidy("tax_id", &mut self.tax_id, false);
        if !(1..=3).contains(&self.lines.len()) {
            problems.push(FieldProblem::new("lines", "one to three lines"));
        }
        match self.country.parse::<Region>() {
            Ok(country) => self.country = country.to_string(),
            Err(e) => problems.push(FieldProblem::new("country", e.to_string())),
        }
        if problems.is_empty() { Ok(self) } else { Err(ApiError::Invalid(problems)) }
    }
}

/// The billing address.
#[utoipa::path(get, path = "/organization/billing-address", tag = "organizations",
    responses((status = 200, body = BillingAddress)))]
async fn get_billing_address(State(app): State<App>, caller: Caller) -> Result<Json<BillingAddress>> {
    let found = app.store.read(move |tx| tx.org(caller.org).find_billing_address()).await?;
    let found = found.ok_or(ApiError::NotFound("billing address"))?;
    Ok(Json(serde_json::from_str(&found).map_err(ApiError::internal)?))
}

/// Sets the billing address.
#[utoipa::path(put, path = "/organization/billing-address", tag = "organizations", request_body = BillingAddress,
    responses((status = 200, body = BillingAddress)))]
async fn put_billing_address(
    State(app): State<App>,
    caller: Caller,
    Body(address): Body<BillingAddress>,
) -> Result<Json<BillingAddress>> {
    let address = address.check()?;
    let (text, now) = (serde_json::to_string(&address).map_err(ApiError::internal)?, app.ambient.now());
    app.store.write(move |tx| tx.org(caller.org).put_billing_address(&text, now)).await?;
    Ok(Json(address))
}
