//! Who looks at which part, and what may they do?

use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri};
use http::request::Parts;
use http::{Extensions, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded;

use crate::api::Ask;
use crate::cookies;
use crate::csrf;
use crate::fault::Fault;
use crate::guard::Reached;
use crate::nonce::Nonce;
use crate::portal::Portal;
use crate::router::{OPERATOR, PORTAL, Pages};

/// Whose pages these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// The product's own people.
    Operator,
    /// A customer of the product, who sees one account.
    Portal,
}

impl Face {
    /// Whose pages are at this path.
    pub(crate) fn of(path: &str) -> Self {
        let rest = path.strip_prefix(PORTAL);
        match rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            true => Self::Portal,
            false => Self::Operator,
        }
    }
}

/// The key that a visitor is signed in with, as the API describes it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Who {
    /// `root`, `project`, `account` or `portal`.
    pub(crate) kind: String,
    pub(crate) project_id: Option<String>,
    pub(crate) account_id: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// Whether it may read secrets of endpoints: a customer's session only if the product said so.
    pub(crate) sees_secrets: bool,
}

/// A signed-in visitor's request for a page.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) pages: Pages,
    pub(crate) face: Face,
    /// What the addresses of this face's pages begin with: `/ui/{project_id}` or `/portal`; `/ui`
    /// outside of a project.
    pub(crate) base: String,
    /// The page's own address without `base` and query, with a slash before it.
    pub(crate) path: String,
    /// The page's query as it came.
    pub(crate) query: String,
    /// The project that is looked at. `None` in the portal, whose key says it, and outside of one.
    pub(crate) project_id: Option<String>,
    /// What people call it, where the visitor's key may know.
    pub(crate) project_name: Option<String>,
    pub(crate) who: Who,
    /// Whose portal it is, in the portal.
    pub(crate) portal: Option<Arc<Portal>>,
    pub(crate) nonce: Nonce,
    /// What every form sends back.
    pub(crate) csrf: String,
    key: String,
    extensions: Extensions,
}

impl FromRequestParts<Pages> for Visit {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Fault> {
        let uri = match parts.extensions.get::<OriginalUri>() {
            Some(OriginalUri(uri)) => uri.clone(),
            None => parts.uri.clone(),
        };
        let face = Face::of(uri.path());
        let key = cookies::read(&parts.headers, face).ok_or_else(Fault::signed_out)?;
        let (base, project_id, path) = place(face, uri.path());
        let mut extensions = (pages.options.connection)(&parts.extensions);
        if let Some(reached) = parts.extensions.get::<Reached>() {
            extensions.insert(reached.clone());
        }
        let nonce = parts.extensions.get::<Nonce>().cloned().unwrap_or_default();
        let ask = Ask {
            method: Method::GET,
            uri: "/v1/keys/self".to_owned(),
            body: None,
            key: Some(&key),
            extensions: extensions.clone(),
        };
        let who: Who = pages.api.ask(ask).await?;
        let mut visit = Self {
            pages: pages.clone(),
            face,
            base,
            path,
            query: uri.query().unwrap_or("").to_owned(),
            project_id,
            project_name: None,
            who,
            portal: parts.extensions.get::<Arc<Portal>>().cloned(),
            nonce,
            csrf: csrf::token(&key),
            key,
            extensions,
        };
        visit.project_name = visit.called().await?;
        Ok(visit)
    }
}

/// The base, the project and the rest of an address.
fn place(face: Face, path: &str) -> (String, Option<String>, String) {
    if face == Face::Portal {
        let rest = path.strip_prefix(PORTAL).unwrap_or(path);
        return (PORTAL.to_owned(), None, rest.to_owned());
    }
    let rest = path.strip_prefix(OPERATOR).unwrap_or(path);
    let rest = rest.trim_start_matches('/');
    let (project, page) = rest.split_once('/').unwrap_or((rest, ""));
    match project.starts_with("prj_") {
        true => (
            format!("{OPERATOR}/{project}"),
            Some(project.to_owned()),
            format!("/{page}"),
        ),
        false => (OPERATOR.to_owned(), None, format!("/{rest}")),
    }
}

impl Visit {
    /// The project's name. A project that is not the visitor's is no page at all.
    async fn called(&self) -> Result<Option<String>, Fault> {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let (Face::Operator, Some(id)) = (self.face, &self.project_id) else {
            return Ok(None);
        };
        let uri = format!("/v1/projects/{}", segment(id));
        match self.send_plain::<Named>(Method::GET, &uri, None).await {
            Ok(project) => Ok(Some(project.name)),
            Err(Fault::Refused(problem)) if problem.status == 403 => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Whether the visitor's key has the scope.
    pub(crate) fn may(&self, scope: &str) -> bool {
        self.who.scopes.iter().any(|own| own == scope)
    }

    pub(crate) fn is_root(&self) -> bool {
        self.who.kind == "root"
    }

    /// The address of another page of this face, such as `to("/endpoints")`.
    pub(crate) fn to(&self, path: &str) -> String {
        match path {
            "/" => self.base.clone(),
            path => format!("{}{path}", self.base),
        }
    }

    /// What the project has, of the API: `path` with the project and these parameters. Parameters
    /// without a value are left out.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Fault> {
        self.send(Method::GET, path, query, None).await
    }

    /// Asks the API to do something in the project.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, Fault> {
        let ask = self.question(method, self.uri(path, query), body);
        self.pages.api.ask(ask).await
    }

    /// Whether secrets that exist may be shown.
    pub(crate) fn sees_secrets(&self) -> bool {
        self.who.sees_secrets && self.may("endpoints:write")
    }

    /// As [`Self::send`], for the operations that take no `project_id`.
    pub(crate) async fn send_plain<T: DeserializeOwned>(
        &self,
        method: Method,
        uri: &str,
        body: Option<&Value>,
    ) -> Result<T, Fault> {
        let ask = self.question(method, uri.to_owned(), body);
        self.pages.api.ask(ask).await
    }

    /// The API's answer as it is, to be passed on: an export, a stream.
    pub(crate) async fn pass(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<axum::response::Response, Fault> {
        let ask = self.question(Method::GET, self.uri(path, query), None);
        self.pages.api.raw(ask).await
    }

    fn question<'a>(&'a self, method: Method, uri: String, body: Option<&'a Value>) -> Ask<'a> {
        Ask {
            method,
            uri,
            body,
            key: Some(&self.key),
            extensions: self.extensions.clone(),
        }
    }

    fn uri(&self, path: &str, query: &[(&str, &str)]) -> String {
        let project = self.project_id.as_deref().map(|id| ("project_id", id));
        let given = query.iter().copied().filter(|(_, value)| !value.is_empty());
        let pairs = project.into_iter().chain(given);
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        match query.is_empty() {
            true => path.to_owned(),
            false => format!("{path}?{query}"),
        }
    }
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    let mut url = url::Url::parse("http://h/").unwrap_or_else(|_| unreachable!("a constant"));
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(text);
    }
    url.path().trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_from_the_address() {
        let place = |path| super::place(Face::of(path), path);
        let of = |base: &str, project: Option<&str>, path: &str| {
            (base.to_owned(), project.map(str::to_owned), path.to_owned())
        };
        assert_eq!(
            place("/ui/prj_1/endpoints/ep_2"),
            of("/ui/prj_1", Some("prj_1"), "/endpoints/ep_2")
        );
        assert_eq!(place("/ui/prj_1"), of("/ui/prj_1", Some("prj_1"), "/"));
        assert_eq!(place("/ui/root-keys"), of("/ui", None, "/root-keys"));
        assert_eq!(place("/ui"), of("/ui", None, "/"));
        assert_eq!(
            place("/portal/endpoints"),
            of("/portal", None, "/endpoints")
        );
        assert_eq!(Face::of("/portalx"), Face::Operator);
    }

    #[test]
    fn a_segment_cannot_leave_its_place() {
        assert_eq!(segment("user.created"), "user.created");
        assert_eq!(segment("a/../b?c#d"), "a%2F..%2Fb%3Fc%23d");
    }
}
