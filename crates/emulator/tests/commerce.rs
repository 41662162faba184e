//! The shop: catalogs, messages with products, orders.

mod support;

use serde_json::{Value, json};
use support::{Bench, code, details};
use tisara_emulator::World;

const USER: &str = "94771234567";

async fn send(b: &Bench, kind: &str, action: Value) -> (u16, Value) {
    let mut interactive = json!({"type": kind, "body": {"text": "See"}, "action": action});
    if kind == "product_list" {
        interactive["header"] = json!({"type": "text", "text": "New"});
    }
    b.send(json!({"messaging_product": "whatsapp", "to": format!("+{USER}"), "type": "interactive", "interactive": interactive})).await
}

#[tokio::test]
async fn products_must_be_in_the_connected_catalog() {
    let b = Bench::new();
    let catalog = World::CATALOG_ID.to_string();
    let one = |catalog: &str, sku: &str| json!({"catalog_id": catalog, "product_retailer_id": sku});
    assert_eq!(send(&b, "product", one(&catalog, "sku-1")).await.0, 200);
    let (_, unknown) = send(&b, "product", one(&catalog, "sku-9")).await;
    assert_eq!(
        (code(&unknown), details(&unknown).as_str()),
        (131_009, "Products not found in FB Catalog: sku-9")
    );
    assert!(details(&send(&b, "product", one("5", "sku-1")).await.1).contains("not connected"));
    let list =
        |skus: Value| json!({"catalog_id": catalog, "sections": [{"title": "Teas", "product_items": skus}]});
    let some = json!([{"product_retailer_id": "sku-9"}, {"product_retailer_id": "sku-2"}]);
    assert_eq!(send(&b, "product_list", list(some)).await.0, 200);
    assert_eq!(
        code(&send(&b, "product_list", list(json!([{"product_retailer_id": "sku-9"}]))).await.1),
        131_009
    );
    assert_eq!(send(&b, "catalog_message", json!({"name": "catalog_message"})).await.0, 200);
    let path = format!("/v25.0/{}/product_catalogs", World::WABA_ID);
    assert_eq!(b.call("DELETE", &path, Some(json!({"catalog_id": catalog}))).await.0, 200);
    assert_eq!(code(&send(&b, "catalog_message", json!({"name": "catalog_message"})).await.1), 131_009);
    assert_eq!(b.post(&path, json!({"catalog_id": catalog})).await.0, 200);
}

#[tokio::test]
async fn a_catalog_is_made_and_filled_and_kept_over_a_restart() {
    let b = Bench::new();
    let owned = format!("/v25.0/{}/owned_product_catalogs", World::PORTFOLIO_ID);
    let (_, made) = b.post(&owned, json!({"name": "Spices"})).await;
    let catalog = made["id"].as_str().unwrap_or_default().to_owned();
    let products = format!("/v25.0/{catalog}/products");
    let new = json!({"retailer_id": "cinnamon", "name": "Cinnamon", "price": 45_000, "currency": "LKR"});
    let (status, product) = b.post(&products, new.clone()).await;
    assert_eq!(status, 200, "{product}");
    assert_eq!(code(&b.post(&products, new).await.1), 100);
    assert_eq!(code(&b.post(&products, json!({"name": "x"})).await.1), 100);
    let product = product["id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(b.post(&format!("/v25.0/{product}"), json!({"price": 50_000})).await.0, 200);
    assert_eq!(b.get(&format!("/v25.0/{product}?fields=price")).await.1["price"], "500.00 LKR");
    let (_, state) = b.get("/_emulator/state").await;
    let fresh = Bench::new();
    assert_eq!(fresh.post("/_emulator/state", state).await.0, 200);
    assert_eq!(fresh.get(&products).await.1["data"][0]["retailer_id"], "cinnamon");
    assert_eq!(fresh.call("DELETE", &format!("/v25.0/{product}"), None).await.0, 200);
    assert_eq!(fresh.call("DELETE", &format!("/v25.0/{catalog}"), None).await.0, 200);
    assert_eq!(fresh.get(&owned).await.1["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_user_sends_a_cart() {
    let b = Bench::new();
    let path = format!("/_emulator/users/{USER}/order");
    let cart = |sku: &str, quantity: u32| json!({"items": [{"product_retailer_id": sku, "quantity": quantity}], "text": "Soon"});
    assert_eq!(b.post(&path, cart("sku-1", 2)).await.0, 200);
    assert_eq!(b.post(&path, cart("sku-9", 1)).await.0, 404);
    assert_eq!(b.post(&path, cart("sku-1", 100)).await.0, 400);
    b.emulator.deliver_due().await;
    let order = b.receiver.messages()[0]["order"].clone();
    assert_eq!(
        (&order["catalog_id"], &order["text"]),
        (&json!(World::CATALOG_ID.to_string()), &json!("Soon"))
    );
    let item =
        json!({"product_retailer_id": "sku-1", "quantity": 2, "item_price": 1290.0, "currency": "LKR"});
    assert_eq!(order["product_items"], json!([item]));
    let settings = format!("/v25.0/{}/whatsapp_commerce_settings", World::NUMBER_ID);
    b.post(&settings, json!({"is_cart_enabled": false})).await;
    assert_eq!(b.post(&path, cart("sku-1", 1)).await.0, 400);
}
