//! The routes of a feature, each declared once: served from the start, described only when that is asked for.
//!
//! The description of `/api/v1` is a committed text. Putting it together runs the code of every schema, and the
//! pages of code that a process once ran stay in its memory; so a server that only serves must not.

use crate::app::App;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{MethodFilter, MethodRouter},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{
    PathItemExt as _,
    router::{OpenApiRouter, UtoipaMethodRouter},
};

/// What [`routes!`] makes of handlers.
pub(crate) struct Declared {
    /// Each with its path.
    pub(crate) handlers: Vec<(String, MethodRouter<App>)>,
    /// Runs the code of their schemas.
    pub(crate) describe: fn() -> UtoipaMethodRouter<App>,
}

/// Handlers that carry `#[utoipa::path]`, which says where they are.
macro_rules! routes {
    ($($handler:ident),+ $(,)?) => {
        $crate::edge::Declared {
            handlers: vec![$(
                $crate::edge::placed::<utoipa_axum::paste! { [<__path_ $handler>] }>(
                    |method| axum::routing::on(method, $handler),
                )
            ),+],
            describe: || utoipa_axum::routes!($($handler),+),
        }
    };
}
pub(crate) use routes;

/// The path and the methods at which `P` says that a handler is.
pub(crate) fn placed<P: utoipa::Path>(
    on: impl Fn(MethodFilter) -> MethodRouter<App>,
) -> (String, MethodRouter<App>) {
    let methods = P::methods();
    let handlers = methods.iter().map(|method| on(method.to_method_filter()));
    (P::path(), handlers.fold(MethodRouter::new(), MethodRouter::merge))
}

/// The routes of a feature, or of all.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<App>,
    describe: Vec<fn() -> UtoipaMethodRouter<App>>,
}

impl Routes {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// These too.
    pub(crate) fn routes(mut self, declared: Declared) -> Self {
        self.router = declared
            .handlers
            .into_iter()
            .fold(self.router, |router, (path, handler)| router.route(&path, handler));
        self.describe.push(declared.describe);
        self
    }

    /// Those of another feature too.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.describe.extend(other.describe);
        self
    }

    /// Lets the bodies of the routes so far be of any size: they have a limit of their own.
    pub(crate) fn without_body_limit(mut self) -> Self {
        self.router = self.router.layer(DefaultBodyLimit::disable());
        self
    }

    /// What serves them.
    pub(crate) fn into_router(self) -> Router<App> {
        self.router
    }

    /// What describes them.
    pub(crate) fn describe(&self) -> OpenApi {
        let described = self
            .describe
            .iter()
            .map(|describe| OpenApiRouter::new().routes(describe()))
            .fold(OpenApiRouter::new(), OpenApiRouter::merge);
        described.into_openapi()
    }
}
