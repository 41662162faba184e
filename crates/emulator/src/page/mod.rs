//! Pages for people: a phone for any user, and the dialog of Embedded Signup. Self-contained, no
//! outside assets.

use axum::{
    Router,
    http::header,
    response::{Html, IntoResponse, Response},
    routing::get,
};

/// `GET /_emulator`: the phone. `GET …/dialog/oauth`: the dialog. `GET /en_US/sdk.js`: a stand-in
/// for Meta's JavaScript SDK, as far as `FB.init` and `FB.login` of Embedded Signup.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/_emulator", get(phone))
        .route("/_emulator/", get(phone))
        .route("/dialog/oauth", get(dialog))
        .route("/{version}/dialog/oauth", get(dialog))
        .route("/en_US/sdk.js", get(sdk))
}

async fn phone() -> Html<&'static str> {
    Html(include_str!("phone.html"))
}

async fn dialog() -> Html<&'static str> {
    Html(include_str!("dialog.html"))
}

async fn sdk() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("sdk.js")).into_response()
}
