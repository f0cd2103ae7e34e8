//! Every page that a visitor finds by a link: the one list that the bench walks. A new page gets its
//! line here.

/// Whose page it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// In a project of the operator's, `/ui/{project}`, and in the portal.
    Both,
    /// In a project of the operator's.
    Operator,
    /// Outside of a project: the whole address.
    Server,
}

/// What stands in the addresses for things that there are.
pub(super) struct Things {
    pub(super) project: String,
    pub(super) account: String,
    pub(super) endpoint: String,
    pub(super) event: String,
    pub(super) delivery: String,
}

pub(super) const ADDRESSES: &[(Of, &str)] = &[
    (Of::Server, "/ui"),
    (Of::Server, "/ui/root-keys"),
    (Of::Server, "/ui/sessions"),
    (Of::Server, "/ui/audit"),
    (Of::Both, "/?range=1h"),
    (Of::Both, "/?range=24h"),
    (Of::Both, "/?range=7d"),
    (Of::Both, "/?range=30d"),
    (Of::Both, "/endpoints"),
    (Of::Both, "/endpoints?state=unwell"),
    (Of::Both, "/endpoints?url=receiver"),
    (Of::Both, "/endpoints/new"),
    (Of::Both, "/endpoints/{endpoint}"),
    (Of::Both, "/endpoints/{endpoint}/edit"),
    (Of::Both, "/endpoints/{endpoint}/test"),
    (Of::Both, "/endpoints/{endpoint}/filter"),
    (Of::Both, "/endpoints/{endpoint}/code"),
    (Of::Both, "/endpoints/{endpoint}/cancel"),
    (Of::Both, "/endpoints/{endpoint}/delete"),
    (Of::Both, "/deliveries"),
    (Of::Both, "/deliveries?state=failed"),
    (Of::Both, "/deliveries?state=retrying"),
    (Of::Both, "/deliveries?state=pending"),
    (Of::Both, "/deliveries?endpoint_id={endpoint}"),
    (Of::Both, "/deliveries?event_type=rare.*"),
    (Of::Both, "/deliveries?error=timeout"),
    (Of::Both, "/deliveries/{delivery}"),
    (Of::Both, "/events"),
    (Of::Both, "/events?event_type=rare.event"),
    (Of::Both, "/events/{event}"),
    (Of::Both, "/events/new"),
    (Of::Both, "/logs"),
    (Of::Both, "/search?q={delivery}"),
    (Of::Both, "/replays"),
    (Of::Both, "/replays/new"),
    (Of::Both, "/deliveries/resend?all=1&state=failed"),
    (Of::Both, "/catalogue"),
    (Of::Both, "/debugger"),
    (Of::Operator, "/accounts"),
    (Of::Operator, "/accounts/{account}"),
    (Of::Operator, "/accounts/{account}/portal-links"),
    (Of::Operator, "/keys"),
    (Of::Operator, "/keys/new"),
    (Of::Operator, "/audit"),
    (Of::Operator, "/purges"),
    (Of::Operator, "/purges/new"),
    (Of::Operator, "/settings"),
    (Of::Operator, "/settings/portal"),
];

/// Those of the operator, and those of the portal.
pub(super) fn of(things: &Things) -> (Vec<String>, Vec<String>) {
    let filled = |path: &str| {
        path.replace("{endpoint}", &things.endpoint)
            .replace("{event}", &things.event)
            .replace("{delivery}", &things.delivery)
            .replace("{account}", &things.account)
    };
    // A face's first page has no slash behind it.
    let under = |base: &str, path: &str| match filled(path).strip_prefix("/?") {
        Some(query) => format!("{base}?{query}"),
        None => format!("{base}{}", filled(path)),
    };
    let project = format!("/ui/{}", things.project);
    let operator = ADDRESSES.iter().map(|(of, path)| match of {
        Of::Server => filled(path),
        Of::Both | Of::Operator => under(&project, path),
    });
    let portal = ADDRESSES.iter().filter(|(of, _)| *of == Of::Both);
    let portal = portal.map(|(_, path)| under("/portal", path));
    (operator.collect(), portal.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_filled_in_for_each_face() {
        let things = Things {
            project: "prj_1".to_owned(),
            account: "acme".to_owned(),
            endpoint: "ep_1".to_owned(),
            event: "evt_1".to_owned(),
            delivery: "dlv_1".to_owned(),
        };
        let (operator, portal) = of(&things);
        assert!(operator.contains(&"/ui/prj_1?range=1h".to_owned()));
        assert!(operator.contains(&"/ui/prj_1/accounts/acme".to_owned()));
        assert!(portal.contains(&"/portal/deliveries?endpoint_id=ep_1".to_owned()));
        assert!(!portal.iter().any(|path| path.contains("accounts")));
        assert!(
            !operator
                .iter()
                .chain(&portal)
                .any(|path| path.contains('{'))
        );
    }
}
