//! Routes that cannot be declared without saying what they require.
//!
//! [`Routes`] stands in for axum's router in every file below this one. The first argument of a
//! handler must be a [`Right`]: an extractor that lets the request in or answers in the handler's
//! place. A handler without one does not compile, and `tidy` keeps plain `.route(` out of the rest
//! of this crate. Deliberately absent: the rights themselves ([`super::rights`] has those of pages,
//! the files of runners, webhooks, orbs and emails their own).

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    extract::{FromRequestParts, Request},
    handler::Handler,
    http::{Method, request::Parts},
    response::IntoResponse,
    routing::{MethodRouter, Route, get, post, put},
};
use tower::{Layer, Service};

use crate::app::App;

/// What a request has proven when its handler runs. The first argument of every handler is one.
pub(crate) trait Right {
    /// How the list of routes names it.
    fn name() -> String;
}

/// Nothing is required: the route is for everyone, signed in or not.
pub(crate) struct Anyone;

impl Right for Anyone {
    fn name() -> String {
        "Anyone".to_owned()
    }
}

impl<S: Sync> FromRequestParts<S> for Anyone {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self)
    }
}

/// The arguments of a handler whose first one is a [`Right`]. `M` is axum's own marker.
#[diagnostic::on_unimplemented(
    message = "this handler does not say what it requires",
    label = "its first argument must be a right, such as `Anyone`, `SignedIn` or `Reader<Project>`"
)]
pub(crate) trait Declares {
    /// The first argument.
    type Right: Right;
}

macro_rules! declares {
    ($($rest:ident),*) => {
        impl<M, R: Right, $($rest),*> Declares for (M, R, $($rest),*) {
            type Right = R;
        }
    };
}

declares!();
declares!(A);
declares!(A, B);
declares!(A, B, C);
declares!(A, B, C, D);

/// One route, as it was declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Declared {
    pub(crate) path: String,
    pub(crate) method: Method,
    /// [`Right::name`] of what the handler requires.
    pub(crate) right: String,
}

/// Routes with their rights.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<Arc<App>>,
    declared: Vec<Declared>,
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Answers `GET` (and `HEAD`) for a path.
    pub(crate) fn get<H, T>(self, path: &str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: Declares + 'static,
    {
        self.add::<T::Right>(Method::GET, path, get(handler))
    }

    /// Answers `POST` for a path.
    pub(crate) fn post<H, T>(self, path: &str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: Declares + 'static,
    {
        self.add::<T::Right>(Method::POST, path, post(handler))
    }

    /// Answers `PUT` for a path.
    pub(crate) fn put<H, T>(self, path: &str, handler: H) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: Declares + 'static,
    {
        self.add::<T::Right>(Method::PUT, path, put(handler))
    }

    fn add<R: Right>(mut self, method: Method, path: &str, route: MethodRouter<Arc<App>>) -> Self {
        self.declared.push(Declared { path: path.to_owned(), method, right: R::name() });
        self.router = self.router.route(path, route);
        self
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.declared.extend(other.declared);
        self
    }

    /// Puts a layer around the routes that were added before.
    pub(crate) fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.router = self.router.layer(layer);
        self
    }

    /// Ends the list of routes.
    pub(crate) fn with_app(self, app: Arc<App>) -> Router {
        self.router.with_state(app)
    }

    /// All routes, in the order of their addresses.
    pub(crate) fn declared(&self) -> Vec<Declared> {
        let mut declared = self.declared.clone();
        declared.sort_by(|a, b| (&a.path, a.method.as_str()).cmp(&(&b.path, b.method.as_str())));
        declared
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::{Path, State};

    use super::*;

    /// The promise of this file: compiles only while a handler without a right does not. Two
    /// implementations would fit a type that declares one, and the compiler could not choose.
    #[test]
    fn a_handler_without_a_right_cannot_be_a_route() {
        trait DeclaresNothing<Otherwise> {
            const PROVEN: bool = true;
        }
        struct Refuted;
        impl<T> DeclaresNothing<()> for T {}
        impl<T: Declares> DeclaresNothing<Refuted> for T {}
        const { assert!(<((),) as DeclaresNothing<_>>::PROVEN) };
        const { assert!(<((), State<Arc<App>>) as DeclaresNothing<_>>::PROVEN) };
        const { assert!(<((), Path<String>, Anyone) as DeclaresNothing<_>>::PROVEN) };
    }
}
