//! Single sign-on as the server keeps it: a session for whom it lets in, a row in the audit log either
//! way, and the end of sessions whose rule is gone.

use hookwright_core::ids::random_id;
use hookwright_core::limits::{AUDIT_REASON_CHARS_MAX, SESSION_SECONDS_DEFAULT};
use hookwright_core::sign_on::{NotSignedOn, SignedOn};
use hookwright_store::{AuditRecord, Key, KeyOwner, KeyUse, NewAuditEntry, OpenedWith, StoreError};
use http::Extensions;

use crate::app::App;
use crate::audit::{self, address_of};
use crate::known_keys::who;
use crate::sessions::NewSession;

/// Where single sign-on ends, in a browser.
pub(crate) const PATH: &str = "/ui/sso/callback";
/// What the audit log says of it.
pub(crate) const SUMMARY: &str = "Signs in by single sign-on.";

impl App {
    /// Opens a session for somebody who came over this connection: its token.
    ///
    /// # Errors
    /// When the store cannot keep it.
    pub async fn sign_on(
        &self,
        person: SignedOn,
        connection: &Extensions,
    ) -> Result<String, StoreError> {
        let session = NewSession {
            owner: KeyOwner::Root,
            scopes: person.scopes,
            name: Some(person.name),
            expires_in_seconds: SESSION_SECONDS_DEFAULT,
            rate_limit: None,
            with: OpenedWith::SingleSignOn(person.rule),
        };
        let (key, token) = self.keep_session(session).await?;
        let who = who(&key);
        let record = AuditRecord {
            key_kind: Some(who.kind.as_str().to_owned()),
            key_id: Some(who.key_id),
            key_hint: Some(who.hint),
            session_id: Some(key.public_id),
            session_name: key.name,
            ..AuditRecord::default()
        };
        audit::finish(self, self.entry(record, connection), 201).await;
        Ok(token)
    }

    /// Writes down that somebody was not let in.
    pub async fn refuse_sign_on(&self, person: NotSignedOn, connection: &Extensions) {
        let reason = person.reason.chars().take(AUDIT_REASON_CHARS_MAX).collect();
        let record = AuditRecord {
            session_name: person.name,
            reason: Some(reason),
            ..AuditRecord::default()
        };
        audit::finish(self, self.entry(record, connection), person.status).await;
    }

    fn entry(&self, record: AuditRecord, connection: &Extensions) -> NewAuditEntry {
        NewAuditEntry {
            project_id: None,
            account_id: None,
            at: self.engine.now(),
            noise: self.engine.random() as u32,
            record: AuditRecord {
                method: "GET".to_owned(),
                path: PATH.to_owned(),
                remote_address: address_of(connection).map(|address| address.to_string()),
                request_id: random_id("req_", self.engine.random()),
                ..record
            },
        }
    }

    /// Whether a key is no session that single sign-on opened by a rule which is gone.
    pub(crate) fn still_admits(&self, key: &Key) -> bool {
        if key.used_for != KeyUse::Session || key.parent.is_some() {
            return true;
        }
        let rule = key.sign_on_rule.as_ref();
        rule.is_some_and(|rule| self.sign_on_rules.contains(rule))
    }
}
