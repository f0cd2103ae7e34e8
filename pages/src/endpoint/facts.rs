//! What is set on an endpoint, told in words.

use maud::{Markup, html};
use serde_json::Value;

use super::model::{Auth, Endpoint, RetryPolicy};
use crate::parts::show::{block, count};
use crate::parts::times::{length, time};
use crate::visit::{Face, Visit, segment};

pub(super) fn facts(visit: &Visit, endpoint: &Endpoint) -> Markup {
    let account = visit.to(&format!("/accounts/{}", segment(&endpoint.account_id)));
    html! {
        div.card {
            dl.facts {
                dt { "URL" } dd { code { (endpoint.url) } }
                @if let Some(text) = &endpoint.description { dt { "Description" } dd { (text) } }
                @if visit.face == Face::Operator { dt { "Account" } dd { a href=(account) { (endpoint.account_id) } } }
                dt { "Events" } dd { (words(&endpoint.events)) }
                @if !endpoint.channels.is_empty() { dt { "Channels" } dd { (words(&endpoint.channels)) } }
                dt { "Wire format" } dd { (format(endpoint)) }
                dt { "Retries" } dd { (retries(endpoint.retry_policy.as_ref())) }
                @if let Some(ms) = endpoint.timeout_ms { dt { "Time-out" } dd { (length(f64::from(ms))) } }
                dt { "Limits" } dd { (limits(endpoint)) }
                dt { "Circuit breaker" } dd { (breaker(endpoint)) }
                @if endpoint.ordered { dt { "Order" } dd { "one delivery at a time, in the order of the events" } }
                @if !endpoint.headers.is_empty() { dt { "Headers" } dd { (pairs(endpoint.headers.iter())) } }
                @if let Some(auth) = &endpoint.auth { dt { "Authorization" } dd { (authorization(auth)) } }
                @if let Some(own) = &endpoint.client_certificate {
                    dt { "Client certificate" } dd { "SHA-256 " code { (own.sha256) } }
                }
                @if endpoint.validation.is_some() { dt { "Validation" } dd { (validation(endpoint)) } }
                @if !endpoint.metadata.is_empty() { dt { "Metadata" } dd { (pairs(endpoint.metadata.iter())) } }
                dt { "Id" } dd { code { (endpoint.id) } }
                dt { "Made" } dd { (time(&endpoint.created_at)) }
                dt { "Changed" } dd { (time(&endpoint.updated_at)) }
            }
            @if let Some(filter) = &endpoint.filter {
                (block("Filter: a condition on the payload", &pretty(filter)))
            }
        }
    }
}

/// JSON with line breaks.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

fn words(all: &[String]) -> Markup {
    html! {
        @for (place, word) in all.iter().enumerate() {
            @if place > 0 { ", " }
            @if word == "*" { "all" } @else { code { (word) } }
        }
    }
}

fn pairs<'a>(all: impl Iterator<Item = (&'a String, &'a String)>) -> Markup {
    html! { ul.plain { @for (name, value) in all { li { code { (name) } ": " (value) } } } }
}

fn format(endpoint: &Endpoint) -> Markup {
    html! {
        @match &endpoint.profile { Some(name) => code { (name) }, None => "the project's" }
        @if let Some(second) = &endpoint.second_profile { ", signed for " code { (second) } " as well" }
        @if let Some(word) = &endpoint.canonical_json { ", JSON as " code { (word) } }
    }
}

fn retries(own: Option<&RetryPolicy>) -> Markup {
    html! {
        @match own {
            None => "as the wire format says",
            Some(RetryPolicy { max_attempts, backoff_multiplier, initial_delay }) => {
                (max_attempts) " attempts, the first gap " (length(*initial_delay as f64))
                ", each later one times " (backoff_multiplier)
            }
        }
    }
}

fn limits(endpoint: &Endpoint) -> Markup {
    html! {
        @match endpoint.rate_limit {
            Some(rate) => { "at most " (count(u64::from(rate))) " requests a second, " }
            None => "no rate limit, ",
        }
        (endpoint.concurrency.unwrap_or(32)) " at once"
    }
}

fn breaker(endpoint: &Endpoint) -> Markup {
    let number = |own: &Value, name: &str| own.get(name).map(ToString::to_string);
    html! {
        @match &endpoint.circuit_breaker {
            None if endpoint.health.breaker.is_some() => "the project's",
            None => "none",
            Some(Value::Bool(_)) => "never, whatever the project has",
            Some(own) => {
                "opens when a share of " (number(own, "failure_rate").unwrap_or_default())
                " of at least " (number(own, "min_attempts").unwrap_or_default())
                " attempts within " (number(own, "window_seconds").unwrap_or_default())
                " s failed, for " (number(own, "open_seconds").unwrap_or_default()) " s"
            }
        }
    }
}

fn authorization(auth: &Auth) -> Markup {
    html! {
        @match auth.kind.as_str() {
            "basic" => { "Basic, user " code { (auth.username.as_deref().unwrap_or_default()) } }
            "bearer" => "a bearer token",
            _ => {
                "OAuth 2.0 client credentials of " code { (auth.client_id.as_deref().unwrap_or_default()) }
                " at " code { (auth.token_url.as_deref().unwrap_or_default()) }
                @if let Some(scope) = &auth.scope { ", scope " code { (scope) } }
                @if let Some(audience) = &auth.audience { ", audience " code { (audience) } }
            }
        }
    }
}

fn validation(endpoint: &Endpoint) -> Markup {
    html! {
        "CloudEvents handshake"
        @if let Some(last) = &endpoint.last_validation {
            @if last.validated { ", agreed " } @else { ", not agreed " }
            (time(&last.at))
            @if let Some(rate) = last.allowed_per_minute { ", at most " (count(u64::from(rate))) " requests a minute" }
        }
    }
}
