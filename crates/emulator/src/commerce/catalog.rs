//! Catalogs of a portfolio and their products: the few calls of Meta's Catalog API that messages with
//! products need.

use crate::{
    Inner,
    directory::Directory,
    graph::{
        Call, Grant, GraphError, Outcome, Permission, Reply,
        call::text,
        collection::{choose, page},
    },
    settings::{CatalogSettings, ObjectId, ProductSettings},
    sync::{read, write},
};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A catalog and whose it is.
#[derive(Serialize, Deserialize)]
pub(crate) struct Catalog {
    pub(crate) portfolio: u64,
    pub(crate) settings: CatalogSettings,
}

impl Catalog {
    fn row(&self) -> Value {
        let s = &self.settings;
        json!({"id": s.id.to_string(), "name": s.name, "vertical": "commerce", "product_count": s.products.len()})
    }

    pub(super) fn product(&self, retailer_id: &str) -> Option<&ProductSettings> {
        self.settings.products.iter().find(|p| p.retailer_id == retailer_id)
    }
}

fn product_row(p: &ProductSettings) -> Value {
    json!({"id": p.id.to_string(), "retailer_id": p.retailer_id, "name": p.name, "description": p.description,
        "price": format!("{}.{:02} {}", p.price / 100, p.price % 100, p.currency), "currency": p.currency,
        "availability": p.availability, "image_url": p.image_url, "url": p.url})
}

/// Whether the token may manage an account of the portfolio.
fn allowed(e: &Inner, d: &Directory, call: &Call, portfolio: u64) -> Outcome<()> {
    let grant = Grant::of(d, call, e.ambient.now())?;
    let mut own = d.wabas.values().filter(|w| w.portfolio == portfolio);
    if own.any(|w| grant.may(Permission::Management, w.id).is_ok()) {
        return Ok(());
    }
    Err(GraphError::new(200).details("The token was not made for an account of this business."))
}

/// `GET` and `POST /{business_id}/owned_product_catalogs`.
pub(crate) async fn owned(e: &Inner, call: &Call, portfolio: u64) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let mut d = write(&e.directory);
    allowed(e, &d, call, portfolio)?;
    if call.method == Method::GET {
        let rows = d.catalogs.values().filter(|c| c.portfolio == portfolio).map(Catalog::row);
        return Ok(Reply::json(&page(call, rows.collect())?));
    }
    let name = text(&p, "name").filter(|n| !n.is_empty()).ok_or_else(|| GraphError::required("name"))?;
    let id = d.new_id();
    let settings = CatalogSettings { id: ObjectId(id), name, ..CatalogSettings::default() };
    d.catalogs.insert(id, Catalog { portfolio, settings });
    Ok(Reply::json(&json!({"id": id.to_string()})))
}

/// `GET` and `DELETE /{catalog_id}`.
pub(crate) fn node(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let mut d = write(&e.directory);
    let catalog =
        d.catalogs.get(&id).ok_or_else(|| GraphError::unsupported(call.method.as_str(), &id.to_string()))?;
    allowed(e, &d, call, catalog.portfolio)?;
    if call.method == Method::DELETE {
        d.catalogs.remove(&id);
        return Ok(Reply::success());
    }
    Ok(Reply::json(&choose(call, catalog.row(), &["id", "name"], "ProductCatalog")?))
}

/// `GET` and `POST /{catalog_id}/products`.
pub(crate) async fn products(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let mut d = write(&e.directory);
    let catalog =
        d.catalogs.get(&id).ok_or_else(|| GraphError::unsupported(call.method.as_str(), &id.to_string()))?;
    allowed(e, &d, call, catalog.portfolio)?;
    if call.method == Method::GET {
        let rows = catalog.settings.products.iter();
        let rows = rows.map(|p| choose(call, product_row(p), &["id", "retailer_id", "name"], "ProductItem"));
        return Ok(Reply::json(&page(call, rows.collect::<Outcome<_>>()?)?));
    }
    let mut product = ProductSettings { availability: "in stock".into(), ..ProductSettings::default() };
    for (name, _) in REQUIRED {
        if text(&p, name).is_none_or(|t| t.is_empty()) {
            return Err(GraphError::required(name));
        }
    }
    fill(&mut product, &p)?;
    if catalog.product(&product.retailer_id).is_some() {
        let why = format!("There is a product with the retailer_id {} already.", product.retailer_id);
        return Err(GraphError::invalid(why));
    }
    product.id = ObjectId(d.new_id());
    let answer = json!({"id": product.id.to_string()});
    if let Some(catalog) = d.catalogs.get_mut(&id) {
        catalog.settings.products.push(product);
    }
    Ok(Reply::json(&answer))
}

const REQUIRED: [(&str, usize); 4] = [("retailer_id", 100), ("name", 200), ("price", 20), ("currency", 3)];

/// Meta: `price` is a whole number of hundredths.
fn fill(product: &mut ProductSettings, p: &Map<String, Value>) -> Outcome<()> {
    for (name, most) in REQUIRED {
        if text(p, name).is_some_and(|t| t.chars().count() > most) {
            return Err(GraphError::invalid(format!("{name} must be at most {most} characters long")));
        }
    }
    if let Some(price) = text(p, "price") {
        let price = price.parse().ok().filter(|p| *p >= 0);
        product.price =
            price.ok_or_else(|| GraphError::invalid("price must be a whole number of hundredths"))?;
    }
    for (name, field) in [
        ("retailer_id", &mut product.retailer_id),
        ("name", &mut product.name),
        ("currency", &mut product.currency),
        ("description", &mut product.description),
        ("availability", &mut product.availability),
        ("image_url", &mut product.image_url),
        ("url", &mut product.url),
    ] {
        if let Some(value) = text(p, name) {
            *field = value;
        }
    }
    Ok(())
}

/// The catalog a product's id belongs to.
pub(crate) fn of_product(d: &Directory, id: u64) -> Option<u64> {
    d.catalogs.iter().find(|(_, c)| c.settings.products.iter().any(|p| p.id.0 == id)).map(|(id, _)| *id)
}

/// `GET`, `POST` and `DELETE /{product_id}`.
pub(crate) async fn product(e: &Inner, call: &Call, id: u64) -> Outcome<Reply> {
    let p = call.parameters().await?;
    let mut d = write(&e.directory);
    let unknown = || GraphError::unsupported(call.method.as_str(), &id.to_string());
    let catalog = of_product(&d, id).ok_or_else(unknown)?;
    allowed(e, &d, call, d.catalogs.get(&catalog).map_or(0, |c| c.portfolio))?;
    let Some(all) = d.catalogs.get_mut(&catalog).map(|c| &mut c.settings.products) else {
        return Err(unknown());
    };
    if call.method == Method::DELETE {
        all.retain(|p| p.id.0 != id);
        return Ok(Reply::success());
    }
    let Some(product) = all.iter_mut().find(|p| p.id.0 == id) else { return Err(unknown()) };
    if call.method == Method::POST {
        fill(product, &p)?;
        return Ok(Reply::success());
    }
    Ok(Reply::json(&choose(call, product_row(product), &["id", "retailer_id", "name"], "ProductItem")?))
}

/// `/{waba_id}/product_catalogs`: the catalog connected to an account. Meta: one at a time.
pub(crate) async fn connected(e: &Inner, call: &Call, waba: u64) -> Outcome<Reply> {
    let p = call.parameters().await?;
    if call.method == Method::GET {
        let d = read(&e.directory);
        Grant::of(&d, call, e.ambient.now())?.may(Permission::Management, waba)?;
        let rows =
            d.catalogs.values().filter(|c| c.settings.wabas.contains(&ObjectId(waba))).map(Catalog::row);
        return Ok(Reply::json(&page(call, rows.collect())?));
    }
    let mut d = write(&e.directory);
    Grant::of(&d, call, e.ambient.now())?.may(Permission::Management, waba)?;
    let id: Option<u64> = text(&p, "catalog_id").and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| GraphError::required("catalog_id"))?;
    let portfolio = d.wabas.get(&waba).map(|w| w.portfolio);
    if d.catalogs.get(&id).is_none_or(|c| Some(c.portfolio) != portfolio) {
        return Err(GraphError::invalid("catalog_id is no catalog of the account's business."));
    }
    let connect = call.method == Method::POST;
    if connect
        && d.catalogs.iter().any(|(other, c)| *other != id && c.settings.wabas.contains(&ObjectId(waba)))
    {
        return Err(GraphError::invalid("Another catalog is connected to the account."));
    }
    if let Some(catalog) = d.catalogs.get_mut(&id) {
        catalog.settings.wabas.retain(|w| w.0 != waba);
        if connect {
            catalog.settings.wabas.push(ObjectId(waba));
        }
    }
    Ok(Reply::success())
}
