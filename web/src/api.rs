//! What the API offers: each operation once, for the router and for the OpenAPI document both.
//!
//! A group's file says of each of its operations the method, the path, the handler and a [`Doc`].
//! So no route is served that the document does not name, nor the other way round.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{self, MethodRouter};
use hookwright_core::scope::Scope;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::app::App;

/// Operations with their handlers.
#[derive(Default)]
pub(crate) struct Api {
    router: Router<App>,
    operations: Vec<Operation>,
}

/// One operation, as the document tells it.
#[derive(Clone)]
pub(crate) struct Operation {
    /// In lower case.
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) doc: Doc,
}

/// A schema of a type, made when the document is.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What is said of an operation.
#[derive(Clone)]
pub(crate) struct Doc {
    /// Unique; what generated clients call it.
    pub(crate) id: &'static str,
    /// Its group.
    pub(crate) tag: &'static str,
    /// One line.
    pub(crate) summary: &'static str,
    /// More, if there is more to say.
    pub(crate) description: &'static str,
    pub(crate) access: Access,
    /// A type whose fields are the query's parameters.
    pub(crate) query: Option<SchemaOf>,
    pub(crate) body: Option<Body>,
    pub(crate) answers: Vec<Answer>,
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody.
    Public,
    /// Any valid key.
    AnyKey,
    /// A root key.
    Root,
    /// A key with this scope.
    Scope(Scope),
}

/// A request's body.
#[derive(Clone, Copy)]
pub(crate) struct Body {
    pub(crate) required: bool,
    pub(crate) media_type: &'static str,
    pub(crate) schema: Option<SchemaOf>,
}

/// An answer other than a problem.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media_type: &'static str,
    pub(crate) schema: Option<SchemaOf>,
}

const JSON: &str = "application/json";

impl Doc {
    pub(crate) fn new(id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            description: "",
            access: Access::AnyKey,
            query: None,
            body: None,
            answers: Vec::new(),
        }
    }

    pub(crate) const fn description(mut self, text: &'static str) -> Self {
        self.description = text;
        self
    }

    pub(crate) const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// A key with this scope is needed.
    pub(crate) const fn scope(self, scope: Scope) -> Self {
        self.access(Access::Scope(scope))
    }

    /// The query's parameters: the fields of `Q`.
    pub(crate) const fn query<Q: JsonSchema>(mut self) -> Self {
        self.query = Some(|generator| Q::json_schema(generator));
        self
    }

    /// A JSON body.
    pub(crate) const fn body<T: JsonSchema>(self) -> Self {
        self.any_body(true, JSON, Some(|generator| generator.subschema_for::<T>()))
    }

    /// A JSON body that may be left out.
    pub(crate) const fn optional_body<T: JsonSchema>(self) -> Self {
        self.any_body(
            false,
            JSON,
            Some(|generator| generator.subschema_for::<T>()),
        )
    }

    pub(crate) const fn any_body(
        mut self,
        required: bool,
        media_type: &'static str,
        schema: Option<SchemaOf>,
    ) -> Self {
        self.body = Some(Body {
            required,
            media_type,
            schema,
        });
        self
    }

    /// A JSON answer.
    pub(crate) fn answer<T: JsonSchema>(self, status: u16) -> Self {
        self.any_answer(
            status,
            JSON,
            Some(|generator| generator.subschema_for::<T>()),
        )
    }

    /// 204.
    pub(crate) fn no_content(self) -> Self {
        self.any_answer(204, "", None)
    }

    pub(crate) fn any_answer(
        mut self,
        status: u16,
        media_type: &'static str,
        schema: Option<SchemaOf>,
    ) -> Self {
        self.answers.push(Answer {
            status,
            media_type,
            schema,
        });
        self
    }
}

impl Api {
    fn route(
        mut self,
        (method, path): (&'static str, &'static str),
        handler: MethodRouter<App>,
        doc: Doc,
    ) -> Self {
        self.router = self.router.route(path, handler);
        self.operations.push(Operation { method, path, doc });
        self
    }

    pub(crate) fn get<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, App>,
        doc: Doc,
    ) -> Self {
        self.route(("get", path), routing::get(handler), doc)
    }

    pub(crate) fn post<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, App>,
        doc: Doc,
    ) -> Self {
        self.route(("post", path), routing::post(handler), doc)
    }

    pub(crate) fn put<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, App>,
        doc: Doc,
    ) -> Self {
        self.route(("put", path), routing::put(handler), doc)
    }

    pub(crate) fn patch<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, App>,
        doc: Doc,
    ) -> Self {
        self.route(("patch", path), routing::patch(handler), doc)
    }

    pub(crate) fn delete<T: 'static>(
        self,
        path: &'static str,
        handler: impl Handler<T, App>,
        doc: Doc,
    ) -> Self {
        self.route(("delete", path), routing::delete(handler), doc)
    }

    /// The operations of another group as well.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.operations.extend(other.operations);
        self
    }

    pub(crate) fn into_parts(self) -> (Router<App>, Vec<Operation>) {
        (self.router, self.operations)
    }
}
