//! Which way a request goes, and so which connections can stand for each other.

use std::rc::Rc;

use crate::codec::TargetForm;
use crate::message::{Origin, Scheme};
use crate::proxy::Proxy;

/// A way to an origin. Equal routes lead over the same connections: an idle one may carry any
/// request with its route. Settings that a whole session shares are no part of it, since each
/// session has a pool of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    /// To the server itself, or to the UNIX socket that stands for all.
    Direct(Origin),
    /// To an HTTP proxy that is given whole requests, whatever their origin is.
    Forward(Rc<Proxy>),
    /// Through a proxy that passes bytes on.
    Tunnel(Rc<Proxy>, Origin),
}

impl Route {
    /// The way to `origin`. An HTTP proxy passes plain requests on; with `tunnel`, it has to
    /// pass bytes on for them, too.
    pub(super) fn to(origin: &Origin, proxy: Option<Rc<Proxy>>, tunnel: bool) -> Self {
        let plain = origin.scheme() == Scheme::Http && !tunnel;
        match proxy {
            None => Route::Direct(origin.clone()),
            Some(proxy) if plain && !proxy.kind().is_socks() => Route::Forward(proxy),
            Some(proxy) => Route::Tunnel(proxy, origin.clone()),
        }
    }

    /// How the target of a request stands in its first line.
    pub(crate) fn target_form(&self) -> TargetForm {
        match self {
            Route::Forward(_) => TargetForm::Absolute,
            Route::Direct(_) | Route::Tunnel(..) => TargetForm::Origin,
        }
    }

    /// The proxy that sees the head of a request, and is to see its headers.
    pub(crate) fn forwarder(&self) -> Option<&Proxy> {
        match self {
            Route::Forward(proxy) => Some(proxy),
            Route::Direct(_) | Route::Tunnel(..) => None,
        }
    }
}
